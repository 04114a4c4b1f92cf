import { anyCase, matchMixed, type Pattern, type Segment } from "./pattern.ts";
import { percentDecoded } from "./percent-decoded.ts";

type MixedSegment = Extract<Segment, { kind: "mixed" }>;

/** A place in the index: what may follow it, and what was put here. Made by `newNode` and `place` only. */
export interface SegmentNode<T> {
  value: T | null;
  /** The first static child by itself: most places have one alone, and a map for each would cost memory. */
  text: string | null;
  next: SegmentNode<T> | null;
  /** The other static children. */
  statics: Map<string, SegmentNode<T>> | null;
  /** Static children that any case of letters meets, by their folded texts. */
  folded: Map<string, SegmentNode<T>> | null;
  param: SegmentNode<T> | null;
  mixed: MixedChildren<T> | null;
  /** Those that any case of letters meets, by their folded prefixes. */
  foldedMixed: MixedChildren<T> | null;
  /** What stands behind a wildcard, the longest first. */
  tails: readonly Tail<T>[];
}

interface Tail<T> {
  /** How many segments must follow the wildcard. */
  readonly length: number;
  readonly next: SegmentNode<T>;
}

/** By the text in front of the first param, so that many of them cost no more than few. */
interface MixedChildren<T> {
  readonly byPrefix: Map<string, MixedChild<T>[]>;
  /** Lengths of the prefixes, the longest first. */
  lengths: readonly number[];
}

interface MixedChild<T> {
  readonly literals: readonly string[];
  readonly next: SegmentNode<T>;
}

/** What is asked: the decoded segments, and whether a value also counts for everything below its place. */
export interface Search {
  readonly segments: readonly string[];
  readonly below: boolean;
  /** What stands between the segments that a wildcard caught; null where the params aren't wanted. */
  readonly delimiter: "/" | "." | null;
}

/** Says whether a value found is the answer (not null) or the search goes on. `values` are the params, valid only now. */
type Visit<T, R> = (value: T, values: readonly string[]) => R | null;

const NO_TAILS: readonly never[] = [];

export function newNode<T>(): SegmentNode<T> {
  return {
    value: null,
    text: null,
    next: null,
    statics: null,
    folded: null,
    param: null,
    mixed: null,
    foldedMixed: null,
    tails: NO_TAILS,
  };
}

/** The place of a pattern, made if it isn't there yet. */
export function place<T>(root: SegmentNode<T>, pattern: Pattern): SegmentNode<T> {
  const { segments } = pattern;
  return segments.reduce((here, segment, i) => child(here, segment, segments.length - i - 1), root);
}

/** Segments of a canonical path, each decoded once; a slash at the end makes none. */
export function pathSegments(path: string): readonly string[] {
  const segments = path.slice(1, path.endsWith("/") ? -1 : undefined).split("/");
  if (segments.length === 1 && segments[0] === "") return [];
  return path.includes("%") ? segments.map(decoded) : segments;
}

/** Goes through all that matches, the most specific first: static, mixed, param, wildcard, from left to right. */
export function search<T, R>(root: SegmentNode<T>, what: Search, visit: Visit<T, R>): R | null {
  return walk(root, 0, [], what, visit);
}

/** Only `explain` may come with a path that is not canonical; it is then read as it stands. */
function decoded(segment: string): string {
  return percentDecoded(segment) ?? segment;
}

function walk<T, R>(
  here: SegmentNode<T>,
  at: number,
  values: string[],
  what: Search,
  visit: Visit<T, R>,
): R | null {
  const text = what.segments[at];
  if (text === undefined) return here.value === null ? null : visit(here.value, values);
  const next = here.text === text ? here.next : (here.statics?.get(text) ?? null);
  let found = next === null ? null : walk(next, at + 1, values, what, visit);
  if (found === null && here.folded !== null) {
    const loose = here.folded.get(anyCase(text));
    if (loose !== undefined) found = walk(loose, at + 1, values, what, visit);
  }
  if (found === null && here.mixed !== null) found = walkMixed(here.mixed, false, at, values, what, visit);
  if (found === null && here.foldedMixed !== null)
    found = walkMixed(here.foldedMixed, true, at, values, what, visit);
  if (found === null && here.param !== null) {
    values.push(text);
    found = walk(here.param, at + 1, values, what, visit);
    values.pop();
  }
  if (found === null && here.tails.length > 0) found = walkTails(here, at, values, what, visit);
  // The front page has no pages below it: `/` would else stand for everything.
  if (found === null && what.below && at > 0 && here.value !== null) found = visit(here.value, values);
  return found;
}

function walkMixed<T, R>(
  mixed: MixedChildren<T>,
  folded: boolean,
  at: number,
  values: string[],
  what: Search,
  visit: Visit<T, R>,
): R | null {
  const text = what.segments[at] ?? "";
  const asked = folded ? anyCase(text) : text;
  const kept = values.length;
  for (const length of mixed.lengths) {
    for (const { literals, next } of mixed.byPrefix.get(asked.slice(0, length)) ?? []) {
      const found = matchMixed(literals, text, values, folded)
        ? walk(next, at + 1, values, what, visit)
        : null;
      values.length = kept;
      if (found !== null) return found;
    }
  }
  return null;
}

function walkTails<T, R>(
  here: SegmentNode<T>,
  at: number,
  values: string[],
  what: Search,
  visit: Visit<T, R>,
): R | null {
  for (const { length, next } of here.tails) {
    const last = what.segments.length - length;
    // A value that counts below its place may have its tail anywhere, the shortest wildcard first.
    for (let from = what.below && length > 0 ? at + 1 : Math.max(last, at + 1); from <= last; from++) {
      values.push(what.delimiter === null ? "" : what.segments.slice(at, from).join(what.delimiter));
      const found = walk(next, from, values, what, visit);
      values.pop();
      if (found !== null) return found;
    }
  }
  return null;
}

function child<T>(here: SegmentNode<T>, segment: Segment, following: number): SegmentNode<T> {
  switch (segment.kind) {
    case "static":
      if (segment.folded !== true) return staticChild(here, segment.text);
      here.folded ??= new Map();
      return fetch(here.folded, segment.text, newNode<T>);
    case "param":
      here.param ??= newNode<T>();
      return here.param;
    case "wildcard":
      return tailChild(here, following);
    case "mixed":
      return mixedChild(here, segment);
  }
}

function staticChild<T>(here: SegmentNode<T>, text: string): SegmentNode<T> {
  if (here.next === null || here.text === text) {
    here.text = text;
    here.next ??= newNode();
    return here.next;
  }
  here.statics ??= new Map();
  return fetch(here.statics, text, newNode<T>);
}

function tailChild<T>(here: SegmentNode<T>, length: number): SegmentNode<T> {
  const known = here.tails.find((tail) => tail.length === length);
  if (known !== undefined) return known.next;
  const made: Tail<T> = { length, next: newNode() };
  here.tails = [...here.tails, made].sort((a, b) => b.length - a.length);
  return made.next;
}

function mixedChild<T>(here: SegmentNode<T>, segment: MixedSegment): SegmentNode<T> {
  const { literals } = segment;
  const key = segment.folded === true ? "foldedMixed" : "mixed";
  const mixed: MixedChildren<T> = here[key] ?? { byPrefix: new Map(), lengths: [] };
  here[key] = mixed;
  const prefix = literals[0] ?? "";
  const list = fetch(mixed.byPrefix, prefix, () => [] as MixedChild<T>[]);
  const known = list.find((entry) => entry.literals.join("\0") === literals.join("\0"));
  if (known !== undefined) return known.next;
  const made: MixedChild<T> = { literals, next: newNode<T>() };
  list.push(made);
  list.sort((a, b) => compareLiterals(a.literals, b.literals));
  mixed.lengths = [...new Set([...mixed.byPrefix.keys()].map((key) => key.length))].sort((a, b) => b - a);
  return made.next;
}

/** More text is more specific, then a longer end; the rest is only for the same order every time. */
function compareLiterals(a: readonly string[], b: readonly string[]): number {
  const length = (list: readonly string[]) => list.reduce((n, literal) => n + literal.length, 0);
  const end = (list: readonly string[]) => list[list.length - 1]?.length ?? 0;
  return length(b) - length(a) || end(b) - end(a) || (a.join("\0") < b.join("\0") ? -1 : 1);
}

function fetch<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = make();
  map.set(key, made);
  return made;
}
