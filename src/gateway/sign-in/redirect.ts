import { endsAt, type Impersonation } from "../../domain/impersonation.ts";
import type { RawHeaders } from "../../domain/raw-headers.ts";
import type { UpstreamHead } from "../http/exchange.ts";
import type { Signed } from "../request.ts";
import type { Services } from "../services/services.ts";
import { askedBy, knownOf } from "./session-facts.ts";

/** The parameter by which the provider knows that this impersonation's answer has sent the browser. */
export const HANDLE = "guise_handle";
/** Its way to the provider is one redirect, ms. */
const LASTS = 60_000;

/**
 * The headers of an answer that sends the browser to sign in with our provider, with a handle: it counts once, for just what the app asks
 * for. Without one nobody is signed in to an app as who is viewed.
 */
export async function withHandle(
  services: Services,
  signed: Signed,
  impersonation: Impersonation,
  { status, headers }: UpstreamHead,
): Promise<RawHeaders> {
  const { provider } = signed.snapshot;
  const { secret } = signed.browser;
  const at = headers.findIndex((name, i) => i % 2 === 0 && name.toLowerCase() === "location");
  const location = at < 0 ? null : (headers[at + 1] ?? "");
  if (provider === null || secret === null || location === null || status < 300 || status > 399)
    return headers;
  const url = URL.parse(location, signed.site.origin);
  const { pathname } = new URL(provider.issuer);
  if (url === null || url.pathname !== `${pathname}/auth` || !isOurs(signed, provider.origin, url))
    return headers;
  // What the app itself writes there is no handle of ours.
  url.searchParams.delete(HANDLE);
  const asked = url.searchParams.toString();
  const { agent, id } = impersonation;
  const pass = {
    kind: "authorize",
    agent: agent.id,
    impersonation: id,
    secret,
    until: endsAt(impersonation),
    label: signed.site.label?.name ?? null,
    asked,
    app: signed.snapshot.settings.app,
    made: {
      at: services.clock.now(),
      values: {},
      kept: [],
      by: askedBy(signed),
      known: knownOf(signed, impersonation),
    },
  } as const;
  const code = await services.codes.issue(pass, LASTS);
  const to = `${provider.issuer}/auth?${asked}${asked === "" ? "" : "&"}${HANDLE}=${code}`;
  return headers.map((value, i) => (i === at + 1 ? to : value));
}

/** The provider is on the app's host; on an impersonation's, addresses are turned into that host's. */
function isOurs({ site: { origin, label } }: Signed, provider: string, url: URL): boolean {
  return (
    url.origin === provider || (label !== null && label.app.origin === provider && url.origin === origin)
  );
}
