import type { z } from "zod";
import type { Parts } from "./compile.ts";
import { entrySchemas, type Kinds } from "./schema.ts";

/** The entries of a wrong file that are right by themselves, so that what is wrong between them is said as well. */
export function salvage(value: unknown, kinds: Kinds): Parts {
  const schemas = entrySchemas(kinds);
  const part = (key: string): unknown => (isObject(value) ? value[key] : undefined);
  const owners = part("owners");
  return {
    impersonation: "on",
    agents: listOf(part("agents"), schemas.agent),
    routes: listOf(part("routes"), schemas.route),
    rules: listOf(part("rules"), schemas.rule),
    owners: Object.fromEntries(
      Object.entries(isObject(owners) ? owners : {}).map(([name, entry]) => [
        name,
        right(entry, schemas.owner),
      ]),
    ),
  };
}

function listOf<T>(value: unknown, schema: z.ZodType<T>): readonly (T | null)[] {
  return Array.isArray(value) ? value.map((entry) => right(entry, schema)) : [];
}

function right<T>(value: unknown, schema: z.ZodType<T>): T | null {
  const read = schema.safeParse(value);
  return read.success ? read.data : null;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
