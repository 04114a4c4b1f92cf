import type { Pattern, PatternReading, Segment } from "./pattern.ts";
import { parsePattern, pathPatterns } from "./route.ts";

/** A value for a param that no pattern contains, so a pattern that matches it matches any value. */
const ANY = "q7x3zk";

/** Canonical paths that a pattern means, at least one of each of its readings, with `any` for each param; none for a pattern with a problem. */
export function samplePaths(pattern: string | null, any = ANY): readonly string[] {
  return samples(pathPatterns(pattern), "/", any).map((path) => `/${path}`);
}

/** Hosts that a pattern means; for none, a host that no pattern names. */
export function sampleHosts(pattern: string | null): readonly string[] {
  return pattern === null ? [`${ANY}.invalid`] : samples(parsePattern(pattern, "host"), ".", ANY);
}

/** A page below a path. */
export function sampleBelow(path: string): string {
  return `${path === "/" ? "" : path}/${ANY}`;
}

/** A path in the other case of letters, its escapes as they are. */
export function sampleInOtherCase(path: string): string {
  return path.replace(/%[0-9A-F]{2}|[a-z]|[A-Z]/gi, (it) => {
    if (it.length > 1) return it;
    return it === it.toLowerCase() ? it.toUpperCase() : it.toLowerCase();
  });
}

/** Addresses that some servers read as this path: what restricts a path restricts them, what allows it does not allow all of them. */
export function sampleSpellings(path: string): readonly string[] {
  return [sampleInOtherCase(path), `${path};${ANY}`, `${path}.${ANY}`, `${path}.`];
}

type Delimiter = "/" | ".";

function samples(reading: PatternReading, delimiter: Delimiter, any: string): readonly string[] {
  if (reading.kind === "problem") return [];
  return reading.patterns.flatMap((pattern) => {
    const sample = (wildcard: string) => sampleOf(pattern, delimiter, any, wildcard);
    // A wildcard is one segment or more.
    return pattern.wildcard === null ? [sample("")] : [sample(any), sample(`${any}${delimiter}${any}`)];
  });
}

function sampleOf({ segments }: Pattern, delimiter: Delimiter, any: string, wildcard: string): string {
  return segments.map((segment) => textOf(segment, delimiter, any, wildcard)).join(delimiter);
}

function textOf(segment: Segment, delimiter: Delimiter, any: string, wildcard: string): string {
  const written = (text: string) => (delimiter === "/" ? encodeURIComponent(text) : text);
  switch (segment.kind) {
    case "static":
      return written(segment.text);
    case "mixed":
      return segment.literals.map(written).join(any);
    case "param":
      return any;
    case "wildcard":
      return wildcard;
  }
}
