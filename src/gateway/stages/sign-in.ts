import type { CustomerCard } from "../../domain/consent/consent.ts";
import type { Identity } from "../../domain/identity.ts";
import type { Mode } from "../../domain/impersonation.ts";
import { modeAt } from "../../domain/impersonation.ts";
import type { Maybe } from "../../ports.ts";
import type { AppSession } from "../../sessions/app-sessions.ts";
import { after } from "../after.ts";
import { headerRules } from "../intake/header-rules.ts";
import type { Committed, Signed } from "../request.ts";
import type { Services } from "../services/services.ts";
import { type Asking, askingOf, obtain, trustOf, valuesOf } from "../sign-in/obtain.ts";

/**
 * Signs the identity at `now` (ms), when an impersonation must not have ended, and signs in to an app that keeps its own login. Own
 * traffic is signed only for a known caller, and only where the config says so. Throws a Fault, `sign-in-failed` among them.
 */
export function sign(services: Services, committed: Committed, now: number): Maybe<Signed> {
  const { effects, snapshot } = committed;
  const { trueUser, impersonation } = effects;
  const unsaid = trueUser === null || (impersonation === null && snapshot.settings.headers.when !== "always");
  const headers = unsaid ? [] : headersFor(services, committed, trueUser, now);
  return after(headers, (identityHeaders) => signedBy(services, committed, identityHeaders));
}

function signedBy(
  services: Services,
  committed: Committed,
  identityHeaders: readonly string[],
): Maybe<Signed> {
  const card = cardFor(services, committed);
  const signed = { ...committed, identityHeaders, appSession: null, presented: null, card };
  const asking = askingOf(committed, identityHeaders);
  return asking === null ? signed : signedIn(services, signed, asking);
}

async function signedIn(services: Services, signed: Signed, asking: Asking): Promise<Signed> {
  const session = await sessionFor(services, asking);
  const values = session.made === null ? null : valuesOf(session.made);
  return { ...signed, appSession: session, presented: values && asking.signIn.present(values) };
}

/** That which is known, unless this process has seen a newer one. */
async function sessionFor(services: Services, asking: Asking): Promise<AppSession> {
  const { app } = asking.committed.snapshot.settings;
  const { generation } = trustOf(services, asking);
  const known = services.impersonations.appSessions.known(asking.impersonation.id, app);
  if (known !== null && known.made !== null && known.generation >= generation) return known;
  return await obtain(services, asking, Math.max(0, generation - 1));
}

async function headersFor(
  services: Services,
  committed: Committed,
  trueUser: Identity,
  now: number,
): Promise<readonly string[]> {
  const { effects, snapshot } = committed;
  const { headers, token } = snapshot.settings;
  const effectiveUser = effects.impersonation?.effectiveUser ?? trueUser;
  const mode: Mode = effects.impersonation === null ? "read" : modeAt(effects.impersonation, committed.at);
  const who = {
    principal: { trueUser, effectiveUser },
    impersonation: effects.impersonation && {
      id: effects.impersonation.id,
      mode,
      reason: effects.impersonation.reason,
      ticket: effects.impersonation.ticket,
      until: effects.impersonation.expiresAt,
    },
    issuer: token.issuer,
    audience: token.audience,
    lifetime: token.lifetime,
  };
  const assertion = await services.tokens.sign(who, now);
  const plain = headers.plain ? unsigned(committed, effectiveUser, trueUser) : [];
  return [headers.assertion, assertion, ...plain];
}

/** Only a page that a tab opens as nobody else says anything to its customer. */
function cardFor(services: Services, committed: Committed): CustomerCard | null {
  const { effects, navigation, browser, site, method } = committed;
  if (effects.impersonation !== null || !navigation.topLevel || method !== "GET") return null;
  if (browser.secret !== null || site.label !== null) return null;
  return services.cards.of(services, committed);
}

/** The unsigned headers, each once. In own traffic one that a trusted proxy sent (`headers.pass`) stays as it is. */
function unsigned(
  { snapshot: { settings }, effects, client }: Committed,
  effectiveUser: Identity,
  trueUser: Identity,
): readonly string[] {
  const { headers } = settings;
  const said: readonly (readonly [name: string | null, value: string | null])[] = [
    [headers.user, ascii(effectiveUser.id)],
    [headers.trueUser, ascii(trueUser.id)],
    [headers.impersonation, effects.impersonation?.id ?? null],
    [headers.email, effectiveUser.email && ascii(effectiveUser.email)],
    [headers.name, effectiveUser.name && spaced(effectiveUser.name)],
    [headers.groups, effectiveUser.groups?.map(listed).join(",") ?? null],
  ];
  const { passes } = headerRules(settings);
  return said.flatMap(([name, value]) =>
    name === null || value === null || (effects.impersonation === null && passes(client.peer, name))
      ? []
      : [name, value],
  );
}

/** Header values are ASCII: anything else in an id is percent-encoded, so that no server can read it differently. */
function ascii(id: string): string {
  return /^[\x21-\x24\x26-\x7e]*$/.test(id) ? id : encoded(id);
}

/** The same for names of people, in which single spaces stay. */
function spaced(name: string): string {
  return /^[\x21-\x24\x26-\x7e]+(?: [\x21-\x24\x26-\x7e]+)*$/.test(name) ? name : encoded(name);
}

/** A lone surrogate, which JSON can hold, has no UTF-8 form and is replaced. */
function encoded(text: string): string {
  return encodeURIComponent(text.toWellFormed());
}

/** One item of a list that commas separate. */
function listed(group: string): string {
  return group.includes(",") ? encoded(group) : spaced(group);
}
