/** The languages of all that agents and customers read in pages, the usual one first. */
export const LANGUAGES = ["en", "de", "fr", "es", "pt", "ja", "ar"] as const;
export type Language = (typeof LANGUAGES)[number];

const MOST = 16;

/** The language of a page for a browser; the usual one where it wants none of ours. */
export function languageFor(acceptLanguage: string | undefined): Language {
  return wantedOf(acceptLanguage) ?? "en";
}

/** The first of ours that an `Accept-Language`, or a claim like `de-AT`, wants most; null where it wants none of them. */
export function wantedOf(said: string | null | undefined): Language | null {
  const wanted = (said ?? "").split(",", MOST).map((part) => {
    const [tag = "", ...parameters] = part.split(";").map((text) => text.trim().toLowerCase());
    const q = Number(parameters.find((it) => it.startsWith("q="))?.slice(2) ?? 1);
    return { language: tag.split(/[-_]/)[0], q: Number.isFinite(q) ? q : 0 };
  });
  for (const { language, q } of wanted.toSorted((one, other) => other.q - one.q)) {
    const found = q > 0 ? LANGUAGES.find((it) => it === language) : undefined;
    if (found !== undefined) return found;
  }
  return null;
}
