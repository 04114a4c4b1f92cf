import { isAmong, mayBeAmong } from "../grant.ts";
import type { Identity } from "../identity.ts";
import { UNKNOWN_METHOD } from "../method.ts";
import type { EffectName, People, Rule } from "../policy.ts";
import { anyCase, type Pattern } from "./pattern.ts";
import { parsePattern, pathPatterns, type RouteProblem } from "./route.ts";
import { newNode, pathSegments, place, type Search, type SegmentNode, search } from "./segment-index.ts";
import { plainViews, views } from "./view.ts";

/** One rule as written. `methods` null is all of them; a rule for GET is one for HEAD too. */
export interface RuleSpec {
  readonly rule: Rule;
  readonly host: string | null;
  readonly path: string | null;
  readonly methods: readonly string[] | null;
  /** Whether a restriction also covers what lies below its path; so it is unless this says no. */
  readonly below?: boolean;
  /** The agents that it is for; null or left out: all. */
  readonly agents?: People | null;
}

/** What a rule is asked about: canonical host and path, and the method that counts. */
export interface RuleRequest {
  readonly host: string;
  readonly path: string;
  readonly method: string;
  /** Null or left out where nobody knows who it is: then what takes something away counts, and what gives something doesn't. */
  readonly agent?: Identity | null;
}

/** The first rule, in their order, that a request meets; null when none does. */
export interface RuleIndex {
  match(request: RuleRequest): Rule | null;
  /** Whether some of them are for some agents only. */
  readonly byAgent: boolean;
}

/** A rule at its place in the order. */
interface Entry {
  readonly order: number;
  readonly rule: Rule;
  readonly methods: ReadonlySet<string> | null;
  readonly hosts: SegmentNode<true> | null;
  /** Whether it covers what lies below; never so for `allow`. */
  readonly below: boolean;
  /** For `allow`: its own patterns, to ask about every view of a path; and whether it names an extension itself. */
  readonly own: SegmentNode<true> | null;
  readonly dotted: boolean;
  readonly agents: People | null;
}

interface Indexes {
  /** Restrictions: lower-case. Split by whether they cover what lies below, which the search has to know. */
  readonly covering: SegmentNode<Entry[]>;
  readonly exact: SegmentNode<Entry[]>;
  readonly permissive: SegmentNode<Entry[]>;
}

/**
 * An index of all rules that have no problem; order matters, the first match wins. A restriction (deny, confirm, stop) holds
 * if any view of the path meets it, in any case of letters and below its path; `allow` only if every view does, exactly.
 */
export function compileRules(specs: readonly RuleSpec[]): {
  readonly index: RuleIndex;
  readonly problems: readonly RouteProblem[];
} {
  const indexes: Indexes = { covering: newNode(), exact: newNode(), permissive: newNode() };
  const problems: RouteProblem[] = [];
  specs.forEach((spec, order) => {
    const message = addRule(indexes, spec, order);
    if (message !== null) problems.push({ name: spec.rule.name, message });
  });
  const byAgent = specs.some(({ agents = null }) => agents !== null);
  return { index: { match: (request) => firstOf(indexes, request), byAgent }, problems };
}

/** Whether an effect takes something away, so that doubt must count for it. */
export function isRestrictive(effect: EffectName): boolean {
  return effect !== "allow";
}

function addRule(indexes: Indexes, spec: RuleSpec, order: number): string | null {
  const paths = pathPatterns(spec.path);
  if (paths.kind === "problem") return `path \`${spec.path}\`: ${paths.message}`;
  const hosts = spec.host === null ? null : parsePattern(spec.host, "host");
  if (hosts?.kind === "problem") return `host \`${spec.host}\`: ${hosts.message}`;
  const restrictive = isRestrictive(spec.rule.effect);
  const below = restrictive && spec.below !== false;
  const entry: Entry = {
    order,
    rule: spec.rule,
    methods: spec.methods === null ? null : new Set(spec.methods),
    hosts: hosts === null ? null : nodeOf(hosts.patterns),
    below,
    own: restrictive ? null : nodeOf(paths.patterns),
    dotted: paths.patterns.some(endsDotted),
    agents: spec.agents ?? null,
  };
  const root = restrictive ? (below ? indexes.covering : indexes.exact) : indexes.permissive;
  for (const pattern of paths.patterns) {
    const node = place(root, restrictive ? lowered(pattern) : pattern);
    node.value ??= [];
    if (!node.value.includes(entry)) node.value.push(entry);
  }
  return null;
}

function nodeOf(patterns: readonly Pattern[]): SegmentNode<true> {
  const root = newNode<true>();
  for (const pattern of patterns) place(root, pattern).value = true;
  return root;
}

/** Paths are folded before they are asked about, so the index itself has nothing to fold. */
function lowered(pattern: Pattern): Pattern {
  const segments = pattern.segments.map((segment) => {
    if (segment.kind === "static") return { ...segment, text: anyCase(segment.text) };
    if (segment.kind !== "mixed") return segment;
    return { ...segment, literals: segment.literals.map(anyCase) };
  });
  return { ...pattern, segments };
}

function endsDotted(pattern: Pattern): boolean {
  const last = pattern.segments[pattern.segments.length - 1];
  if (last?.kind === "static") return last.text.includes(".");
  return last?.kind === "mixed" && last.literals.some((literal) => literal.includes("."));
}

function firstOf(indexes: Indexes, request: RuleRequest): Rule | null {
  const all = views(request.path);
  let best: Entry | null = null;
  for (const view of all) {
    const segments = pathSegments(view).map(anyCase);
    best = earliest(indexes.covering, asked(segments, true), request, best);
    best = earliest(indexes.exact, asked(segments, false), request, best);
  }
  const plain = plainViews(request.path);
  best = earliest(indexes.permissive, asked(pathSegments(request.path), false), request, best, (entry) =>
    (entry.dotted ? plain : all).every((view) => owns(entry, view)),
  );
  return best?.rule ?? null;
}

function asked(segments: readonly string[], below: boolean): Search {
  return { segments, below, params: false, delimiter: "/" };
}

/** The earliest entry found that fits the request, or the one known before. */
function earliest(
  root: SegmentNode<Entry[]>,
  what: Search,
  request: RuleRequest,
  known: Entry | null,
  fits: (entry: Entry) => boolean = () => true,
): Entry | null {
  let best = known;
  search(root, what, (entries) => {
    for (const entry of entries) {
      if (best !== null && best.order <= entry.order) break;
      if (meets(entry, request) && fits(entry)) best = entry;
    }
    return null;
  });
  return best;
}

function meets(entry: Entry, { method, host, agent = null }: RuleRequest): boolean {
  const { hosts } = entry;
  if (!meetsMethod(entry, method) || !meetsAgent(entry, agent)) return false;
  if (hosts === null) return true;
  return (
    search(
      hosts,
      { segments: host.split("."), below: false, params: false, delimiter: "." },
      (found) => found,
    ) !== null
  );
}

function owns(entry: Entry, view: string): boolean {
  if (entry.own === null) return false;
  return search(entry.own, asked(pathSegments(view), false), (found) => found) !== null;
}

/** Doubt about who it is, or which groups they are in, counts for what restricts. */
function meetsAgent({ agents, own }: Entry, agent: Identity | null): boolean {
  if (agents === null) return true;
  return own === null ? mayBeAmong(agents, agent) : agent !== null && isAmong(agents, agent);
}

/** Doubt about the method counts for what restricts. */
function meetsMethod({ methods, own }: Entry, method: string): boolean {
  if (methods === null || methods.has(method)) return true;
  if (method === "HEAD") return methods.has("GET");
  return method === UNKNOWN_METHOD && own === null;
}
