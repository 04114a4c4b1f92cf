import { isNamed, parseCookies } from "../../domain/cookies/cookie.ts";
import { labelBelow } from "../../domain/routing/label-host.ts";
import { type Credentials, isLabel, type Label } from "../../sessions/labels.ts";
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
  received: Received,
): Promise<Label> {
  const { origin, authority, host } = received;
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

/** What identity sources go by, of a request to the app's own host. */
export function credentialsOf(received: Received): Credentials {
  const { identityHeaders, identityCookies } = received.snapshot.settings;
  const named = identityHeaders.flatMap((name) => {
    const values = received.raw.headersDistinct[name];
    return values === undefined ? [] : [[name, values] as const];
  });
  const pairs = parseCookies(received.cookies).filter(({ name }) => isNamed(name, identityCookies));
  // The first of a name counts, as it does where sources are asked.
  const cookies = pairs.toReversed().map(({ name, value }) => [name, value] as const);
  return {
    headers: Object.fromEntries(named),
    cookies: Object.fromEntries(cookies),
    peer: received.raw.socket.remoteAddress ?? "",
  };
}
