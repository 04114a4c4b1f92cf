/** Whether a page from this origin may open a socket here, and why. */
type OriginVerdict =
  | { readonly allowed: true; readonly why: "own-traffic" | "same-origin" }
  | { readonly allowed: false; readonly why: "missing" | "foreign" };

/** `publicOrigins` are what browsers call the app: `https://app.example.com`. */
interface OriginPolicy {
  readonly publicOrigins: readonly string[];
  /** The request would run as somebody else. */
  readonly impersonating: boolean;
}

/**
 * Judges the `Origin` of an upgrade, which no CORS check of a browser does. Under an impersonation it must be the app's own; what
 * else runs passes with its `Origin` as it is, for the app has its own native and foreign clients and its own check.
 */
export function originAllowed(origin: string | undefined, policy: OriginPolicy): OriginVerdict {
  if (!policy.impersonating) return { allowed: true, why: "own-traffic" };
  if (origin === undefined || origin === "") return { allowed: false, why: "missing" };
  const sent = origin.toLowerCase();
  // What has no origin of its own says `null`, and is nobody's page.
  if (sent === "null") return { allowed: false, why: "foreign" };
  const same = policy.publicOrigins.some((own) => URL.canParse(own) && new URL(own).origin === sent);
  return same ? { allowed: true, why: "same-origin" } : { allowed: false, why: "foreign" };
}
