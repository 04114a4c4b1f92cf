import type { EffectName } from "../domain/policy.ts";
import { testText } from "../domain/routing/conditions/condition-text.ts";
import { compileReads } from "../domain/routing/conditions/reads.ts";
import { ONLY_PARAM } from "../domain/routing/lookup.ts";
import { PRESETS, presetRules } from "../domain/routing/presets.ts";
import { compilingRoutes, paramNames, type RouteProblem, type RouteSpec } from "../domain/routing/route.ts";
import { compileRules, type RuleIndex, type RuleSpec } from "../domain/routing/rule.ts";
import type { Steps } from "../domain/steps.ts";
import type { Entry } from "../kinds.ts";
import type { KnownResolver } from "../owners/registry.ts";
import type { AppSignIn } from "../signin/sign-in.ts";
import { emptyWhy } from "./grants.ts";
import { didYouMean } from "./nearest.ts";
import { type Complaint, writePath } from "./problem.ts";
import type { Config, RoomDeps } from "./schema.ts";
import { conditionsOf } from "./sections/conditions.ts";
import { NOBODY } from "./sections/routes.ts";
import type { RouteFinder, RouteTarget } from "./snapshot.ts";

type Route = Config["routes"][number];
type Rule = Config["rules"][number];

/** What tables are made of. null stands for an entry that is wrong already. */
export interface TableParts {
  readonly owners: Readonly<Record<string, Config["owners"][string] | null>>;
  readonly routes: readonly (Route | null)[];
  readonly rules: readonly (Rule | null)[];
  readonly reads?: Config["reads"] | undefined;
  readonly signIn?: Pick<AppSignIn, "leave" | "refresh"> | null | undefined;
}

/** An owner lookup and where it is written; `entry` null where it is wrong already. */
export interface Lookup {
  readonly entry: Entry<RoomDeps, KnownResolver> | null;
  readonly path: readonly PropertyKey[];
}

/** Compiled routes, and the lookups that they need: those of `owners` and those written in a route. */
export interface RouteTable {
  readonly routes: RouteFinder;
  readonly lookups: ReadonlyMap<string, Lookup>;
  /** What each route asks, in their order. */
  readonly targets: readonly (RouteTarget | null)[];
  readonly complaints: readonly Complaint[];
}

/** The index of `routes`, with what is wrong among them. `app` is where the app stands that has them. */
export function* routesOf(
  { owners, routes }: Pick<TableParts, "owners" | "routes">,
  app: readonly string[] = [],
): Steps<RouteTable> {
  const lookups = new Map(
    Object.entries(owners).map(([name, entry]): [string, Lookup] => [
      name,
      { entry, path: ["owners", name] },
    ]),
  );
  const complaints: Complaint[] = lookups.has(NOBODY) ? [TAKEN] : [];
  const specs: (RouteSpec<RouteTarget> | null)[] = [];
  for (const [i, route] of routes.entries()) {
    yield;
    if (route === null) {
      specs.push(null);
      continue;
    }
    const { owner, host, path, caseSensitive, query } = route;
    const at = [...app, "routes", i, "owner"];
    const called = writePath([...app, "routes", i]);
    const name = owner === undefined ? NOBODY : owner.kind === "inline" ? `${called}.owner` : owner.name;
    if (owner?.kind === "inline") lookups.set(name, { entry: owner.entry, path: at });
    else if (name !== NOBODY && !lookups.has(name))
      complaints.push(unknownOwner(name, at, Object.keys(owners)));
    specs.push({
      host,
      path,
      caseSensitive,
      query,
      name: called,
      target: targetOf(route, called, name),
    });
  }
  const { finder, problems } = yield* compilingRoutes(specs.filter((spec) => spec !== null));
  return {
    routes: finder,
    lookups,
    targets: specs.map((spec) => spec?.target ?? null),
    complaints: [...complaints, ...problems.map((it) => complaintOf(it, app))],
  };
}

const TAKEN: Complaint = {
  path: ["owners", NOBODY],
  key: true,
  message: "`none` means that a page has no owner; choose another name",
};

function targetOf(route: Route, name: string, owner: string): RouteTarget {
  const { host, path, ids, as, query, help } = route;
  return {
    name,
    pattern: `${host ?? ""}${path ?? ""}${writtenQuery(query)}`,
    owner,
    asSelf: as === "self",
    help,
    params: paramNames(host, path, query),
    grammar: ids,
  };
}

/** `?page=site&id=:site`, for records and for people. */
function writtenQuery(query: Route["query"]): string {
  return query.length === 0 ? "" : `?${query.map(testText).join("&")}`;
}

function unknownOwner(name: string, path: readonly PropertyKey[], names: readonly string[]): Complaint {
  const guess = didYouMean(name, names);
  const there = names.length === 0 ? "; there are none yet" : `; there are: ${names.join(", ")}`;
  return { path, message: `\`${name}\` is not a name in \`owners\`${guess === "" ? there : guess}` };
}

/** Routes whose address lacks what their lookup asks by, so that they could never have an owner. */
export function unmetNeeds(
  targets: readonly (RouteTarget | null)[],
  owners: ReadonlyMap<string, KnownResolver>,
  app: readonly string[] = [],
): readonly Complaint[] {
  return targets.flatMap((target, i) => {
    if (target === null) return [];
    const { owner, params } = target;
    const needs = owners.get(owner)?.needs ?? [];
    const path = [...app, "routes", i, "owner"];
    const has = params.length === 0 ? "it has none" : `it has: ${params.join(", ")}`;
    const missing = needs.filter((name) =>
      name === ONLY_PARAM ? params.length !== 1 : !params.includes(name),
    );
    return missing.map((name) => ({
      path,
      message:
        name === ONLY_PARAM
          ? `\`${owner}\` is looked up by one param of the route; ${has}; name the one that is meant, in \`by\` or as {name}`
          : `\`${owner}\` is looked up by \`${name}\`, which is no param of this route${didYouMean(name, params)}; ${has}`,
    }));
  });
}

/** `rules` with their presets unfolded, in their order. */
export function rulesOf(
  { rules, reads = null, signIn = null }: Pick<TableParts, "rules" | "reads" | "signIn">,
  app: readonly string[] = [],
): {
  readonly rules: RuleIndex;
  readonly complaints: readonly Complaint[];
} {
  const complaints: Complaint[] = [];
  const specs = rules.flatMap((rule, i): readonly RuleSpec[] => {
    if (rule === null) return [];
    const nobody = rule.agents === null ? null : emptyWhy(rule.agents);
    if (nobody !== null)
      complaints.push({ path: [...app, "rules", i, "agents"], message: `can match no agent: ${nobody}` });
    if (rule.preset === undefined) return [specOf(rule, writePath([...app, "rules", i]))];
    const preset = presetRules(rule.preset);
    if (preset === null) complaints.push(unknownPreset(rule.preset, [...app, "rules", i, "preset"]));
    return (preset ?? []).map((spec) => (rule.agents === null ? spec : { ...spec, agents: rule.agents }));
  });
  const first = signIn === null ? [] : signInRules(signIn);
  const { index, problems } = compileRules(
    [...first, ...specs],
    reads === null ? null : compileReads(reads.query),
  );
  const among = problems.map((it) => complaintOf(it, app));
  return { rules: index, complaints: [...complaints, ...among] };
}

/** What means Stop before any rule is asked; and what never reaches the app, so that a page may ask in any mode. */
function signInRules({ leave, refresh }: Pick<AppSignIn, "leave" | "refresh">): readonly RuleSpec[] {
  const rule = (key: string, i: number, effect: EffectName) => ({
    name: `signIn.${key}[${i}]`,
    effect,
    sentence: null,
  });
  return [
    ...leave.map(({ path, conditions }, i) => {
      return { rule: rule("leave", i, "stop"), path, host: null, methods: null, conditions };
    }),
    ...refresh.map(({ path, method }, i) => {
      return { rule: rule("refresh", i, "allow"), path, host: null, methods: [method] };
    }),
  ];
}

function unknownPreset(name: string, path: readonly PropertyKey[]): Complaint {
  const names = PRESETS.map((preset) => preset.name);
  return {
    path,
    message: `\`${name}\` is not a preset${didYouMean(name, names)}; there are: ${names.join(", ")}`,
  };
}

function specOf(rule: Rule, name: string): RuleSpec {
  const { path, host, methods, agents } = rule;
  return { rule: { name, ...effectOf(rule) }, path, host, methods, agents, conditions: conditionsOf(rule) };
}

function effectOf({ allow, deny, confirm, write }: Rule): { effect: EffectName; sentence: string | null } {
  if (allow === true) return { effect: "allow", sentence: null };
  if (deny !== undefined) return { effect: "deny", sentence: deny === true ? null : deny };
  if (confirm !== undefined) return { effect: "confirm", sentence: confirm === true ? null : confirm };
  return { effect: write === true ? "write" : "stop", sentence: null };
}

/** `routes[3]` back as a path, so that the problem is shown at its line. */
function complaintOf({ name, message }: RouteProblem, app: readonly string[]): Complaint {
  const [, above, list = "", at = ""] = /(?:(signIn)\.)?(\w+)\[(\d+)\]$/.exec(name) ?? [];
  const part = /^(path|host) `/.exec(message)?.[1];
  const path = list === "" ? [] : [...app, ...(above === undefined ? [] : [above]), list, Number(at)];
  return { path: part === undefined ? path : [...path, part], message };
}
