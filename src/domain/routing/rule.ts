import { EFFECTS } from "../effects/registry.ts";
import { isAmong, mayBeAmong } from "../grant.ts";
import type { Identity } from "../identity.ts";
import { isSafe, UNKNOWN_METHOD } from "../method/method.ts";
import type { People, Rule } from "../policy.ts";
import type { BodyText } from "./conditions/body-parameters.ts";
import { type CompiledConditions, type Conditions, compileConditions, Said } from "./conditions/condition.ts";
import type { Reads } from "./conditions/reads.ts";
import { anyCase, inAnyCase, type Pattern } from "./pattern.ts";
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
  /** What else the request must have; null or left out: nothing. */
  readonly conditions?: Conditions | null;
  /** The agents that it is for; null or left out: all. */
  readonly agents?: People | null;
}

/** What a rule is asked about: canonical host and path, the method that counts, and what else the request says. */
export interface RuleRequest {
  readonly host: string;
  readonly path: string;
  readonly method: string;
  readonly query?: string | null;
  /** Names and values in turn. */
  readonly headers?: readonly string[];
  /** Null: there is none, or nobody has looked at it. */
  readonly body?: BodyText | null;
  /** Null or left out where nobody knows who it is: then what takes something away counts, and what gives something doesn't. */
  readonly agent?: Identity | null;
}

/** All rules of a config, in their order. */
export interface RuleIndex {
  /** The first that a request meets; null when none does. */
  match(request: RuleRequest): Rule | null;
  /** Whether some rule of this address can't be asked before the body was looked at. */
  asksBody(request: RuleRequest): boolean;
  /** Whether a request may change something although its method is one that looks. */
  mayChange(request: RuleRequest): boolean;
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
  readonly conditions: CompiledConditions | null;
  readonly agents: People | null;
}

interface Indexes {
  /** Restrictions: lower-case. Split by whether they cover what lies below, which the search has to know. */
  readonly covering: SegmentNode<Entry[]>;
  readonly exact: SegmentNode<Entry[]>;
  readonly permissive: SegmentNode<Entry[]>;
  /** Whether any rule asks for what is in a body, and for operations of GraphQL. */
  body: boolean;
  graphql: boolean;
  readonly reads: Reads | null;
}

/**
 * An index of all rules that have no problem; order matters, the first match wins. A restriction (deny, confirm, stop) holds
 * if any view of the path meets it, in any case of letters and below its path; `allow` only if every view does, exactly.
 */
export function compileRules(
  specs: readonly RuleSpec[],
  reads: Reads | null = null,
): {
  readonly index: RuleIndex;
  readonly problems: readonly RouteProblem[];
} {
  const roots = { covering: newNode<Entry[]>(), exact: newNode<Entry[]>(), permissive: newNode<Entry[]>() };
  const indexes: Indexes = { ...roots, body: false, graphql: false, reads };
  const problems: RouteProblem[] = [];
  specs.forEach((spec, order) => {
    const message = addRule(indexes, spec, order);
    if (message !== null) problems.push({ name: spec.rule.name, message });
  });
  const index: RuleIndex = {
    match: (request) => firstOf(indexes, request),
    asksBody: (request) => indexes.body && someAt(indexes, request, asksBody),
    mayChange: (request) => mayChange(indexes, request),
  };
  return { index, problems };
}

function addRule(indexes: Indexes, spec: RuleSpec, order: number): string | null {
  const paths = pathPatterns(spec.path);
  if (paths.kind === "problem") return `path \`${spec.path}\`: ${paths.message}`;
  const hosts = spec.host === null ? null : parsePattern(spec.host, "host");
  if (hosts?.kind === "problem") return `host \`${spec.host}\`: ${hosts.message}`;
  const restrictive = EFFECTS[spec.rule.effect].restricts;
  const below = restrictive && spec.below !== false;
  const entry: Entry = {
    order,
    rule: spec.rule,
    methods: spec.methods === null ? null : new Set(spec.methods),
    hosts: hosts === null ? null : nodeOf(hosts.patterns),
    below,
    own: restrictive ? null : nodeOf(paths.patterns),
    dotted: paths.patterns.some(endsDotted),
    conditions: spec.conditions == null ? null : compileConditions(spec.conditions),
    agents: spec.agents ?? null,
  };
  indexes.body ||= asksBody(entry);
  indexes.graphql ||= entry.conditions?.graphql === true;
  const root = restrictive ? (below ? indexes.covering : indexes.exact) : indexes.permissive;
  for (const pattern of paths.patterns) {
    // Paths are folded before they are asked about, so the index itself has nothing to fold.
    const node = place(root, restrictive ? inAnyCase(pattern, {}) : pattern);
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

function endsDotted(pattern: Pattern): boolean {
  const last = pattern.segments[pattern.segments.length - 1];
  if (last?.kind === "static") return last.text.includes(".");
  return last?.kind === "mixed" && last.literals.some((literal) => literal.includes("."));
}

/** Whether a body has to be looked at before this rule can be asked. */
function asksBody({ conditions, own }: Entry): boolean {
  if (conditions === null) return false;
  return own === null ? conditions.body.toRestrict : conditions.body.toAllow;
}

/** Where an address takes GraphQL, an operation that isn't known to be a query may change something, also by GET. */
function mayChange(indexes: Indexes, request: RuleRequest): boolean {
  if (!isSafe(request.method)) return true;
  const { query = null } = request;
  if (indexes.reads !== null && !indexes.reads.covers(query)) return true;
  if (!indexes.graphql || !someAt(indexes, request, ({ conditions }) => conditions?.graphql === true))
    return false;
  const { graphql } = saidIn(request);
  if (graphql.kind === "none") return false;
  return graphql.kind === "unknown" || [...graphql.types].some((type) => type !== "query");
}

/** Whether there is such a rule for host and path, in some reading. */
function someAt(indexes: Indexes, request: RuleRequest, fits: (entry: Entry) => boolean): boolean {
  const found = (entries: readonly Entry[]) =>
    entries.some((entry) => fits(entry) && meetsHost(entry, request)) || null;
  return views(request.path).some((view) => {
    const segments = pathSegments(view);
    const folded = segments.map(anyCase);
    return (
      search(indexes.covering, asked(folded, true), found) ??
      search(indexes.exact, asked(folded, false), found) ??
      search(indexes.permissive, asked(segments, false), found) ??
      false
    );
  });
}

function saidIn({ query = null, headers = [], body = null }: RuleRequest): Said {
  return new Said({ query, headers, body });
}

function firstOf(indexes: Indexes, request: RuleRequest): Rule | null {
  const all = views(request.path);
  const question: Question = { request, said: saidIn(request) };
  let best: Entry | null = null;
  for (const view of all) {
    const segments = pathSegments(view).map(anyCase);
    best = earliest(indexes.covering, asked(segments, true), question, best);
    best = earliest(indexes.exact, asked(segments, false), question, best);
  }
  const plain = plainViews(request.path);
  best = earliest(indexes.permissive, asked(pathSegments(request.path), false), question, best, (entry) =>
    (entry.dotted ? plain : all).every((view) => owns(entry, view)),
  );
  return best?.rule ?? null;
}

/** A request, and what it says, read once. */
interface Question {
  readonly request: RuleRequest;
  readonly said: Said;
}

function asked(segments: readonly string[], below: boolean): Search {
  return { segments, below, delimiter: null };
}

/** The earliest entry found that fits the request, or the one known before. */
function earliest(
  root: SegmentNode<Entry[]>,
  what: Search,
  question: Question,
  known: Entry | null,
  fits: (entry: Entry) => boolean = () => true,
): Entry | null {
  let best = known;
  search(root, what, (entries) => {
    for (const entry of entries) {
      if (best !== null && best.order <= entry.order) break;
      if (meets(entry, question) && fits(entry)) best = entry;
    }
    return null;
  });
  return best;
}

function meets(entry: Entry, { request, said }: Question): boolean {
  const { method, agent = null } = request;
  if (!meetsMethod(entry, method) || !meetsHost(entry, request) || !meetsAgent(entry, agent)) return false;
  const { conditions, own } = entry;
  return conditions === null || (own === null ? conditions.mayHold(said) : conditions.hold(said));
}

function meetsHost({ hosts }: Entry, { host }: RuleRequest): boolean {
  return hosts === null || isIn(hosts, host.split("."));
}

function owns(entry: Entry, view: string): boolean {
  return entry.own !== null && isIn(entry.own, pathSegments(view));
}

function isIn(root: SegmentNode<true>, segments: readonly string[]): boolean {
  return search(root, asked(segments, false), (found) => found) !== null;
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
