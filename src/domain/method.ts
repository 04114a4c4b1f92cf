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

/** Request headers that many frameworks let change the method; none of them goes on to the app under a disguise. */
export const METHOD_OVERRIDE_HEADERS: readonly string[] = OVERRIDE_HEADERS;

/** The method that a framework may make of a request, and whether anything asks for another than was sent. */
export interface EffectiveMethod {
  readonly method: string;
  readonly overridden: boolean;
}

/** Reads `_method` in the query and the override headers (lower-case names). Headers are dropped, so they only count as overriding. */
export function effectiveMethod(
  method: string,
  query: string | null,
  headers: Readonly<Record<string, string | readonly string[] | undefined>>,
): EffectiveMethod {
  const asked = query === null || !query.includes("_method") ? null : inQuery(query);
  const byHeader = OVERRIDE_HEADERS.some((name) => headers[name] !== undefined);
  if (asked === null) return { method, overridden: byHeader };
  return { method: METHOD.test(asked) ? asked.toUpperCase() : "UNKNOWN", overridden: true };
}

function inQuery(query: string): string | null {
  return new URLSearchParams(query).getAll("_method").at(-1) ?? null;
}
