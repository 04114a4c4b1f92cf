import { Fault } from "../errors.ts";
import { firstOf } from "../identity/registry.ts";
import type { Entry } from "../kinds.ts";
import type { OwnerResolver } from "../ports.ts";
import { policyOf } from "./grants.ts";
import type { Complaint } from "./problem.ts";
import type { Config, RoomDeps } from "./schema.ts";
import { NOBODY } from "./sections/routes.ts";
import { settingsOf } from "./settings.ts";
import type { Snapshot } from "./snapshot.ts";
import { type Lookup, routesOf, rulesOf } from "./tables.ts";

/** What compiling needs besides the config itself. */
export interface CompileOptions {
  readonly digest: string;
  /** Lower-case names of the headers that identity sources read. */
  readonly identityHeaders: readonly string[];
  readonly deps: RoomDeps;
}

export type Compilation =
  | { readonly kind: "compiled"; readonly snapshot: Snapshot }
  | { readonly kind: "complaints"; readonly complaints: readonly Complaint[] };

/** A checked config as a world to live in, or all that only shows when it is put together. Asks nobody anything. */
export function compile(config: Config, options: CompileOptions): Compilation {
  const { digest, deps } = options;
  const { policy, complaints } = policyOf(config);
  const table = routesOf(config);
  const { rules, complaints: ruleComplaints } = rulesOf(config);
  const found: Complaint[] = [...complaints, ...table.complaints, ...ruleComplaints];
  const settings = attempt(found, ["upstream", "ca"], () =>
    settingsOf(config, options.identityHeaders, deps.secret),
  );
  const sources = config.identity.map((entry, i) =>
    attempt(found, ["identity", i], () => entry.create(deps)),
  );
  const owners = ownersOf(table.lookups, deps, found);
  const users = config.users;
  const people = users === undefined ? null : attempt(found, ["users"], () => users.create(deps));
  if (found.length > 0 || settings === null) return { kind: "complaints", complaints: found };
  const identity = firstOf(sources.filter((source) => source !== null));
  const { routes } = table;
  return {
    kind: "compiled",
    snapshot: { digest, settings, policy, routes, rules, identity, owners, users: people },
  };
}

function ownersOf(
  lookups: ReadonlyMap<string, Lookup>,
  deps: RoomDeps,
  found: Complaint[],
): ReadonlyMap<string, OwnerResolver> {
  const owners = new Map<string, OwnerResolver>([[NOBODY, { resolve: async () => null }]]);
  for (const [name, { entry, path }] of lookups) {
    const made = attempt(found, path, () => make(entry, deps));
    if (made !== null) owners.set(name, made);
  }
  return owners;
}

function make<Made>(entry: Entry<RoomDeps, Made>, deps: RoomDeps): Made {
  return entry.create(deps);
}

/** What a kind can't be made of (a secret that isn't there, a key that can't be read) is a problem of the config. */
function attempt<T>(found: Complaint[], path: readonly PropertyKey[], create: () => T): T | null {
  try {
    return create();
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    found.push({ path, message: `${error.detail}; ${error.hint}` });
    return null;
  }
}
