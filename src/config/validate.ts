import type { z } from "zod";
import type { Steps } from "../domain/steps.ts";
import { type JsonSchema, jsonSchema, keysAt } from "./jsonschema.ts";
import type { Complaint } from "./problem.ts";
import { complaintsOf, speakPlainly } from "./wording.ts";

export type Validation<T> =
  | { readonly kind: "valid"; readonly value: T }
  | { readonly kind: "complaints"; readonly complaints: readonly Complaint[] };

/** Sections that can be long: their schema is asked about so many entries at a time. */
const LONG = ["agents", "owners", "routes", "rules"] as const;
const AT_ONCE = 50;

type Issue = z.core.$ZodIssue;
type Whole<T> = z.ZodType<T> & { readonly shape: Readonly<Record<string, z.ZodType>> };

/** Holds what a file says against the schema; all that is wrong at once. */
export function* validate<T extends object>(value: unknown, schema: Whole<T>): Steps<Validation<T>> {
  speakPlainly();
  const issues: Issue[] = [];
  const long: Record<string, unknown> = {};
  for (const key of LONG) {
    const section = isObject(value) ? value[key] : undefined;
    const ofSection = schema.shape[key];
    if (ofSection !== undefined && isLong(section))
      long[key] = yield* inPieces(key, section, ofSection, issues);
  }
  const rest = Object.keys(long).length === 0 ? value : without(value, long);
  const read = schema.safeParse(rest);
  if (read.success && issues.length === 0) return { kind: "valid", value: { ...read.data, ...long } };
  const known = schemaOnce(schema);
  const complaints = complaintsOf([...(read.error?.issues ?? []), ...issues], {
    keysAt: (path) => keysAt(known(), path),
    valueAt: (path) => valueAt(value, path),
  });
  return { kind: "complaints", complaints };
}

/** Reads a section piece by piece; what is wrong is added to `issues`, at its place in the file. */
function* inPieces(
  key: string,
  section: readonly unknown[] | Readonly<Record<string, unknown>>,
  schema: z.ZodType,
  issues: Issue[],
): Steps<unknown> {
  const list = Array.isArray(section);
  const entries = list ? section.map((entry, i): [number, unknown] => [i, entry]) : Object.entries(section);
  const good: unknown[] = [];
  for (let from = 0; from < entries.length; from += AT_ONCE) {
    const piece = entries.slice(from, from + AT_ONCE);
    const read = schema.safeParse(list ? piece.map(([, entry]) => entry) : Object.fromEntries(piece));
    if (read.success) good.push(read.data);
    for (const { path, ...issue } of read.error?.issues ?? []) {
      const [at, ...below] = path;
      const place = typeof at === "number" ? [at + from, ...below] : path;
      issues.push({ ...issue, path: [key, ...place] } as Issue);
    }
    yield;
  }
  return list ? good.flat() : Object.assign({}, ...good);
}

function isLong(section: unknown): section is readonly unknown[] | Record<string, unknown> {
  if (typeof section !== "object" || section === null) return false;
  return (Array.isArray(section) ? section : Object.keys(section)).length > AT_ONCE;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function without(value: unknown, keys: object): object {
  return Object.fromEntries(Object.entries(value ?? {}).filter(([key]) => !Object.hasOwn(keys, key)));
}

/** Only needed once a key is unknown. */
function schemaOnce(schema: z.ZodType): () => JsonSchema {
  let made: JsonSchema | null = null;
  return () => {
    made ??= jsonSchema(schema);
    return made;
  };
}

function valueAt(root: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((value, step) => {
    if (typeof value !== "object" || value === null) return undefined;
    return Object.hasOwn(value, step) ? Reflect.get(value, step) : undefined;
  }, root);
}
