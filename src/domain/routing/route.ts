import { PathError, parse } from "path-to-regexp";
import { finish, type Steps } from "../steps.ts";
import { QueryIndex, shapeOfTests } from "./conditions/query-index.ts";
import type { NamedTest } from "./conditions/value-test.ts";
import { inAnyCase, type Pattern, type PatternReading, readTokens, shapeOf } from "./pattern.ts";
import { newNode, pathSegments, place, type SegmentNode, search } from "./segment-index.ts";

/** What a path or host matched: the target that was put in, and the params as they stand in the address, decoded once. */
export interface RouteMatch<T> {
  readonly target: T;
  readonly params: Readonly<Record<string, string>>;
}

/** One route as written; at least one of `host` and `path`. `name` is what problems call it. */
export interface RouteSpec<T> {
  readonly host: string | null;
  readonly path: string | null;
  readonly target: T;
  readonly name: string;
  /** Whether the path counts only as it is written; so it does unless this says no. */
  readonly caseSensitive?: boolean;
  /** What the query must say; one that does is more specific than the same route without. */
  readonly query?: readonly NamedTest[];
}

export interface RouteProblem {
  readonly name: string;
  readonly message: string;
}

/**
 * `host` is canonical (lower case, no port), `path` too. The most specific route wins, whatever their order. Where the query can be
 * read in two ways and a route of the path asks about it, none matches.
 */
export interface Finder<T> {
  match(host: string, path: string, query?: string | null): RouteMatch<T> | null;
}

interface Leaf<T> {
  readonly target: T;
  /** Names of the host's params, then of the path's. */
  readonly names: readonly string[];
}

/** The routes of one path: those that ask about the query, and the one that doesn't. */
interface Leaves<T> {
  byQuery: QueryIndex<Leaf<T>> | null;
  plain: Leaf<T> | null;
}

const LONGEST = 1000;
const ANYWHERE: readonly Pattern[] = [
  { segments: [], names: [], wildcard: null },
  { segments: [{ kind: "wildcard" }], names: [""], wildcard: "" },
];

/** A pattern in path-to-regexp's syntax, its optional groups spelt out; never throws. */
export function parsePattern(text: string, kind: "path" | "host"): PatternReading {
  if (text.length > LONGEST) {
    return { kind: "problem", message: `it is longer than ${LONGEST} characters` };
  }
  try {
    return readTokens(parse(text).tokens, kind === "path" ? "/" : ".");
  } catch (error) {
    if (!(error instanceof PathError)) throw error;
    return {
      kind: "problem",
      message: `${lowerFirst(error.message.split(":")[0] ?? "")}; ${hintFor(error.message)}`,
    };
  }
}

/** The patterns of a route or rule: null stands for every path. */
export function pathPatterns(text: string | null): PatternReading {
  return text === null ? { kind: "patterns", patterns: ANYWHERE } : parsePattern(text, "path");
}

/** Names of the params that are one segment each, of host and path, in any reading; none for a pattern with a problem. */
export function paramNames(
  host: string | null,
  path: string | null,
  query: readonly NamedTest[] = [],
): readonly string[] {
  const readings = [
    host === null ? null : parsePattern(host, "host"),
    path === null ? null : parsePattern(path, "path"),
  ];
  const patterns = readings.flatMap((reading) => (reading?.kind === "patterns" ? reading.patterns : []));
  const inAddress = patterns.flatMap(({ names, wildcard }) => names.filter((name) => name !== wildcard));
  return [...new Set([...inAddress, ...paramsIn(query)])];
}

function paramsIn(query: readonly NamedTest[]): readonly string[] {
  return query.flatMap(({ test }) => (test.kind === "param" ? [test.param] : []));
}

interface CompiledRoutes<T> {
  readonly finder: Finder<T>;
  readonly problems: readonly RouteProblem[];
}

/** An index of all routes that have no problem. Problems name both of two routes that can't be told apart. */
export function compileRoutes<T>(specs: readonly RouteSpec<T>[]): CompiledRoutes<T> {
  return finish(compilingRoutes(specs));
}

/** The same, a route at a time. */
export function* compilingRoutes<T>(specs: readonly RouteSpec<T>[]): Steps<CompiledRoutes<T>> {
  const index: RouteIndex<T> = { anyHost: newNode(), hosts: newNode(), hasHosts: false, byQuery: [] };
  const shapes = new Map<string, string>();
  const problems: RouteProblem[] = [];
  for (const spec of specs) {
    const message = addRoute(index, shapes, spec);
    if (message !== null) problems.push({ name: spec.name, message });
    yield;
  }
  for (const byQuery of index.byQuery) {
    byQuery.seal();
    yield;
  }
  return { finder: finderOf(index), problems };
}

interface RouteIndex<T> {
  readonly anyHost: SegmentNode<Leaves<T>>;
  readonly hosts: SegmentNode<SegmentNode<Leaves<T>>>;
  hasHosts: boolean;
  readonly byQuery: QueryIndex<Leaf<T>>[];
}

function addRoute<T>(index: RouteIndex<T>, shapes: Map<string, string>, spec: RouteSpec<T>): string | null {
  if (spec.host === null && spec.path === null && (spec.query ?? []).length === 0)
    return "it has neither `path` nor `host` nor `query`; write one of them";
  const hosts = spec.host === null ? null : parsePattern(spec.host, "host");
  if (hosts?.kind === "problem") return `host \`${spec.host}\`: ${hosts.message}`;
  const paths = pathPatterns(spec.path);
  if (paths.kind === "problem") return `path \`${spec.path}\`: ${paths.message}`;
  const patterns = spec.caseSensitive === false ? paths.patterns.map((it) => inAnyCase(it)) : paths.patterns;
  for (const host of hosts?.patterns ?? [null]) {
    for (const path of patterns) {
      const message = addPattern(index, shapes, spec, host, path);
      if (message !== null) return message;
    }
  }
  return null;
}

function addPattern<T>(
  index: RouteIndex<T>,
  shapes: Map<string, string>,
  spec: RouteSpec<T>,
  host: Pattern | null,
  path: Pattern,
): string | null {
  const { query = [] } = spec;
  const names = [...(host?.names ?? []), ...path.names];
  const all = [...names, ...paramsIn(query)];
  const twice = all.find((name, i) => all.indexOf(name) !== i);
  if (twice !== undefined) {
    const where =
      names.length === all.length ? `host and path both name \`${twice}\`` : `it names \`${twice}\` twice`;
    return `${where}; give each its own name`;
  }
  const shape = `${host === null ? "" : shapeOf(host)}//${shapeOf(path)}?${shapeOfTests(query)}`;
  const other = shapes.get(shape);
  if (other === spec.name) return "its optional parts can't be told apart; write them as several routes";
  if (other !== undefined)
    return `it can't be told apart from ${other}: the same addresses match both; remove one`;
  shapes.set(shape, spec.name);
  const node = place(pathsOf(index, host), path);
  node.value ??= { byQuery: null, plain: null };
  const leaf = { target: spec.target, names };
  if (query.length === 0) node.value.plain = leaf;
  else addByQuery(index, node.value, leaf, query);
  return null;
}

function addByQuery<T>(
  index: RouteIndex<T>,
  leaves: Leaves<T>,
  leaf: Leaf<T>,
  query: readonly NamedTest[],
): void {
  if (leaves.byQuery === null) {
    leaves.byQuery = new QueryIndex();
    index.byQuery.push(leaves.byQuery);
  }
  leaves.byQuery.add(leaf, query);
}

function pathsOf<T>(index: RouteIndex<T>, host: Pattern | null): SegmentNode<Leaves<T>> {
  if (host === null) return index.anyHost;
  index.hasHosts = true;
  const node = place(index.hosts, host);
  node.value ??= newNode();
  return node.value;
}

function finderOf<T>(index: RouteIndex<T>): Finder<T> {
  return {
    match(host, path, query = null) {
      const where = { segments: pathSegments(path), query };
      const inHost = index.hasHosts ? matchHosts(index, host, where) : null;
      const found = inHost ?? matchPath(index.anyHost, where, []);
      return found === DOUBTFUL ? null : found;
    },
  };
}

/** A path whose query can be read in two ways: the search is over, and nothing is found. */
const DOUBTFUL = Symbol("doubtful");

type Found<T> = RouteMatch<T> | typeof DOUBTFUL | null;

interface Where {
  readonly segments: readonly string[];
  readonly query: string | null;
}

function matchHosts<T>(index: RouteIndex<T>, host: string, where: Where): Found<T> {
  return search(index.hosts, { segments: host.split("."), below: false, delimiter: "." }, (paths, values) =>
    matchPath(paths, where, values),
  );
}

function matchPath<T>(
  paths: SegmentNode<Leaves<T>>,
  { segments, query }: Where,
  hostValues: readonly string[],
): Found<T> {
  return search(paths, { segments, below: false, delimiter: "/" }, ({ byQuery, plain }, values): Found<T> => {
    const asked = byQuery === null ? null : byQuery.match(query);
    if (asked?.kind === "doubtful") return DOUBTFUL;
    const leaf = asked?.kind === "found" ? asked.value : plain;
    if (leaf === null) return null;
    const params = paramsOf(leaf.names, hostValues, values);
    if (asked?.kind === "found") for (const [name, value] of asked.params) params[name] = value;
    return { target: leaf.target, params };
  });
}

/** Without a prototype, so that a placeholder can't name what every object has. */
function paramsOf(
  names: readonly string[],
  hostValues: readonly string[],
  values: readonly string[],
): Record<string, string> {
  const params: Record<string, string> = Object.create(null);
  for (let i = 0; i < names.length; i++) {
    const name = names[i];
    const value = i < hostValues.length ? hostValues[i] : values[i - hostValues.length];
    if (name !== undefined && name !== "" && value !== undefined) params[name] = value;
  }
  return params;
}

function lowerFirst(text: string): string {
  return text.slice(0, 1).toLowerCase() + text.slice(1);
}

function hintFor(message: string): string {
  if (message.startsWith("Missing parameter name")) return "write `:name` for one segment, `*name` for many";
  if (/^Unexpected [?+]/.test(message)) return "optional parts are written in braces, as in `/site{/:page}`";
  if (/^Unexpected [()[\]!]/.test(message)) return "write `\\` in front of it to mean the character itself";
  return "see docs/config.md for what a pattern can say";
}
