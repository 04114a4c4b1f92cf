import { compileRoutes, type RouteSpec } from "../domain/routing/route.ts";
import { compileRules } from "../domain/routing/rule.ts";
import { sampleHosts } from "../domain/routing/samples.ts";
import { fieldOf, isObject } from "../kinds.ts";
import type { Log } from "../ports.ts";
import type { Complaint } from "./problem.ts";
import type { Config } from "./schema.ts";
import type { Apps, RouteTarget, Settings, Snapshot } from "./snapshot.ts";

/** One app of a file; `name` is null where the file has `upstream` at its top. */
export interface AppPart
  extends Pick<
    NonNullable<Config["apps"]>[string],
    "hosts" | "paths" | "upstream" | "publicUrl" | "audience" | "signIn"
  > {
  readonly name: string | null;
  /** Where it stands in the file: `["apps", "wiki"]`, or nothing. */
  readonly at: readonly string[];
  readonly page: Config["page"];
}

/** The apps of a file: those of `apps`, or the one of `upstream`. */
export function appsOf({ apps, upstream, publicUrl, page, token, signIn }: Config): readonly AppPart[] {
  if (apps !== undefined)
    return Object.entries(apps).map(([name, it]) => ({
      ...it,
      name,
      at: ["apps", name],
      page: it.page ?? page,
    }));
  if (upstream === undefined) return [];
  const { audience } = token;
  return [{ name: null, at: [], hosts: null, paths: null, upstream, publicUrl, audience, page, signIn }];
}

/** The tables of an app, as the file has them. */
export function tablesOf(
  { apps, routes, rules, reads }: Config,
  { name }: AppPart,
): Pick<Config, "routes" | "rules" | "reads"> {
  const own = name === null ? { routes, rules, reads } : apps?.[name];
  return { routes: own?.routes ?? [], rules: own?.rules ?? [], reads: own?.reads ?? null };
}

/** An app as the file has it, beside what became of it. */
export interface CompiledApp extends Pick<Config, "routes" | "rules"> {
  readonly name: string | null;
  readonly at: readonly string[];
  /** An address at which it is met, for those that are only paths. */
  readonly origin: string;
  readonly snapshot: Snapshot;
}

/** The apps of a file that is right. */
export function compiledApps(config: Config, snapshot: Snapshot): readonly CompiledApp[] {
  return appsOf(config).flatMap((app, i) => {
    const own = snapshot.apps === null ? snapshot : snapshot.apps.all[i];
    if (own === undefined) return [];
    const [host = "localhost"] = (app.hosts ?? []).flatMap(sampleHosts);
    const { name, at, publicUrl } = app;
    return [{ ...tablesOf(config, app), name, at, origin: publicUrl ?? `http://${host}`, snapshot: own }];
  });
}

/** What a file, as it is written, lacks for its apps, and its keys that have no meaning beside several. */
export function misplaced(file: unknown): readonly Complaint[] {
  const apps = fieldOf(file, "apps");
  if (apps === undefined) {
    const missing = isObject(file) && fieldOf(file, "upstream") === undefined;
    return missing ? [{ path: ["upstream"], message: MISSING_UPSTREAM }] : [];
  }
  const none = isObject(apps) && Object.keys(apps).length === 0;
  const beside = OF_ONE_APP.filter((path) => path.reduce(fieldOf, file) != null);
  return [
    ...(none ? [{ path: ["apps"], message: NO_APPS }] : []),
    ...beside.map((path) => ({
      path,
      message: `is of one app, and \`apps\` has several; write it as \`${path.at(-1)}\` of the app that it is meant for`,
    })),
  ];
}

const OF_ONE_APP: readonly (readonly string[])[] = [
  ["upstream"],
  ["publicUrl"],
  ["token", "audience"],
  ["routes"],
  ["rules"],
  ["reads"],
  ["signIn"],
];

const MISSING_UPSTREAM =
  "is missing; write the address of the app without a path, like http://127.0.0.1:8001, or several in `apps`";
const NO_APPS = "is empty; write at least one, like `wiki: { upstream: http://127.0.0.1:8002 }`";

/** A token for one app must not count in another. */
export function sharedAudiences(apps: readonly AppPart[]): readonly Complaint[] {
  const first = new Map<string, AppPart>();
  return apps.flatMap((app) => {
    const audience = audienceOf(app);
    const other = first.get(audience);
    if (other === undefined) {
      first.set(audience, app);
      return [];
    }
    const { url, socket } = other.upstream;
    if (url === app.upstream.url && socket === app.upstream.socket) return [];
    const message = `\`${audience}\` is the audience of \`${other.name}\` too, so a token for one would count in the other; write another`;
    return [{ path: [...app.at, "audience"], message }];
  });
}

export function audienceOf({ audience, upstream }: AppPart): string {
  return audience ?? upstream.url;
}

/** What is asked about an address to know whose it is. */
export interface AppPlace {
  readonly at: readonly string[];
  readonly hosts: readonly string[] | null;
  readonly paths: readonly string[] | null;
}

/** The index of the places of apps; a target is the app's place in the list. */
export function placesOf(apps: readonly AppPlace[]): {
  readonly finder: Apps["finder"];
  readonly complaints: readonly Complaint[];
} {
  const specs = apps.flatMap(({ at, hosts, paths }, target): readonly RouteSpec<number>[] =>
    (hosts ?? [null]).flatMap((host) =>
      (paths ?? ["/"]).flatMap((path) =>
        patternsOf(host, path).map((pattern) => ({ host, path: pattern, target, name: at.join(".") })),
      ),
    ),
  );
  const { finder, problems } = compileRoutes(specs);
  const complaints = problems.map(({ name, message }) => ({ path: name.split("."), message }));
  return { finder, complaints };
}

/** A path and all below it. */
function patternsOf(host: string | null, path: string): readonly (string | null)[] {
  if (path !== "/") return [`${path}{/*below}`];
  return host === null ? ["/", "/*below"] : [null];
}

type View = Omit<Snapshot, "apps">;

/** The views of several apps as one config. What it gives itself is of no app: nothing is routed by it, nobody is viewed in it. */
export function joined(finder: Apps["finder"], views: readonly [View, ...View[]]): Snapshot {
  const all: Snapshot[] = [];
  const apps: Apps = { finder, all };
  for (const view of views) all.push({ ...view, apps });
  const [first] = views;
  return {
    ...first,
    ...NO_TABLES,
    settings: unbound(
      views.map((it) => it.settings),
      first.settings,
    ),
    apps,
  };
}

const NO_TABLES = {
  routes: compileRoutes<RouteTarget>([]).finder,
  rules: compileRules([]).index,
} satisfies Partial<Snapshot>;

/** Where it isn't known yet which app a request is for, no app's reading is refused, and what any app's scripts set is announced. */
function unbound(all: readonly Settings[], first: Settings): Settings {
  const scriptCookies = [...new Set(all.flatMap(({ page }) => page.scriptCookies))];
  const encodedSlash = all.some(({ upstream }) => upstream.encodedSlash === "keep") ? "keep" : "refuse";
  return {
    ...first,
    app: null,
    publicUrl: null,
    signIn: null,
    upstream: { ...first.upstream, encodedSlash },
    page: { ...first.page, scriptCookies },
  };
}

/** The config as the app of an address has it; null where the address is no app's. `path` is canonical. */
export function appAt(snapshot: Snapshot, host: string, path: string): Snapshot | null {
  if (snapshot.apps === null) return snapshot;
  const { finder, all } = snapshot.apps;
  const found = finder.match(host, path);
  return found === null ? null : (all[found.target] ?? null);
}

/** The same config with another part in it, and in each of its apps. */
export function edited(
  snapshot: Snapshot,
  edit: (it: Snapshot) => Partial<Pick<Snapshot, "settings" | "policy">>,
): Snapshot {
  const { apps } = snapshot;
  const whole = { ...snapshot, ...edit(snapshot) };
  const [first, ...more] = (apps?.all ?? []).map((it) => ({ ...it, ...edit(it) }));
  if (apps === null || first === undefined) return whole;
  return { ...joined(apps.finder, [first, ...more]), settings: whole.settings };
}

/** The names of all apps; of a file with one, that has none. */
export function appNames({ apps, settings }: Snapshot): readonly (string | null)[] {
  return apps === null ? [settings.app] : apps.all.map((it) => it.settings.app);
}

/** Warns once of each upstream whose certificate isn't checked, however many apps have it. */
export function warnOfUnchecked({ apps, settings }: Snapshot, log: Log): void {
  const upstreams = (apps?.all ?? [{ settings }]).map((it) => it.settings.upstream);
  const unchecked = upstreams.filter((it) => it.insecureSkipVerify).map((it) => it.origin);
  for (const upstream of new Set(unchecked))
    log.warn(
      { upstream },
      "upstream: insecureSkipVerify believes any certificate: anybody on the way between reads and writes everything",
    );
}
