import type { z } from "zod";
import type { Steps } from "../domain/steps.ts";
import type { Parts } from "./compile.ts";
import { entrySchemas, type Kinds } from "./schema.ts";

/** The entries of a wrong file that are right by themselves, so that what is wrong between them is said as well. */
export function* salvage(value: unknown, kinds: Kinds): Steps<Parts> {
  const schemas = entrySchemas(kinds);
  const part = (key: string): unknown => (isObject(value) ? value[key] : undefined);
  const owners = part("owners");
  const named: [string, Parts["owners"][string]][] = [];
  for (const [name, entry] of Object.entries(isObject(owners) ? owners : {})) {
    named.push([name, right(entry, schemas.owner)]);
    yield;
  }
  return {
    impersonation: "on",
    agents: yield* listOf(part("agents"), schemas.agent),
    routes: yield* listOf(part("routes"), schemas.route),
    rules: yield* listOf(part("rules"), schemas.rule),
    owners: Object.fromEntries(named),
  };
}

function* listOf<T>(value: unknown, schema: z.ZodType<T>): Steps<readonly (T | null)[]> {
  const list: (T | null)[] = [];
  for (const entry of Array.isArray(value) ? value : []) {
    list.push(right(entry, schema));
    yield;
  }
  return list;
}

function right<T>(value: unknown, schema: z.ZodType<T>): T | null {
  const read = schema.safeParse(value);
  return read.success ? read.data : null;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
