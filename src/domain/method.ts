/** Methods that ask and do not change anything: RFC 9110's, WebDAV's reading ones, and QUERY. */
const SAFE: ReadonlySet<string> = new Set([
  "GET",
  "HEAD",
  "OPTIONS",
  "TRACE",
  "PROPFIND",
  "REPORT",
  "SEARCH",
  "QUERY",
]);

export function isSafe(method: string): boolean {
  return SAFE.has(method);
}

const OVERRIDE_HEADERS = ["x-http-method-override", "x-http-method", "x-method-override"] as const;
const METHOD = /^[A-Za-z]{1,20}$/;
/** In every text that has a field of this name, however it is encoded. */
const MENTION = /(?:m|%6d)(?:e|%65)(?:t|%74)(?:h|%68)(?:o|%6f)(?:d|%64)/i;

/** Request headers that many frameworks let change the method; none of them goes on to the app under a disguise. */
export const METHOD_OVERRIDE_HEADERS: readonly string[] = OVERRIDE_HEADERS;

/** The method that a framework may make of a request, and whether anything asks for another than was sent. */
export interface EffectiveMethod {
  readonly method: string;
  readonly overridden: boolean;
}

/** A method that nobody can tell: what restricts any method restricts it. */
export const UNKNOWN_METHOD = "UNKNOWN";

/** Reads `_method` in the query and the override headers (lower-case names). Headers are dropped, so they only count as overriding. */
export function effectiveMethod(
  method: string,
  query: string | null,
  headers: Readonly<Record<string, string | readonly string[] | undefined>>,
): EffectiveMethod {
  const asked = query === null ? null : methodInFields(query);
  const byHeader = OVERRIDE_HEADERS.some((name) => headers[name] !== undefined);
  return asked === null ? { method, overridden: byHeader } : { method: asked, overridden: true };
}

/** What a `_method` in a query or an urlencoded form makes of a request; of several the last counts. Null: there is none. */
export function methodInFields(fields: string): string | null {
  if (!MENTION.test(fields)) return null;
  const values = [...new URLSearchParams(fields)].filter(([name]) => namesMethod(name));
  const [, value] = values.at(-1) ?? [];
  return value === undefined ? null : methodNamed(value);
}

/** The method of a value that a `_method` field has. */
export function methodNamed(value: string): string {
  return METHOD.test(value) ? value.toUpperCase() : UNKNOWN_METHOD;
}

/** Whether some server takes a field of this name for `_method`: PHP folds dots, spaces and brackets, and stops at a NUL. */
export function namesMethod(name: string): boolean {
  const [seen = ""] = name.split("\0", 1);
  return /^_method(?:_[^\]]*\].*)?$/.test(seen.trimStart().replace(/[ .[]/g, "_"));
}
