import { z } from "zod";
import type { Steps } from "../domain/steps.ts";
import { fieldOf, isObject } from "../kinds.ts";
import { type JsonSchema, jsonSchema, keysAt } from "./jsonschema.ts";
import type { Complaint } from "./problem.ts";
import { complaintsOf, speakPlainly } from "./wording.ts";

type Validation<T> =
  | { readonly kind: "valid"; readonly value: T }
  | { readonly kind: "complaints"; readonly complaints: readonly Complaint[] };

/** Sections that can be long, also those of each of several apps: their schema is asked about so many entries at a time. */
const LONG = ["agents", "owners", "routes", "rules"] as const;
const AT_ONCE = 50;

type Issue = z.core.$ZodIssue;
type Whole<T> = z.ZodType<T> & { readonly shape: Readonly<Record<string, z.ZodType>> };

/** Holds what a file says against the schema; all that is wrong at once. */
export function* validate<T extends object>(value: unknown, schema: Whole<T>): Steps<Validation<T>> {
  speakPlainly();
  const issues: Issue[] = [];
  const long = yield* longIn(value, [], schema.shape, issues);
  const apps: Apart = new Map();
  const ofApp = entriesOf(schema.shape.apps);
  for (const [name, app] of Object.entries(isObject(value) && isObject(value.apps) ? value.apps : {}))
    if (ofApp !== null) apps.set(name, yield* longIn(app, ["apps", name], ofApp.shape, issues));
  const read = schema.safeParse(apart(value, long, apps));
  if (read.success && issues.length === 0) return { kind: "valid", value: together(read.data, long, apps) };
  const known = schemaOnce(schema);
  const complaints = complaintsOf([...(read.error?.issues ?? []), ...issues], {
    keysAt: (path) => keysAt(known(), path),
    valueAt: (path) => valueAt(value, path),
  });
  return { kind: "complaints", complaints };
}

/** The sections that were read by themselves, by the app. */
type Apart = Map<string, Readonly<Record<string, unknown>>>;

/** Reads the long sections of a file, or of one of its apps. */
function* longIn(
  value: unknown,
  at: readonly string[],
  shape: Whole<unknown>["shape"],
  issues: Issue[],
): Steps<Readonly<Record<string, unknown>>> {
  const long: Record<string, unknown> = {};
  for (const key of LONG) {
    const section = fieldOf(value, key);
    const ofSection = shape[key];
    if (ofSection !== undefined && isLong(section))
      long[key] = yield* inPieces([...at, key], section, ofSection, issues);
  }
  return long;
}

/** The schema of the entries of a record of objects. */
function entriesOf(schema: z.ZodType | undefined): Whole<unknown> | null {
  const record = schema instanceof z.ZodOptional ? schema.unwrap() : schema;
  const entry = record instanceof z.ZodRecord ? record.valueType : null;
  return entry instanceof z.ZodObject ? (entry as Whole<unknown>) : null;
}

function apart(value: unknown, long: object, apps: Apart): unknown {
  const rest = Object.keys(long).length === 0 ? value : without(value, long);
  if (!isObject(rest) || !isObject(rest.apps)) return rest;
  const each = Object.entries(rest.apps).map(([name, app]) => {
    const own = apps.get(name) ?? {};
    return [name, Object.keys(own).length === 0 ? app : without(app, own)] as const;
  });
  return { ...rest, apps: Object.fromEntries(each) };
}

function together<T extends object>(read: T, long: object, apps: Apart): T {
  const whole = { ...read, ...long };
  if (!("apps" in whole) || !isObject(whole.apps)) return whole;
  const each = Object.entries(whole.apps).map(([name, app]) => [
    name,
    { ...(app as object), ...apps.get(name) },
  ]);
  return { ...whole, apps: Object.fromEntries(each) };
}

/** Reads a section piece by piece; what is wrong is added to `issues`, at its place in the file. */
function* inPieces(
  key: readonly string[],
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
      issues.push({ ...issue, path: [...key, ...place] } as Issue);
    }
    yield;
  }
  return list ? good.flat() : Object.assign({}, ...good);
}

function isLong(section: unknown): section is readonly unknown[] | Record<string, unknown> {
  if (typeof section !== "object" || section === null) return false;
  return (Array.isArray(section) ? section : Object.keys(section)).length > AT_ONCE;
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
