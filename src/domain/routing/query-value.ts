/** What a query says under a name. `doubtful`: servers would read it in different ways, so it says nothing. */
export type QueryValue =
  | { readonly kind: "one"; readonly value: string }
  | { readonly kind: "none" }
  | { readonly kind: "doubtful" };

const NONE: QueryValue = { kind: "none" };
const DOUBTFUL: QueryValue = { kind: "doubtful" };

/**
 * The one value of a parameter that is there once and in its plain spelling. `Post`, `post[]`, `po%73t`, a second `post` and
 * whatever else some framework takes for the same parameter makes it doubtful, and so does `;`, which parts parameters for some.
 */
export function queryValue(query: string | null, name: string): QueryValue {
  if (query === null || query === "") return NONE;
  const wanted = folded(name);
  const found = query.split(/[&;]/).filter((pair) => folded(nameIn(pair)) === wanted);
  const [pair] = found;
  if (pair === undefined) return NONE;
  if (found.length > 1 || !query.split("&").includes(pair)) return DOUBTFUL;
  const equals = pair.indexOf("=");
  if (equals === -1 || pair.slice(0, equals) !== name) return DOUBTFUL;
  const value = decoded(pair.slice(equals + 1));
  return value === null ? DOUBTFUL : { kind: "one", value };
}

function nameIn(pair: string): string {
  const [written = ""] = pair.split("=", 1);
  return decoded(written) ?? written;
}

/**
 * The name that the loosest of all servers sees: PHP folds dots and spaces and stops at a NUL, PHP, Rails and Express take
 * brackets for structure, ASP.NET compares without case.
 */
export function folded(name: string): string {
  const [seen = ""] = name.split("\0", 1);
  const plain = seen.trim().replace(/^[[\]]+/, "");
  const [stem = ""] = plain.split(/[[\]]/, 1);
  return stem.toUpperCase().toLowerCase().replace(/[ .-]/g, "_");
}

function decoded(text: string): string | null {
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch (error) {
    if (error instanceof URIError) return null;
    throw error;
  }
}
