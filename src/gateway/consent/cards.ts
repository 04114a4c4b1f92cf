import { createHash } from "node:crypto";
import { type CustomerCard as Card, type Consent, isOpen } from "../../domain/consent/consent.ts";
import type { CustomerSaid } from "../../domain/consent/said.ts";
import { isNamed, parseCookies, parseSetCookie } from "../../domain/cookies/cookie.ts";
import { admit } from "../../domain/grant.ts";
import { labelOf } from "../../domain/identity.ts";
import type { Impersonation } from "../../domain/impersonation.ts";
import { type RawHeaders, valuesOf } from "../../domain/raw-headers.ts";
import { setBounded } from "../../domain/remembering.ts";
import { callerOf } from "../caller.ts";
import { credentialsOf } from "../isolation/label-of.ts";
import type { Received } from "../request.ts";
import { getOrInsert } from "../services/get-or-insert.ts";
import type { Cards, Services } from "../services/services.ts";

type Person = { readonly id: string; readonly language: string | null };
type Known = { readonly person: Person | null; readonly until: number };
/** `within`: the impersonation in which more is asked for. */
type Ask = Card & { readonly within: string | null };

export function cards(consents: Pick<Services["consents"], "onChanged">): Cards {
  const asks = new Map<string, Ask>();
  const views = new Map<string, Map<string, Card>>();
  const people = new Map<string, Known>();
  const asked = (customer: string, { consents }: CustomerSaid): void => {
    const open = consents.find((it) => it.state === "asked" && it.origin === "asked");
    if (open === undefined) asks.delete(customer);
    else asks.set(customer, askCard(open));
  };
  const leave = consents.onChanged(asked);
  let leaveEnded: (() => void) | null = null;
  const ended = ({ id, effectiveUser }: Impersonation): void => {
    const rest = views.get(effectiveUser.id);
    rest?.delete(id);
    if (rest?.size === 0) views.delete(effectiveUser.id);
  };
  const begun = (services: Services, it: Impersonation): void => {
    const card = viewCard(services, it);
    if (card !== null) getOrInsert(views, it.effectiveUser.id, () => new Map()).set(it.id, card);
  };
  return {
    of: (services, received) => {
      if (asks.size === 0 && views.size === 0) return null;
      const person = personOf(services, received, people);
      if (person === null) return null;
      const { id, language } = person;
      const ask = asks.get(id);
      const [view] = views.get(id)?.values() ?? [];
      if (view !== undefined) return { ...view, language, asksForMore: ask?.within === view.about };
      return ask === undefined ? null : { ...ask, language };
    },
    answered: (services, received, headers) => {
      if (asks.size === 0 && views.size === 0) return;
      const next = withCookies(received, headers, services.clock.now());
      if (next !== null) personOf(services, next, people);
    },
    views: begun,
    refresh: async (services) => {
      const running = await services.impersonations.list();
      views.clear();
      for (const it of running) begun(services, it);
      leaveEnded ??= services.impersonations.onEnded(ended);
      const now = services.clock.now();
      asks.clear();
      for (const [customer, said] of await services.consents.waiting())
        asked(customer, { ...said, consents: said.consents.filter((it) => isOpen(it, now)) });
    },
    close: async () => {
      leave();
      leaveEnded?.();
    },
  };
}

function askCard({ id, customer, who, askedAt, answerBy, ticket, reason, impersonation }: Consent): Ask {
  const about = { customer: customer.id, about: id, why: whyOf({ ticket, reason }) };
  const times = { since: askedAt, until: answerBy };
  return { kind: "asks", who, ...about, ...times, asksForMore: false, language: null, within: impersonation };
}

function whyOf({ ticket, reason }: Pick<Impersonation, "ticket" | "reason">): string | null {
  const said = [ticket, reason].filter((it) => it !== null);
  return said.length === 0 ? null : said.join(": ");
}

function viewCard({ config }: Services, it: Impersonation): Card | null {
  const { agent, effectiveUser, startedAt: since, expiresAt: until, end } = it;
  const admission = admit(config.current().policy, agent, effectiveUser);
  if (end !== null || admission.kind === "refused" || admission.grant.consent.mode === "none") return null;
  const who = admission.grant.consent.alias ?? labelOf(agent);
  const about = { customer: effectiveUser.id, about: it.id, why: whyOf(it) };
  return { kind: "views", who, ...about, since, until, asksForMore: false, language: null };
}

/** By what was learned of this session before; else it is learned now, and nobody waits for it. */
function personOf(services: Services, received: Received, people: Map<string, Known>): Person | null {
  const { headers, cookies, signIn } = credentialsOf(received);
  const shown = JSON.stringify([headers, cookies, signIn ?? null]);
  if (shown === "[{},{},null]") return null;
  const key = createHash("sha256").update(shown).digest("base64url");
  const known = people.get(key);
  const now = services.clock.monotonic();
  const { cardKnownFor, cardSessions } = received.snapshot.settings.access;
  if (known !== undefined && now < known.until) return known.person;
  // One question for all that come meanwhile.
  setBounded(people, cardSessions, key, { person: known?.person ?? null, until: now + cardKnownFor });
  void learn(services, received, people, key);
  return known?.person ?? null;
}

/** As the next request of the same browser will come; null where the answer sets nothing that an identity source reads. */
function withCookies(received: Received, headers: RawHeaders, now: number): Received | null {
  const { identityCookies } = received.snapshot.settings;
  const set = valuesOf(headers, "set-cookie")
    .flatMap((line) => parseSetCookie(line, now) ?? [])
    .filter(({ name }) => isNamed(name, identityCookies));
  if (set.length === 0) return null;
  const pairs = new Map(parseCookies(received.browser.cookies).map(({ name, value }) => [name, value]));
  for (const { name, value, expiresAt } of set) {
    if (expiresAt !== null && expiresAt <= now) pairs.delete(name);
    else pairs.set(name, value);
  }
  const cookies = [...pairs].map((pair) => pair.join("=")).join("; ");
  const credentials = credentialsOf({ ...received, browser: { ...received.browser, cookies } });
  return { ...received, site: { ...received.site, lent: { ...credentials, host: received.site.host } } };
}

async function learn(
  services: Services,
  received: Received,
  people: Map<string, Known>,
  key: string,
): Promise<void> {
  const { cardKnownFor, cardSessions } = received.snapshot.settings.access;
  const { who } = await callerOf(services, received);
  const person =
    who.kind === "known" ? { id: who.identity.id, language: who.identity.language ?? null } : null;
  setBounded(people, cardSessions, key, { person, until: services.clock.monotonic() + cardKnownFor });
}
