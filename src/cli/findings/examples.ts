import type { CompiledApp } from "../../config/apps.ts";
import { type Complaint, writePath } from "../../config/problem.ts";
import type { Snapshot } from "../../config/snapshot.ts";
import { meets } from "../test/run.ts";

/** Examples of routes that meet another one, or whose params are never looked up, as the server reads them. */
export async function examplesAstray(
  apps: readonly CompiledApp[],
  snapshot: Snapshot,
): Promise<readonly Complaint[]> {
  const found: Complaint[] = [];
  for (const { at, routes, origin } of apps) {
    for (const [i, { examples }] of routes.entries()) {
      const name = writePath([...at, "routes", i]);
      for (const [n, address] of examples.entries()) {
        const message = await astray(address, name, snapshot, origin);
        if (message !== null) found.push({ path: [...at, "routes", i, "examples", n], message });
      }
    }
  }
  return found;
}

async function astray(
  address: string,
  name: string,
  snapshot: Snapshot,
  origin: string,
): Promise<string | null> {
  const met = await meets(snapshot, address, origin);
  if (met === "no-app") return "is an address of no app";
  if (met === null) return "can be read in more than one way, so no route is asked about it";
  if (met.match.route === null) return "meets no route";
  const { target, params } = met.match.route;
  if (target.name !== name) return `meets ${target.name} and not this route`;
  const refused = target.params.find(
    (param) => params[param] !== undefined && target.grammar.read(params[param]) === null,
  );
  return refused === undefined
    ? null
    : `\`${refused}\` is \`${params[refused]}\`, which the route's \`ids\` don't take: it is never looked up`;
}

/** Keys of tables that no route ever looks up, since its `ids` don't take them. */
export function keysNeverAsked(apps: readonly CompiledApp[], value: unknown): readonly Complaint[] {
  const targets = apps.flatMap(({ at, routes }) =>
    routes.map(({ owner, ids: grammar }, i) => {
      const name = writePath([...at, "routes", i]);
      return { name, owner: owner?.kind === "named" ? owner.name : `${name}.owner`, grammar };
    }),
  );
  return tablesIn(apps, value).flatMap(({ owner, path, table, by }) => {
    const asking = targets.filter((target) => target.owner === owner);
    if (asking.length === 0) return [];
    return Object.keys(table).flatMap((key) => {
      const parts = by > 1 ? key.split("/") : [key];
      const taken = asking.some(({ grammar }) => parts.every((part) => grammar.read(part) === part));
      if (taken && parts.length === by) return [];
      const names = asking.map(({ name }) => name).join(", ");
      const message =
        parts.length === by
          ? `is never looked up: the \`ids\` of ${names} don't take it, or in another spelling`
          : `is never looked up: \`by\` names ${by} params, so a key is ${by} values with slashes between`;
      return [{ path: [...path, "map", key], key: true, message }];
    });
  });
}

interface Table {
  readonly owner: string;
  readonly path: readonly PropertyKey[];
  readonly table: object;
  /** How many params a key is made of. */
  readonly by: number;
}

/** The tables of `owners` and those that stand in a route. */
function tablesIn(apps: readonly CompiledApp[], value: unknown): readonly Table[] {
  const named = Object.entries(fieldOf(value, "owners") ?? {}).map(([name, entry]) =>
    tableOf(name, ["owners", name], entry),
  );
  const inline = apps.flatMap(({ at, routes }) => {
    const written = fieldOf(at.reduce<unknown>(fieldOf, value), "routes");
    return routes.map((_, i) => {
      const entry = fieldOf(Array.isArray(written) ? written[i] : null, "owner");
      const path = [...at, "routes", i, "owner"];
      return tableOf(writePath(path), path, entry);
    });
  });
  return [...named, ...inline].filter((it) => it !== null);
}

function tableOf(owner: string, path: readonly PropertyKey[], entry: unknown): Table | null {
  const table = fieldOf(entry, "map");
  if (table === null) return null;
  const by = fieldOf(entry, "by");
  return { owner, path, table, by: Array.isArray(by) ? by.length : 1 };
}

function fieldOf(value: unknown, key: string): object | null {
  if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return null;
  const field: unknown = Reflect.get(value, key);
  return typeof field === "object" ? field : null;
}
