import type { Place } from "../domain/policy.ts";
import type { Steps } from "../domain/steps.ts";
import { Fault } from "../errors.ts";
import { openIdProvider } from "../identity/provider/provider.ts";
import { firstOf } from "../identity/registry.ts";
import type { KnownResolver } from "../owners/registry.ts";
import type { IdentitySource } from "../ports.ts";
import { endBySteps } from "../signin/session-end.ts";
import type { AppSignIn, SessionEnd } from "../signin/sign-in.ts";
import { type AppPart, type AppPlace, appsOf, joined, placesOf, sharedAudiences, tablesOf } from "./apps.ts";
import { type GrantParts, policyOf } from "./grants.ts";
import { overlapping } from "./own-hosts.ts";
import type { Complaint } from "./problem.ts";
import type { Config, RoomDeps } from "./schema.ts";
import { NOBODY } from "./sections/routes.ts";
import { type EvidenceNames, settingsOf } from "./settings.ts";
import type { Apps, AppsProvider, Settings, Snapshot } from "./snapshot.ts";
import { type Lookup, type RouteTable, routesOf, rulesOf, type TableParts, unmetNeeds } from "./tables.ts";

/** What compiling needs besides the config itself. */
interface CompileOptions {
  readonly digest: string;
  readonly evidence: EvidenceNames;
  readonly deps: RoomDeps;
}

type Compilation =
  | { readonly kind: "compiled"; readonly snapshot: Snapshot }
  | { readonly kind: "complaints"; readonly complaints: readonly Complaint[] };

/** The parts of a config that are put together. null stands for an entry that is wrong already. */
export interface Parts extends GrantParts, Pick<TableParts, "owners"> {
  readonly apps: readonly AppTables[];
}

/** What an app is told by, and its tables. */
export interface AppTables extends AppPlace, Pick<TableParts, "routes" | "rules" | "reads" | "signIn"> {}

/** A checked config as a snapshot, or all that only shows when it is put together. Asks nobody anything. */
export function* compile(config: Config, options: CompileOptions): Steps<Compilation> {
  const { digest, deps } = options;
  const found: Complaint[] = [];
  const apps = appsOf(config);
  found.push(...sharedAudiences(apps));
  const signIns = apps.map(({ at, signIn }) =>
    signIn === undefined ? null : attempt(found, [...at, "signIn"], () => signIn.create(deps)),
  );
  const { policy, tables, finder, owners } = yield* assemble(partsOf(config, apps, signIns), deps, found);
  found.push(...overlapping(config, apps), ...unaddressed(config), ...helpless(config));
  const settings = apps.map((app) =>
    attempt(found, [...app.at, "upstream", "ca"], () =>
      settingsOf(config, app, options.evidence, deps.secret),
    ),
  );
  const sources = config.identity.map((entry, i) =>
    attempt(found, ["identity", i], () => entry.create(deps)),
  );
  const { users: entry } = config;
  const users = entry === undefined ? null : attempt(found, ["users"], () => entry.create(deps));
  const identity = firstOf(sources.filter((source) => source !== null));
  found.push(...signInComplaints(config, identity));
  const provider = providerOf(config, deps, found);
  const everybodys = { digest, policy, identity, provider, owners, users };
  const [first, ...more] = tables.flatMap((own, i) => {
    const [app, its = null, signIn = null] = [apps[i], settings[i], signIns[i]];
    if (app === undefined || its === null) return [];
    return [{ ...everybodys, ...own, settings: { ...withNeighbours(its, app, apps, settings), signIn } }];
  });
  if (found.length > 0 || first === undefined) return { kind: "complaints", complaints: found };
  const snapshot = config.apps === undefined ? { ...first, apps: null } : joined(finder, [first, ...more]);
  return { kind: "compiled", snapshot };
}

function providerOf(
  { provider: options, prefix }: Config,
  deps: RoomDeps,
  found: Complaint[],
): AppsProvider | null {
  if (options === undefined) return null;
  return attempt(found, ["provider"], () => ({
    ...openIdProvider(options, prefix, deps),
    ends: new Map(options.clients.map(({ id, end }) => [id, endOf(end, options.signOut)])),
  }));
}

/** `timeout` is for one answer, so there is that much for each. */
function endOf(
  steps: NonNullable<Config["provider"]>["clients"][number]["end"],
  { timeout, answerSize, within }: NonNullable<Config["provider"]>["signOut"],
): SessionEnd {
  const whole = timeout * Math.max(1, steps.length);
  return endBySteps(steps, { timeout, answerSize, within: whole, endWithin: within });
}

/** What entries ask of the identity sources that none of them can do. */
function signInComplaints(
  { identity, agents }: Config,
  { stepsUp = false }: IdentitySource,
): readonly Complaint[] {
  const more = identity.flatMap(({ kind }, i) => (kind === "oidc" ? [["identity", i]] : [])).slice(1);
  const found: Complaint[] = more.map((path) => ({
    path,
    message: "is the second `oidc`; agents sign in with one provider, so remove one of them",
  }));
  for (const [i, { elevate, start }] of agents.entries())
    for (const [key, asked] of [
      ["elevate", elevate?.stepUp],
      ["start", start.stepUp],
    ] as const)
      if (asked === true && !stepsUp)
        found.push({
          path: ["agents", i, key, "stepUp"],
          message:
            "asks for what no identity source can say; write `stepUp` into one of them, or remove this",
        });
  return found;
}

/** What asks for help by mail needs the server, and what puts a button into pages somewhere to send it. */
function helpless({ help, mail, routes }: Config): readonly Complaint[] {
  if (help === null) {
    const first = routes.findIndex((it) => it.help);
    const message = "has nowhere to send it to; write `help`, or remove this";
    return first === -1 ? [] : [{ path: ["routes", first, "help"], message }];
  }
  if (help.mail === undefined || mail !== null) return [];
  return [{ path: ["help", "mail"], message: "needs a server; write `mail`" }];
}

/** A link in a mail needs an address that browsers know. */
function unaddressed({ mail, publicUrl, console }: Config): readonly Complaint[] {
  if (mail === null || publicUrl !== null || console !== null) return [];
  return [{ path: ["mail"], message: "a link in a mail needs an address; write `publicUrl` or `console`" }];
}

function partsOf(config: Config, apps: readonly AppPart[], signIns: readonly (AppSignIn | null)[]): Parts {
  const { agents, impersonation, owners } = config;
  const tables = apps.map((app, i) => {
    const { at, hosts, paths } = app;
    return { at, hosts, paths, ...tablesOf(config, app), signIn: signIns[i] ?? null };
  });
  return { agents, impersonation, owners, apps: tables };
}

/** A browser has one store of cookies for a host, so what scripts of one app there may set, scripts of the others may too. */
function withNeighbours(
  its: Omit<Settings, "signIn">,
  { hosts }: AppPart,
  apps: readonly AppPart[],
  settings: readonly (Omit<Settings, "signIn"> | null)[],
): Omit<Settings, "signIn"> {
  const beside = settings.filter((_, i) => mayShareHosts(hosts, apps[i]?.hosts ?? null));
  const names = beside.flatMap((it) => it?.page.scriptCookies ?? []);
  return {
    ...its,
    page: { ...its.page, scriptCookies: [...new Set([...its.page.scriptCookies, ...names])] },
  };
}

function mayShareHosts(some: readonly string[] | null, others: readonly string[] | null): boolean {
  if (some === null || others === null) return true;
  return [...some, ...others].some((it) => /[:*{]/.test(it)) || some.some((it) => others.includes(it));
}

/** What is wrong between the entries of a config that are right by themselves. */
export function* complaintsAmong(parts: Parts, deps: RoomDeps): Steps<readonly Complaint[]> {
  const found: Complaint[] = [];
  yield* assemble(parts, deps, found);
  return found;
}

interface Assembly extends Pick<Snapshot, "policy"> {
  /** Of each app, in their order. */
  readonly tables: readonly Pick<Snapshot, "routes" | "rules">[];
  readonly finder: Apps["finder"];
  readonly owners: ReadonlyMap<string, KnownResolver>;
}

function* assemble(parts: Parts, deps: RoomDeps, found: Complaint[]): Steps<Assembly> {
  const { finder, complaints: places } = placesOf(parts.apps);
  const names = parts.apps.flatMap(({ at }) => at.slice(1));
  const nameAt = ({ host, path }: Place) => names[finder.match(host, path)?.target ?? -1] ?? null;
  const { policy, complaints } = policyOf(parts, { names, nameAt });
  const tables: Assembly["tables"][number][] = [];
  const made: RouteTable[] = [];
  const lookups = new Map<string, Lookup>();
  found.push(...complaints, ...places);
  for (const { at, routes, rules, reads, signIn } of parts.apps) {
    const table = yield* routesOf({ owners: parts.owners, routes }, at);
    const { rules: index, complaints: among } = rulesOf({ rules, reads, signIn }, at);
    yield;
    found.push(...table.complaints, ...among);
    for (const [name, lookup] of table.lookups) lookups.set(name, lookup);
    made.push(table);
    tables.push({ routes: table.routes, rules: index });
  }
  const owners = yield* ownersOf(lookups, deps, found);
  for (const [i, { at }] of parts.apps.entries()) found.push(...unmetOf(made[i], owners, at));
  return { policy, tables, finder, owners };
}

/** What routes lack that are right by themselves. */
function unmetOf(
  table: RouteTable | undefined,
  owners: ReadonlyMap<string, KnownResolver>,
  at: readonly string[],
): readonly Complaint[] {
  if (table === undefined) return [];
  const indexIn = (path: readonly PropertyKey[]) =>
    path[at.length] === "routes" ? path[at.length + 1] : null;
  const broken = new Set(table.complaints.map(({ path }) => indexIn(path)));
  return unmetNeeds(table.targets, owners, at).filter(({ path }) => !broken.has(indexIn(path) ?? null));
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
    found.push({ path, message: error.complaint });
    return null;
  }
}
