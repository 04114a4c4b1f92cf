import type { CompiledApp } from "../../config/apps.ts";
import { type Complaint, writePath } from "../../config/problem.ts";
import type { Config } from "../../config/schema.ts";
import type { Snapshot } from "../../config/snapshot.ts";
import {
  sampleBelow,
  sampleHosts,
  sampleInOtherCase,
  samplePaths,
  sampleSpellings,
} from "../../domain/routing/samples.ts";

type Rule = Config["rules"][number];
type Route = Config["routes"][number];
/** The part of an app that samples are matched against. */
type Index<Name extends keyof Snapshot> = { readonly snapshot: Pick<Snapshot, Name> };

const METHODS = ["GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE", "PROPFIND", "GUISE"];
/** Keys of a route that say nothing of which addresses it means, and those that samples are made of. */
const PLAIN_KEYS: ReadonlySet<string> = new Set([
  "path",
  "host",
  "owner",
  "as",
  "help",
  "caseSensitive",
  "ids",
  "examples",
]);

/**
 * Rules that can never match, since those before them take all that they mean. The index itself is asked about samples: where one
 * meets nothing, the rule has a condition that no sample has, and nothing is said.
 */
export function shadedRules({
  at,
  rules,
  snapshot,
}: Pick<CompiledApp, "at" | "rules"> & Index<"rules">): readonly Complaint[] {
  return rules.flatMap((rule, i) => {
    if (rule.preset !== undefined) return [];
    const before = new Set<string>();
    for (const request of requestsOf(rule)) {
      const met = snapshot.rules.match(request);
      const order = met === null ? null : orderOf(met.name, rules, at);
      if (met === null || order === null || order >= i) return [];
      before.add(met.name);
    }
    if (before.size === 0) return [];
    const message = `can never match: all that it means is met before by ${listOf(before)}; write it above, or remove it`;
    return [{ path: [...at, "rules", i], message }];
  });
}

function* requestsOf(rule: Rule) {
  const { path, host, methods, allow } = rule;
  const exact = samplePaths(path);
  const paths = allow === true ? exact : exact.flatMap((it) => [it, sampleBelow(it), ...sampleSpellings(it)]);
  for (const onHost of sampleHosts(host))
    for (const onPath of paths)
      for (const method of methods ?? METHODS) yield { host: onHost, path: onPath, method };
}

/** `rules[3]`, or a rule of a preset, which stands where the preset does. */
function orderOf(name: string, rules: readonly Rule[], at: readonly string[]): number | null {
  const written = /\brules\[(\d+)\]$/.exec(name)?.[1];
  if (written !== undefined && name === writePath([...at, "rules", Number(written)])) return Number(written);
  const [preset] = name.split("/");
  const place = rules.findIndex((rule) => rule.preset === preset);
  return place === -1 ? null : place;
}

/** Routes that are never met, since more specific ones take all that they mean. */
export function shadedRoutes({
  at,
  routes,
  snapshot,
}: Pick<CompiledApp, "at" | "routes"> & Index<"routes">): readonly Complaint[] {
  return routes.flatMap((route, i) => {
    const name = writePath([...at, "routes", i]);
    if (hasConditions(route)) return [];
    const others = new Set<string>();
    for (const host of sampleHosts(route.host)) {
      for (const path of pathsOf(route)) {
        const met = snapshot.routes.match(host, path, null);
        if (met === null || met.target.name === name) return [];
        others.add(met.target.name);
      }
    }
    if (others.size === 0) return [];
    const message = `is never met: all that it means is met by ${listOf(others)}, which says more; remove one of them`;
    return [{ path: [...at, "routes", i], message }];
  });
}

function pathsOf({ path, caseSensitive }: Route): readonly string[] {
  const exact = samplePaths(path);
  return caseSensitive ? exact : [...exact, ...exact.map(sampleInOtherCase)];
}

/** Such as `query`: then a path alone is no sample of it. */
function hasConditions(route: Route): boolean {
  return Object.entries(route).some(([key, value]) => !PLAIN_KEYS.has(key) && !isLeftOut(value));
}

function isLeftOut(value: unknown): boolean {
  return value === null || value === undefined || (Array.isArray(value) && value.length === 0);
}

function listOf(names: ReadonlySet<string>): string {
  const all = [...names];
  return all.length > 4 ? `${all.slice(0, 4).join(", ")} and ${all.length - 4} more` : all.join(", ");
}
