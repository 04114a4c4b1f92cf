import { percentDecoded } from "./percent-decoded.ts";

/** What stands between two slashes of a path, or two dots of a host. `literals` has the text around each param of a mixed one.
 * `folded`: any case of letters meets it, its own texts are folded. */
export type Segment =
  | { readonly kind: "static"; readonly text: string; readonly folded?: true }
  | { readonly kind: "mixed"; readonly literals: readonly string[]; readonly folded?: true }
  | { readonly kind: "param" }
  | { readonly kind: "wildcard" };

/** One plain reading of a written pattern; `names` are its params in order of place, `wildcard` the one that is many segments. */
export interface Pattern {
  readonly segments: readonly Segment[];
  readonly names: readonly string[];
  readonly wildcard: string | null;
}

/** A written pattern once its optional groups are spelt out, or what is wrong with it. */
export type PatternReading =
  | { readonly kind: "patterns"; readonly patterns: readonly Pattern[] }
  | { readonly kind: "problem"; readonly message: string };

/** path-to-regexp's tokens, by shape. */
type Token =
  | { readonly type: "text"; readonly value: string }
  | { readonly type: "param" | "wildcard"; readonly name: string }
  | { readonly type: "group"; readonly tokens: readonly Token[] };

type Flat = Exclude<Token, { type: "group" }>;

const MOST_READINGS = 64;

/** How many plain patterns the optional groups make: each may be there or not. */
function countReadings(tokens: readonly Token[]): number {
  return tokens.reduce((n, token) => (token.type === "group" ? n * (1 + countReadings(token.tokens)) : n), 1);
}

/** Tokens of a path (`/` between segments) or of a host (`.`) as plain patterns. */
export function readTokens(tokens: readonly Token[], delimiter: "/" | "."): PatternReading {
  const readings = countReadings(tokens);
  if (readings > MOST_READINGS) {
    return problem(
      `its optional parts can be read in ${readings} ways; ${MOST_READINGS} is the most, so write several patterns`,
    );
  }
  const patterns: Pattern[] = [];
  for (const flat of spellOut(tokens)) {
    const read = readFlat(flat, delimiter);
    if (typeof read === "string") return problem(read);
    patterns.push(read);
  }
  return { kind: "patterns", patterns };
}

/** The same for all patterns that the same addresses match, as far as an index can tell them apart. */
export function shapeOf(pattern: Pattern): string {
  return pattern.segments.map(shapeOfSegment).join("/");
}

/** By way of capitals, as half of all servers compare: so the long s and the dotless i are the letters that they become. */
export function anyCase(text: string): string {
  return text.toUpperCase().toLowerCase();
}

/** The same pattern for any case of letters. Params keep theirs. `mark` is empty where what is asked about was folded before. */
export function inAnyCase(pattern: Pattern, mark: { readonly folded?: true } = { folded: true }): Pattern {
  const segments = pattern.segments.map((segment): Segment => {
    if (segment.kind === "static") return { kind: "static", text: anyCase(segment.text), ...mark };
    if (segment.kind !== "mixed") return segment;
    return { kind: "mixed", literals: segment.literals.map(anyCase), ...mark };
  });
  return { ...pattern, segments };
}

/**
 * Takes the params of a mixed segment from the left and adds them to `values`; false when the text doesn't fit. `folded` says
 * that the literals are, and any case of letters meets them: where folding makes a text longer, nothing fits.
 */
export function matchMixed(
  literals: readonly string[],
  written: string,
  values: string[],
  folded = false,
): boolean {
  const text = folded ? anyCase(written) : written;
  if (text.length !== written.length) return false;
  const first = literals[0] ?? "";
  const last = literals[literals.length - 1] ?? "";
  const end = text.length - last.length;
  if (!text.startsWith(first) || !text.endsWith(last)) return false;
  let at = first.length;
  for (let i = 1; i < literals.length - 1; i++) {
    const literal = literals[i] ?? "";
    const found = text.indexOf(literal, at + 1);
    if (found === -1 || found + literal.length > end) return false;
    values.push(written.slice(at, found));
    at = found + literal.length;
  }
  if (at >= end) return false;
  values.push(written.slice(at, end));
  return true;
}

function problem(message: string): PatternReading {
  return { kind: "problem", message };
}

function shapeOfSegment(segment: Segment): string {
  switch (segment.kind) {
    case "static":
      return (segment.folded === true ? "i" : "") + JSON.stringify(segment.text);
    case "param":
      return ":";
    case "wildcard":
      return "*";
    case "mixed": {
      const [first = "", ...rest] = segment.literals;
      const length = segment.literals.reduce((n, literal) => n + literal.length, 0);
      return `${segment.folded === true ? "i" : ""}${JSON.stringify(first)}:${length}:${JSON.stringify(rest[rest.length - 1] ?? "")}`;
    }
  }
}

function spellOut(tokens: readonly Token[]): readonly (readonly Flat[])[] {
  let found: readonly (readonly Flat[])[] = [[]];
  for (const token of tokens) {
    const tails: readonly (readonly Flat[])[] =
      token.type === "group" ? [[], ...spellOut(token.tokens)] : [[token]];
    found = found.flatMap((head) => tails.map((tail) => [...head, ...tail]));
  }
  return found;
}

/** A segment while it is read: text and params in turn, beginning and ending with text. */
interface Draft {
  readonly literals: string[];
  wildcard: boolean;
}

function readFlat(tokens: readonly Flat[], delimiter: "/" | "."): Pattern | string {
  const names: string[] = [];
  let draft: Draft = { literals: [""], wildcard: false };
  const drafts = [draft];
  for (const token of tokens) {
    if (token.type === "text") {
      const [head = "", ...others] = token.value.split(delimiter);
      draft.literals[draft.literals.length - 1] += head;
      for (const text of others) {
        draft = { literals: [text], wildcard: false };
        drafts.push(draft);
      }
    } else {
      if (names.includes(token.name)) return `it names \`${token.name}\` twice; give each its own name`;
      if (token.name === "__proto__") return "`__proto__` can not be a name; write another";
      names.push(token.name);
      draft.literals.push("");
      draft.wildcard ||= token.type === "wildcard";
    }
  }
  const segments = finish(delimiter === "/" ? pathDrafts(drafts) : drafts, delimiter);
  if (typeof segments === "string") return segments;
  const wildcard = tokens.find((token) => token.type === "wildcard");
  return { segments, names, wildcard: wildcard?.type === "wildcard" ? wildcard.name : null };
}

/** What stands before the first slash is empty, and a slash at the end says nothing. */
function pathDrafts(drafts: readonly Draft[]): readonly Draft[] | string {
  const isEmpty = (draft: Draft | undefined) => draft?.literals.length === 1 && draft.literals[0] === "";
  if (drafts.length < 2 || !isEmpty(drafts[0])) return "it must begin with `/`";
  return isEmpty(drafts[drafts.length - 1]) ? drafts.slice(1, -1) : drafts.slice(1);
}

function finish(drafts: readonly Draft[] | string, delimiter: string): readonly Segment[] | string {
  if (typeof drafts === "string") return drafts;
  const segments: Segment[] = [];
  for (const draft of drafts) {
    const segment = finishDraft(draft, delimiter);
    if (typeof segment === "string") return segment;
    segments.push(segment);
  }
  if (segments.filter((segment) => segment.kind === "wildcard").length > 1) {
    return "it has two wildcards; one is the most";
  }
  return segments;
}

function finishDraft(draft: Draft, delimiter: string): Segment | string {
  const literals: string[] = [];
  for (const written of draft.literals) {
    const text = delimiter === "/" ? percentDecoded(written) : written.toLowerCase();
    if (text === null) return `\`${written}\` is not decodable; write a percent sign as \`%25\``;
    literals.push(text);
  }
  const [only = ""] = literals;
  if (literals.length === 1) return unfit(only, delimiter) ?? { kind: "static", text: only };
  const bare = literals.every((literal) => literal === "");
  if (draft.wildcard) {
    return bare && literals.length === 2
      ? { kind: "wildcard" }
      : `a wildcard must be a whole segment, as in \`${delimiter}*rest\``;
  }
  if (bare && literals.length === 2) return { kind: "param" };
  if (literals.slice(1, -1).includes("")) return "two params stand side by side; put text between them";
  return { kind: "mixed", literals };
}

/** Text that no canonical address can have, so that a pattern with it would never match. */
function unfit(text: string, delimiter: string): string | null {
  if (text === "") return `it has an empty segment (\`${delimiter}${delimiter}\`), which never comes`;
  if (delimiter === ".") {
    return /^[a-z0-9_-]+$/.test(text)
      ? null
      : `\`${text}\` is no part of a host name; names like \`bücher\` are written \`xn--…\``;
  }
  if (text === "." || text === "..") return "it has a `.` or `..` segment, which never comes";
  const odd = [...text].some((c) => c < " " || c === "\x7f" || c === "\\" || c === "#");
  return odd ? `\`${text}\` has a character that no path has` : null;
}
