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
