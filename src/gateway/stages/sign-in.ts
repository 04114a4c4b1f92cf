import type { Identity } from "../../domain/identity.ts";
import { modeAt } from "../../domain/impersonation.ts";
import { Fault } from "../../errors.ts";
import type { Maybe } from "../../ports.ts";
import type { AppSession } from "../../sessions/app-sessions.ts";
import { after } from "../after.ts";
import type { Committed, Signed } from "../request.ts";
import type { Services } from "../services/services.ts";
import { identityHeaders } from "../sign-in/identity-headers.ts";
import { type Asking, askingOf, obtain, trustOf, valuesOf } from "../sign-in/obtain.ts";

/**
 * Signs the identity at `now` (ms), when an impersonation must not have ended, and signs in to an app that keeps its own login. Own
 * traffic is signed only for a known caller, and only where the config says so. Throws a Fault, `sign-in-failed` among them.
 */
export function sign(services: Services, committed: Committed, now: number): Maybe<Signed> {
  const { effects, snapshot } = committed;
  const { trueUser, impersonation } = effects;
  const unsaid = trueUser === null || (impersonation === null && snapshot.settings.headers.when !== "always");
  const headers = () => (unsaid ? [] : headersFor(services, committed, trueUser, now));
  const told = after(refuseForeignCode(committed), headers);
  return after(told, (said) => signedBy(services, committed, said));
}

/** A code of our provider's for anybody else would make the app's session in the jar theirs. Throws a Fault `account-linking`. */
function refuseForeignCode({ effects, snapshot, url }: Committed): Maybe<void> {
  const { impersonation } = effects;
  const { provider } = snapshot;
  if (impersonation === null || provider === null || url.query === null) return;
  const codes = new URLSearchParams(url.query).getAll("code");
  if (codes.length === 0) return;
  return Promise.all(codes.map((code) => provider.mayRedeem(code, impersonation.id))).then((all) => {
    if (all.includes(false))
      throw new Fault("account-linking", "a code for somebody else was brought to the app");
  });
}

function signedBy(services: Services, committed: Committed, headers: readonly string[]): Maybe<Signed> {
  const own = isOwnTab(committed);
  const card = own ? services.cards.of(services, committed) : null;
  // Of a route that says so.
  const help = own && committed.match.route?.target.help === true;
  const ownPage = card === null && !help ? null : { card, help };
  const signIn = { headers, session: null, presented: null };
  const signed = { ...committed, signIn, ownPage, withheld: { count: 0 } };
  const asking = askingOf(committed, headers);
  return asking === null ? signed : signedIn(services, signed, asking);
}

async function signedIn(services: Services, signed: Signed, asking: Asking): Promise<Signed> {
  const session = await sessionFor(services, asking);
  const values = session.made === null ? null : valuesOf(session.made);
  const { headers } = signed.signIn;
  return { ...signed, signIn: { headers, session, presented: values && asking.signIn.present(values) } };
}

/** That which is known, unless this process has seen a newer one. */
async function sessionFor(services: Services, asking: Asking): Promise<AppSession> {
  const { app } = asking.committed.snapshot.settings;
  const { generation } = trustOf(services, asking);
  const known = services.impersonations.appSessions.known(asking.impersonation.id, app);
  if (known !== null && known.made !== null && known.generation >= generation) return known;
  return await obtain(services, asking, Math.max(0, generation - 1));
}

function headersFor(
  services: Services,
  committed: Committed,
  trueUser: Identity,
  now: number,
): Promise<readonly string[]> {
  const { client, effects, snapshot } = committed;
  const { passes } = snapshot.settings.headerRules;
  const { impersonation } = effects;
  const told = {
    trueUser,
    effectiveUser: impersonation?.effectiveUser ?? trueUser,
    impersonation: impersonation && {
      id: impersonation.id,
      mode: modeAt(impersonation, committed.at),
      reason: impersonation.reason,
      ticket: impersonation.ticket,
      until: impersonation.expiresAt,
    },
  };
  const passed = (name: string) => impersonation === null && passes(client.peer, name);
  return identityHeaders(services.tokens, snapshot.settings, told, { now, passed });
}

/** A page that a tab opens as nobody else: only such a page says anything to its customer, or offers help. */
export function isOwnTab({ effects, navigation, browser, site, method }: Committed): boolean {
  if (effects.impersonation !== null || !navigation.topLevel || method !== "GET") return false;
  return browser.secret === null && site.label === null;
}
