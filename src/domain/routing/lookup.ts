import type { OwnerLookup } from "../owner.ts";

/** What a param must look like before anybody is asked about it. */
export const PLAIN_PARAM = /^[A-Za-z0-9_-]{1,128}$/;

export interface LookupParts {
  /** The name of the resolver in the config, or whatever else tells it from the others. */
  readonly resolver: string;
  /** The params of the route that are one segment each, in its order; an empty one is one that isn't there. */
  readonly params: Readonly<Record<string, string>>;
  /** Canonical path and host of the request. */
  readonly path: string;
  readonly host: string;
  /** The grammar of the route's params where it has one of its own; must be anchored. */
  readonly grammar?: RegExp | null;
}

/**
 * The question to ask about an address. A param that is no plain id is emptied: it never gets into a key, a URL or a
 * query, and a resolver that needs it answers nobody. One that it doesn't need does no harm.
 */
export function ownerLookup(parts: LookupParts): OwnerLookup {
  const params: Record<string, string> = Object.create(null);
  const pairs: string[][] = [];
  for (const [name, value] of Object.entries(parts.params)) {
    if (value === "") continue;
    const isFit = isPlain(value, parts.grammar ?? PLAIN_PARAM);
    params[name] = isFit ? value : "";
    if (isFit) pairs.push([name, value]);
  }
  const key = JSON.stringify([parts.resolver, pairs.sort(byName)]);
  return { resolver: parts.resolver, params, path: parts.path, host: parts.host, key };
}

// A route's own grammar may be generous; escapes, controls, backslashes and dot segments stay out whatever it says.
function isPlain(value: string, grammar: RegExp): boolean {
  return grammar.test(value) && !/[%\p{Cc}\\]/u.test(value) && value !== "." && value !== "..";
}

function byName(a: readonly string[], b: readonly string[]): number {
  return (a[0] ?? "") < (b[0] ?? "") ? -1 : 1;
}
