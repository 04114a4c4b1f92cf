import type { Steps } from "../domain/steps.ts";
import { Fault } from "../errors.ts";
import { firstOf } from "../identity/registry.ts";
import type { KnownResolver } from "../owners/registry.ts";
import { type GrantParts, policyOf } from "./grants.ts";
import { overlapping } from "./own-hosts.ts";
import type { Complaint } from "./problem.ts";
import type { Config, RoomDeps } from "./schema.ts";
import { NOBODY } from "./sections/routes.ts";
import { type EvidenceNames, settingsOf } from "./settings.ts";
import type { Snapshot } from "./snapshot.ts";
import { type Lookup, type RouteTable, routesOf, rulesOf, type TableParts, unmetNeeds } from "./tables.ts";

/** What compiling needs besides the config itself. */
export interface CompileOptions {
  readonly digest: string;
  readonly evidence: EvidenceNames;
  readonly deps: RoomDeps;
}

export type Compilation =
  | { readonly kind: "compiled"; readonly snapshot: Snapshot }
  | { readonly kind: "complaints"; readonly complaints: readonly Complaint[] };

/** The parts of a config that are put together. null stands for an entry that is wrong already. */
export interface Parts extends GrantParts, TableParts {}

/** A checked config as a world to live in, or all that only shows when it is put together. Asks nobody anything. */
export function* compile(config: Config, options: CompileOptions): Steps<Compilation> {
  const { digest, deps } = options;
  const found: Complaint[] = [];
  const { table, owners, ...rest } = yield* assemble(config, deps, found);
  found.push(...overlapping(config));
  const settings = attempt(found, ["upstream", "ca"], () =>
    settingsOf(config, options.evidence, deps.secret),
  );
  const sources = config.identity.map((entry, i) =>
    attempt(found, ["identity", i], () => entry.create(deps)),
  );
  const { users: entry } = config;
  const users = entry === undefined ? null : attempt(found, ["users"], () => entry.create(deps));
  if (found.length > 0 || settings === null) return { kind: "complaints", complaints: found };
  if (settings.upstream.insecureSkipVerify)
    deps.log.warn(
      { upstream: settings.upstream.origin },
      "upstream: insecureSkipVerify believes any certificate: whoever stands between reads and writes everything",
    );
  const identity = firstOf(sources.filter((source) => source !== null));
  const { routes } = table;
  return { kind: "compiled", snapshot: { digest, settings, ...rest, routes, identity, owners, users } };
}

/** What is wrong between the entries of a config that are right by themselves. */
export function* complaintsAmong(parts: Parts, deps: RoomDeps): Steps<readonly Complaint[]> {
  const found: Complaint[] = [];
  yield* assemble(parts, deps, found);
  return found;
}

interface Assembly extends Pick<Snapshot, "policy" | "rules"> {
  readonly table: RouteTable;
  readonly owners: ReadonlyMap<string, KnownResolver>;
}

function* assemble(parts: Parts, deps: RoomDeps, found: Complaint[]): Steps<Assembly> {
  const { policy, complaints } = policyOf(parts);
  const table = yield* routesOf(parts);
  const { rules, complaints: among } = rulesOf(parts);
  yield;
  const owners = yield* ownersOf(table.lookups, deps, found);
  const broken = new Set(table.complaints.map(({ path }) => (path[0] === "routes" ? path[1] : null)));
  const unmet = unmetNeeds(table.targets, owners).filter(({ path }) => !broken.has(path[1]));
  found.push(...complaints, ...table.complaints, ...among, ...unmet);
  return { policy, rules, table, owners };
}

function* ownersOf(
  lookups: ReadonlyMap<string, Lookup>,
  deps: RoomDeps,
  found: Complaint[],
): Steps<ReadonlyMap<string, KnownResolver>> {
  const owners = new Map<string, KnownResolver>([[NOBODY, { needs: [], resolve: async () => null }]]);
  for (const [name, { entry, path }] of lookups) {
    const made = entry === null ? null : attempt(found, path, () => entry.create(deps));
    if (made !== null) owners.set(name, made);
    yield;
  }
  return owners;
}

/** What a kind can't be made of (a secret that isn't there, a key that can't be read) is a problem of the config. */
function attempt<T>(found: Complaint[], path: readonly PropertyKey[], create: () => T): T | null {
  try {
    return create();
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    const { detail, hint } = error;
    found.push({ path, message: `${detail}; ${hint.slice(0, 1).toLowerCase()}${hint.slice(1)}` });
    return null;
  }
}
