import type { Complaint } from "../../config/problem.ts";
import type { Config } from "../../config/schema.ts";
import type { Snapshot } from "../../config/snapshot.ts";
import { meets } from "../test/run.ts";

type Route = Config["routes"][number];

/** Examples of routes that meet another one, or whose params are never looked up, as the server reads them. */
export async function examplesAstray(
  routes: readonly Route[],
  snapshot: Snapshot,
): Promise<readonly Complaint[]> {
  const found: Complaint[] = [];
  for (const [i, { examples }] of routes.entries()) {
    for (const [n, address] of examples.entries()) {
      const message = await astray(address, `routes[${i}]`, snapshot);
      if (message !== null) found.push({ path: ["routes", i, "examples", n], message });
    }
  }
  return found;
}

async function astray(address: string, name: string, snapshot: Snapshot): Promise<string | null> {
  const met = await meets(snapshot, address);
  if (met === null) return "can be read in more than one way, so no route is asked about it";
  if (met.route === null) return "meets no route";
  const { target, params } = met.route;
  if (target.name !== name) return `meets ${target.name} and not this route`;
  const refused = target.params.find(
    (param) => params[param] !== undefined && target.grammar.read(params[param]) === null,
  );
  return refused === undefined
    ? null
    : `\`${refused}\` is \`${params[refused]}\`, which the route's \`ids\` don't take: it is never looked up`;
}

/** Keys of tables that no route ever looks up, since its `ids` don't take them. */
export function keysNeverAsked(config: Config, value: unknown): readonly Complaint[] {
  const targets = config.routes.map(({ owner, ids: grammar }, i) => ({
    name: `routes[${i}]`,
    owner: owner?.kind === "named" ? owner.name : `routes[${i}].owner`,
    grammar,
  }));
  return tablesIn(config, value).flatMap(({ owner, path, table, by }) => {
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
function tablesIn({ routes }: Config, value: unknown): readonly Table[] {
  const named = Object.entries(fieldOf(value, "owners") ?? {}).map(([name, entry]) =>
    tableOf(name, ["owners", name], entry),
  );
  const written = fieldOf(value, "routes");
  const inline = routes.map((_, i) => {
    const entry = fieldOf(Array.isArray(written) ? written[i] : null, "owner");
    return tableOf(`routes[${i}].owner`, ["routes", i, "owner"], entry);
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
