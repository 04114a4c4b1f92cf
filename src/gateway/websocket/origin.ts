/** Whether a page of this origin may open a WebSocket, and why. */
type OriginVerdict =
  | { readonly allowed: true; readonly why: "own-traffic" | "same-origin" }
  | { readonly allowed: false; readonly why: "missing" | "foreign" };

/** `publicOrigins` are what browsers call the app: `https://app.example.com`. */
interface OriginPolicy {
  readonly publicOrigins: readonly string[];
  /** The request runs under an impersonation. */
  readonly impersonating: boolean;
}

/**
 * Judges the `Origin` of an upgrade: browsers do no CORS check there. Under an impersonation it must be the app's own. Own traffic passes
 * with any `Origin`, since the app has clients of its own and checks them itself.
 */
export function originAllowed(origin: string | undefined, policy: OriginPolicy): OriginVerdict {
  if (!policy.impersonating) return { allowed: true, why: "own-traffic" };
  if (origin === undefined || origin === "") return { allowed: false, why: "missing" };
  const sent = origin.toLowerCase();
  // A page without an origin (a sandbox, a `data:` address) sends `null`.
  if (sent === "null") return { allowed: false, why: "foreign" };
  const same = policy.publicOrigins.some((own) => URL.canParse(own) && new URL(own).origin === sent);
  return same ? { allowed: true, why: "same-origin" } : { allowed: false, why: "foreign" };
}
