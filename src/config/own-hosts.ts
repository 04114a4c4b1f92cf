import { type AppPart, tablesOf } from "./apps.ts";
import { type Complaint, writePath } from "./problem.ts";
import type { Config } from "./schema.ts";
import type { Snapshot } from "./snapshot.ts";

type Named = readonly (readonly [key: string, host: string])[];

/** Hosts of ours are ours alone: no page of the app's, and no cookie of its hosts, may be there. */
export function overlapping(config: Config, apps: readonly AppPart[]): readonly Complaint[] {
  return [...belowTheParent(config, apps), ...atTheConsole(config, apps), ...besideTheApp(config, apps)];
}

/** Beside the app customers reach it past the gateway, so it may believe the signed token alone. */
function besideTheApp(
  { console, isolation, headers, ...config }: Config,
  apps: readonly AppPart[],
): readonly Complaint[] {
  if (console?.beside !== true) return [];
  const unnamed = apps.filter(({ publicUrl, hosts }) => publicUrl === null && hosts === null);
  const lacks = [
    [isolation === null, ["console", "beside"], "needs a host for each impersonation; write `isolation`"],
    [
      unnamed.length > 0 && console.app === undefined && config.publicUrl === null,
      ["console", "beside"],
      "needs to know the app's address; write `publicUrl`, or `hosts` of each app",
    ],
    [
      headers.plain,
      ["headers", "plain"],
      "customers reach the app past the gateway and could say who they are (`console.beside`): an app may believe the signed token alone; write `plain: false`",
    ],
    [
      headers.when !== "impersonating",
      ["headers", "when"],
      "customers reach the app past the gateway and bring no token (`console.beside`); write `when: impersonating`",
    ],
  ] as const;
  return lacks.flatMap(([is, path, message]) => (is ? [{ path: [...path], message }] : []));
}

function belowTheParent(config: Config, apps: readonly AppPart[]): readonly Complaint[] {
  const { isolation, console } = config;
  if (isolation === null) return [];
  const { parent } = isolation.host;
  const domain = config.cookie.domain;
  const hosts: Named = [
    ...hostsOfApps(config, apps),
    ...(console === null ? [] : [["console.origin", new URL(console.origin).hostname] as const]),
    ...(domain === null ? [] : [["cookie.domain", domain] as const]),
  ];
  return hosts
    .filter(([, host]) => isBelow(host, parent) || isSharedWith(host, parent))
    .map(([key, host]) => ({
      path: ["isolation", "host", "parent"],
      message: `\`${parent}\` and \`${host}\` of \`${key}\` are one site, whose hosts can set each other cookies; write a domain of yours that the app has nothing of`,
    }));
}

function atTheConsole(config: Config, apps: readonly AppPart[]): readonly Complaint[] {
  if (config.console === null) return [];
  const { hostname } = new URL(config.console.origin);
  return hostsOfApps(config, apps)
    .filter(([, host]) => host === hostname)
    .map(([key]) => ({
      path: ["console", "origin"],
      message: `\`${hostname}\` is the app's by \`${key}\`; write a name that the app has nothing of`,
    }));
}

function hostsOfApps(config: Config, apps: readonly AppPart[]): Named {
  const { console } = config;
  return [
    ...apps.flatMap((app) => hostsOfOne(config, app)),
    ...(console?.app === undefined ? [] : [["console.app", new URL(console.app).hostname] as const]),
  ];
}

function hostsOfOne(config: Config, app: AppPart): Named {
  const { at, hosts, publicUrl } = app;
  const written = tablesOf(config, app);
  const named = (key: "routes" | "rules"): Named =>
    written[key].flatMap(({ host }, i) =>
      host == null ? [] : [[writePath([...at, key, i, "host"]), host] as const],
    );
  return [
    ...(hosts ?? []).map((host, i) => [writePath([...at, "hosts", i]), host] as const),
    ...named("routes"),
    ...named("rules"),
    ...(publicUrl === null ? [] : [[writePath([...at, "publicUrl"]), new URL(publicUrl).hostname] as const]),
  ];
}

function isBelow(host: string, parent: string): boolean {
  return host === parent || host.endsWith(`.${parent}`);
}

/** As far as that can be told without a list of public suffixes. What has one label (`localhost`) sets no cookies for what is below it. */
function isSharedWith(host: string, parent: string): boolean {
  return host.includes(".") && (isBelow(parent, host) || siteOf(host) === siteOf(parent));
}

function siteOf(host: string): string {
  return host.toLowerCase().split(".").slice(-2).join(".");
}

/** What a config leaves open that another one would close, for `check` to say. */
export function uncovered({ settings, policy }: Pick<Snapshot, "settings" | "policy">): readonly string[] {
  if (policy.grants.length === 0) return [];
  const open: string[] = [];
  if (settings.isolation === null)
    open.push(
      "isolation: customers' pages are shown on the app's own host, where their scripts share cookies, storage and windows with the agent's own pages, and one that means harm can act as the agent (docs/security.md); with `isolation: { host: { parent: … } }` the browser has walls there (docs/isolation.md)",
    );
  if (settings.console === null)
    open.push(
      "console: the gateway's own pages are on the app's hosts, where scripts of the app run; with `console: { origin: … }` they are where none does (docs/isolation.md)",
    );
  return open;
}
