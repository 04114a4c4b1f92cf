import { createHash } from "node:crypto";
import { type CustomerCard as Card, isOpen } from "../../domain/consent/consent.ts";
import type { CustomerSaid } from "../../domain/consent/said.ts";
import { admit } from "../../domain/grant.ts";
import { labelOf } from "../../domain/identity.ts";
import type { Impersonation } from "../../domain/impersonation.ts";
import { setBounded } from "../../domain/remembering.ts";
import { credentialsOf } from "../isolation/label-of.ts";
import type { Received } from "../request.ts";
import type { Cards, Services } from "../services/services.ts";
import { callerOf } from "../stages/identify.ts";

type Known = { readonly person: string | null; readonly until: number };

export function cards(consents: Pick<Services["consents"], "onChanged">): Cards {
  const asks = new Map<string, Card>();
  const views = new Map<string, ReadonlyMap<string, Card>>();
  const people = new Map<string, Known>();
  const asked = (customer: string, { consents }: CustomerSaid): void => {
    const open = consents.find((it) => it.state === "asked" && it.origin === "asked");
    if (open === undefined) asks.delete(customer);
    else asks.set(customer, { kind: "asks", who: open.who, since: open.askedAt });
  };
  const leave = consents.onChanged(asked);
  let leaveEnded: (() => void) | null = null;
  const ended = ({ id, effectiveUser }: Impersonation): void => {
    const rest = new Map(views.get(effectiveUser.id));
    rest.delete(id);
    if (rest.size === 0) views.delete(effectiveUser.id);
    else views.set(effectiveUser.id, rest);
  };
  const begun = (services: Services, it: Impersonation): void => {
    const card = viewCard(services, it);
    const { id } = it.effectiveUser;
    if (card !== null) views.set(id, new Map([...(views.get(id) ?? []), [it.id, card]]));
  };
  return {
    of: (services, received) => {
      if (asks.size === 0 && views.size === 0) return null;
      const person = personOf(services, received, people);
      if (person === null) return null;
      const [view] = views.get(person)?.values() ?? [];
      return view ?? asks.get(person) ?? null;
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

function viewCard({ config }: Services, it: Impersonation): Card | null {
  const { agent, effectiveUser, startedAt: since, end } = it;
  const admission = admit(config.current().policy, agent, effectiveUser);
  if (end !== null || admission.kind === "refused" || admission.grant.consent.mode === "none") return null;
  return { kind: "views", who: admission.grant.consent.alias ?? labelOf(agent), since };
}

/** By what was learned of this session before; else it is learned now, and nobody waits for it. */
function personOf(services: Services, received: Received, people: Map<string, Known>): string | null {
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

async function learn(
  services: Services,
  received: Received,
  people: Map<string, Known>,
  key: string,
): Promise<void> {
  const { cardKnownFor, cardSessions } = received.snapshot.settings.access;
  const { who } = await callerOf(services, received);
  const person = who.kind === "known" ? who.identity.id : null;
  setBounded(people, cardSessions, key, { person, until: services.clock.monotonic() + cardKnownFor });
}
