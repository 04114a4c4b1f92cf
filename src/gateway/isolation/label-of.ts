import { isNamed, parseCookies } from "../../domain/cookies/cookie.ts";
import { labelBelow } from "../../domain/routing/label-host.ts";
import { type AppHost, type Credentials, isLabel, type Label } from "../../sessions/labels.ts";
import type { Received } from "../request.ts";
import type { Services } from "../services/services.ts";

/** The label that a host's name has, if it can be one. */
export function labelIn({ snapshot }: Received, host: string): string | null {
  const { isolation } = snapshot.settings;
  const name = isolation === null ? null : labelBelow(host, isolation.parent);
  return name !== null && isLabel(name) ? name : null;
}

/** The label of the same impersonation for the app's host that this request is for. */
export async function labelFor(
  { labels }: Pick<Services, "labels">,
  label: Label,
  { origin, authority, host }: AppHost,
): Promise<Label> {
  const all = await labels.of(label.impersonation);
  const { impersonation, agent, secret, credentials, until } = label;
  return (
    all.find(({ app }) => app.origin === origin) ??
    (await labels.create({
      ...{ impersonation, agent, secret, credentials, until },
      app: { origin, authority, host },
    }))
  );
}

/** The app's host that a request came to. */
export function appHostOf({ site }: Received): AppHost {
  return { origin: site.origin, authority: site.authority, host: site.host };
}

/** The evidence that identity sources read. */
export function credentialsOf(received: Received): Credentials {
  if (received.site.lent !== null) {
    const { headers, cookies, peer, signIn = null } = received.site.lent;
    return { headers: headers as Credentials["headers"], cookies, peer, signIn };
  }
  const { identityHeaders, identityCookies } = received.snapshot.settings;
  const named = identityHeaders.flatMap((name) => {
    const values = received.raw.headersDistinct[name];
    return values === undefined ? [] : [[name, values] as const];
  });
  const pairs = parseCookies(received.browser.cookies).filter(({ name }) => isNamed(name, identityCookies));
  // The first cookie of a name counts, as for the identity sources.
  const cookies = pairs.toReversed().map(({ name, value }) => [name, value] as const);
  const line = pairs.map(({ name, value }) => `${name}=${value}`).join("; ");
  return {
    headers: { ...Object.fromEntries(named), ...(line === "" ? {} : { cookie: [line] }) },
    cookies: Object.fromEntries(cookies),
    peer: received.raw.socket.remoteAddress ?? "",
    signIn: received.browser.signIn,
  };
}
