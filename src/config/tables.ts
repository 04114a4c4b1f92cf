import type { EffectName } from "../domain/policy.ts";
import { PRESETS, presetRules } from "../domain/presets.ts";
import { compileRoutes, paramNames, type RouteProblem, type RouteSpec } from "../domain/route.ts";
import { compileRules, type RuleIndex, type RuleSpec } from "../domain/rule.ts";
import type { Entry } from "../kinds.ts";
import type { KnownResolver } from "../owners/registry.ts";
import { didYouMean } from "./nearest.ts";
import type { Complaint } from "./problem.ts";
import type { Config, RoomDeps } from "./schema.ts";
import { ID_GRAMMARS, NOBODY } from "./sections/routes.ts";
import type { RouteFinder, RouteTarget } from "./snapshot.ts";

type Route = Config["routes"][number];
type Rule = Config["rules"][number];

/** An owner lookup and where it is written. */
export interface Lookup {
  readonly entry: Entry<RoomDeps, KnownResolver>;
  readonly path: readonly PropertyKey[];
}

/** Compiled routes, and the lookups that they need: those of `owners` and those written in a route. */
export interface RouteTable {
  readonly routes: RouteFinder;
  readonly lookups: ReadonlyMap<string, Lookup>;
  /** What each route asks, in their order. */
  readonly targets: readonly RouteTarget[];
  readonly complaints: readonly Complaint[];
}

export function routesOf(config: Config): RouteTable {
  const lookups = new Map<string, Lookup>();
  for (const [name, entry] of Object.entries(config.owners))
    lookups.set(name, { entry, path: ["owners", name] });
  const complaints: Complaint[] = [];
  if (lookups.has(NOBODY)) {
    complaints.push({
      path: ["owners", NOBODY],
      key: true,
      message: "`none` means that a page has no owner; choose another name",
    });
  }
  const specs = config.routes.map((route, i): RouteSpec<RouteTarget> => {
    const { owner } = route;
    const path = ["routes", i, "owner"];
    if (owner.kind === "inline") lookups.set(`routes[${i}].owner`, { entry: owner.entry, path });
    else if (owner.name !== NOBODY && !lookups.has(owner.name))
      complaints.push(unknownOwner(owner.name, path, lookups));
    const name = owner.kind === "inline" ? `routes[${i}].owner` : owner.name;
    return { host: route.host, path: route.path, name: `routes[${i}]`, target: targetOf(route, name) };
  });
  const { finder, problems } = compileRoutes(specs);
  const targets = specs.map((spec) => spec.target);
  return { routes: finder, lookups, targets, complaints: [...complaints, ...problems.map(complaintOf)] };
}

function targetOf(route: Route, owner: string): RouteTarget {
  const { host, path, ids } = route;
  return {
    pattern: `${host ?? ""}${path ?? ""}`,
    owner,
    params: paramNames(host, path),
    grammar: ID_GRAMMARS[ids],
  };
}

function unknownOwner(
  name: string,
  path: readonly PropertyKey[],
  lookups: ReadonlyMap<string, unknown>,
): Complaint {
  const names = [...lookups.keys()].filter((known) => !known.includes("["));
  const guess = didYouMean(name, names);
  const there = names.length === 0 ? "; there are none yet" : `; there are: ${names.join(", ")}`;
  return { path, message: `\`${name}\` is not a name in \`owners\`${guess === "" ? there : guess}` };
}

/** Routes whose address lacks what their lookup asks by, so that they could never have an owner. */
export function unmetNeeds(
  targets: readonly RouteTarget[],
  owners: ReadonlyMap<string, KnownResolver>,
): readonly Complaint[] {
  return targets.flatMap(({ owner, params }, i) => {
    const needs = owners.get(owner)?.needs ?? [];
    const path = ["routes", i, "owner"];
    const has = params.length === 0 ? "it has none" : `it has: ${params.join(", ")}`;
    if (needs === "one") {
      if (params.length === 1) return [];
      return [
        { path, message: `\`${owner}\` is looked up by one param of the route; ${has}; name it in \`by\`` },
      ];
    }
    const missing = needs.filter((name) => !params.includes(name));
    return missing.map((name) => ({
      path,
      message: `\`${owner}\` is looked up by \`${name}\`, which is no param of this route${didYouMean(name, params)}; ${has}`,
    }));
  });
}

/** `rules` with their presets unfolded, in their order. */
export function rulesOf(config: Pick<Config, "rules">): {
  readonly rules: RuleIndex;
  readonly complaints: readonly Complaint[];
} {
  const complaints: Complaint[] = [];
  const specs = config.rules.flatMap((rule, i): readonly RuleSpec[] => {
    if (rule.preset === undefined) return [specOf(rule, `rules[${i}]`)];
    const preset = presetRules(rule.preset);
    if (preset === null) complaints.push(unknownPreset(rule.preset, ["rules", i, "preset"]));
    return preset ?? [];
  });
  const { index, problems } = compileRules(specs);
  return { rules: index, complaints: [...complaints, ...problems.map(complaintOf)] };
}

function unknownPreset(name: string, path: readonly PropertyKey[]): Complaint {
  const names = PRESETS.map((preset) => preset.name);
  return {
    path,
    message: `\`${name}\` is not a preset${didYouMean(name, names)}; there are: ${names.join(", ")}`,
  };
}

function specOf(rule: Rule, name: string): RuleSpec {
  const { path, host, methods } = rule;
  return { rule: { name, ...effectOf(rule) }, path, host, methods };
}

function effectOf({ allow, deny, confirm }: Rule): { effect: EffectName; sentence: string | null } {
  if (allow === true) return { effect: "allow", sentence: null };
  if (deny !== undefined) return { effect: "deny", sentence: deny === true ? null : deny };
  if (confirm !== undefined) return { effect: "confirm", sentence: confirm === true ? null : confirm };
  return { effect: "stop", sentence: null };
}

/** `routes[3]` back as a path, so that the problem is shown at its line. */
function complaintOf({ name, message }: RouteProblem): Complaint {
  const [, list = "", at = ""] = /^(\w+)\[(\d+)\]$/.exec(name) ?? [];
  const part = /^(path|host) `/.exec(message)?.[1];
  const path = list === "" ? [] : [list, Number(at)];
  return { path: part === undefined ? path : [...path, part], message };
}
