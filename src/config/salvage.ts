import type { z } from "zod";
import type { Steps } from "../domain/steps.ts";
import { fieldOf, isObject } from "../kinds.ts";
import type { AppTables, Parts } from "./compile.ts";
import { entrySchemas, type Kinds } from "./schema.ts";

/** The place of an app whose `hosts` or `paths` are wrong: it is compared with no other app. */
const NOWHERE = { hosts: [], paths: [] };

/** The valid entries of an invalid file, so that problems between them are reported too. */
export function* salvage(value: unknown, kinds: Kinds): Steps<Parts> {
  const schemas = entrySchemas(kinds);
  const owners = fieldOf(value, "owners");
  const named: [string, Parts["owners"][string]][] = [];
  for (const [name, entry] of Object.entries(isObject(owners) ? owners : {})) {
    named.push([name, right(entry, schemas.owner)]);
    yield;
  }
  const apps = fieldOf(value, "apps");
  const several = isObject(apps)
    ? Object.entries(apps).map(([name, app]) => [["apps", name], app] as const)
    : [[[], value] as const];
  const tables: AppTables[] = [];
  for (const [at, app] of several)
    tables.push({
      at,
      ...(right(isObject(app) && at.length > 0 ? app : {}, schemas.place) ?? NOWHERE),
      routes: yield* listOf(fieldOf(app, "routes"), schemas.route),
      rules: yield* listOf(fieldOf(app, "rules"), schemas.rule),
    });
  return {
    impersonation: "on",
    agents: yield* listOf(fieldOf(value, "agents"), schemas.agent),
    apps: tables,
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
