import { anyCase } from "./pattern.ts";
import { percentDecoded } from "./percent-decoded.ts";

/** What a query says under a name. `doubtful`: servers would read it in different ways, so it says nothing. */
type QueryValue =
  | { readonly kind: "one"; readonly value: string }
  | { readonly kind: "none" }
  | { readonly kind: "doubtful" };

const NONE: QueryValue = { kind: "none" };
const DOUBTFUL = { kind: "doubtful" } as const;

/** All that a query says, by the names that the loosest of all servers sees; `name` is how it is written. */
export type ReadQuery = ReadonlyMap<string, ReadValue>;

type ReadValue =
  | { readonly kind: "one"; readonly name: string; readonly value: string }
  | { readonly kind: "doubtful" };

/**
 * The one value of a parameter that is there once and in its plain spelling. `Post`, `post[]`, `po%73t`, a second `post` and
 * whatever else some framework takes for the same parameter makes it doubtful, and so does `;`, which parts parameters for some.
 */
export function queryValue(query: string | null, name: string): QueryValue {
  const found = readQuery(query).get(folded(name));
  if (found === undefined) return NONE;
  return found.kind === "one" && found.name === name ? { kind: "one", value: found.value } : DOUBTFUL;
}

/** Reads a query once, for several questions. */
export function readQuery(query: string | null): ReadQuery {
  const found = new Map<string, ReadValue>();
  if (query === null || query === "") return found;
  for (const pair of query.split("&")) {
    const pieces = pair.includes(";") ? pair.split(";") : [pair];
    for (const piece of pieces) {
      if (piece === "") continue;
      const stem = folded(nameIn(piece));
      found.set(stem, pieces.length > 1 || found.has(stem) ? DOUBTFUL : oneValue(piece));
    }
  }
  return found;
}

function oneValue(pair: string): ReadValue {
  const equals = pair.indexOf("=");
  const value = equals === -1 ? null : decoded(pair.slice(equals + 1));
  return value === null ? DOUBTFUL : { kind: "one", name: pair.slice(0, equals), value };
}

function nameIn(pair: string): string {
  const equals = pair.indexOf("=");
  const written = equals === -1 ? pair : pair.slice(0, equals);
  return decoded(written) ?? written;
}

/**
 * The name that the loosest of all servers sees: PHP folds dots and spaces and stops at a NUL, PHP, Rails and Express take
 * brackets for structure, ASP.NET compares without case.
 */
export function folded(name: string): string {
  if (/^[a-z0-9_]*$/.test(name)) return name;
  const [seen = ""] = name.split("\0", 1);
  const plain = seen.trim().replace(/^[[\]]+/, "");
  const [stem = ""] = plain.split(/[[\]]/, 1);
  return anyCase(stem).replace(/[ .-]/g, "_");
}

/** As forms of browsers are read; null for what is no UTF-8. */
export function decoded(text: string): string | null {
  return percentDecoded(text.replaceAll("+", " "));
}
