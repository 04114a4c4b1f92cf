import { type RawHeaders, without } from "../../domain/raw-headers.ts";

/** What caches go by, the browser's and those on the way. */
const FOR_CACHES: ReadonlySet<string> = new Set([
  "cache-control",
  "expires",
  "pragma",
  "age",
  "surrogate-control",
  "surrogate-key",
  "cdn-cache-control",
  "cloudflare-cdn-cache-control",
  "vercel-cdn-cache-control",
]);

/** The headers of an answer that nobody may keep, whatever the app says of it. Its validators stay: the page's scripts lock by them. */
export function uncached(headers: RawHeaders): RawHeaders {
  const kept = without(headers, (name) => FOR_CACHES.has(name.toLowerCase()));
  return [...kept, "Cache-Control", "private, no-store"];
}
