import type { OwnerLookup } from "../owner.ts";
import { ID_GRAMMARS, type IdGrammar } from "./id-grammar.ts";
import { queryValue } from "./query-value.ts";

/** A need of a lookup that any route with one param alone meets. */
export const ONLY_PARAM = "$1";

/** `params`: those of the route that are one segment each, in its order; an empty one is one that isn't there. */
interface LookupParts extends Omit<OwnerLookup, "ids" | "key"> {
  /** The grammar of the route's params where it has one of its own. */
  readonly grammar?: IdGrammar | null;
}

/**
 * The question to ask about an address. A param that is no plain id is emptied: it never gets into a key, a URL or a
 * query, and a resolver that needs it answers nobody. One that it doesn't need does no harm.
 */
export function ownerLookup(parts: LookupParts): OwnerLookup {
  const { resolver, path, query, host, grammar } = parts;
  const ids = grammar ?? ID_GRAMMARS.plain;
  const params: Record<string, string> = Object.create(null);
  const pairs: string[][] = [];
  for (const [name, value] of Object.entries(parts.params)) {
    if (value === "") continue;
    const plain = ids.read(value);
    params[name] = plain ?? "";
    if (plain !== null) pairs.push([name, plain]);
  }
  const key = JSON.stringify([resolver, pairs.sort(byName)]);
  return { resolver, params, path, query, host, ids, key };
}

/**
 * What stands for a place of a lookup: a param's name, `$1` for the only param, `path`, `host`, or `query.NAME`. Null when it
 * isn't there, is no plain id, or can be read in two ways.
 */
export function valueFor(place: string, lookup: OwnerLookup): string | null {
  if (place === "path") return lookup.path;
  if (place === "host") return lookup.host;
  if (place.startsWith("query.")) {
    const found = queryValue(lookup.query, place.slice("query.".length));
    return found.kind === "one" ? lookup.ids.read(found.value) : null;
  }
  const name = place === ONLY_PARAM ? Object.keys(lookup.params)[0] : place;
  if (name === undefined || !Object.hasOwn(lookup.params, name)) return null;
  return lookup.params[name] || null;
}

/** Those of the places that a route must have as params. */
export function paramsAmong(places: readonly string[]): readonly string[] {
  return places.filter((place) => place !== "path" && place !== "host" && !place.startsWith("query."));
}

function byName(a: readonly string[], b: readonly string[]): number {
  return (a[0] ?? "") < (b[0] ?? "") ? -1 : 1;
}
