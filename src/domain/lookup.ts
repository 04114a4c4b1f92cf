import type { OwnerLookup } from "./owner.ts";

/** What a param must look like before anybody is asked about it. */
export const PLAIN_PARAM = /^[A-Za-z0-9_-]{1,128}$/;

/**
 * The question to ask about an address. A param that is no plain id is emptied, so that it can be told apart from one
 * that isn't there and never gets into a key, a URL or a query. `grammar` is the route's own, anchored; null for the default.
 */
export function ownerLookup(
  resolver: string,
  params: Readonly<Record<string, string>>,
  path: string,
  host: string,
  grammar: RegExp | null = null,
): OwnerLookup {
  const plain: Record<string, string> = Object.create(null);
  const pairs: string[][] = [];
  for (const [name, value] of Object.entries(params)) {
    const isFit = isPlain(value, grammar ?? PLAIN_PARAM);
    plain[name] = isFit ? value : "";
    if (isFit) pairs.push([name, value]);
  }
  return { resolver, params: plain, path, host, key: JSON.stringify([resolver, pairs.sort(byName)]) };
}

// A route's own grammar may be generous; escapes, controls, backslashes and dot segments stay out whatever it says.
function isPlain(value: string, grammar: RegExp): boolean {
  return grammar.test(value) && !/[%\p{Cc}\\]/u.test(value) && value !== "." && value !== "..";
}

function byName(a: readonly string[], b: readonly string[]): number {
  return (a[0] ?? "") < (b[0] ?? "") ? -1 : 1;
}
