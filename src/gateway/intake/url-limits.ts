import type { Settings } from "../../config/snapshot.ts";
import type { UrlLimits } from "../../domain/routing/canonical-url.ts";

/** What `canonicalUrl` has to know of the config; the same object for the same settings. */
export function urlLimits(settings: Settings): UrlLimits {
  let known = cache.get(settings);
  if (known === undefined) {
    const { url, segments, segment } = settings.limits;
    known = { url, segments, segment, encodedSlash: settings.upstream.encodedSlash };
    cache.set(settings, known);
  }
  return known;
}

const cache = new WeakMap<Settings, UrlLimits>();
