import type { CustomerCard } from "../../domain/consent/consent.ts";
import type { Identity } from "../../domain/identity.ts";
import type { Mode } from "../../domain/impersonation.ts";
import { modeAt } from "../../domain/impersonation.ts";
import { headerRules } from "../intake/header-rules.ts";
import type { Committed, Signed } from "../request.ts";
import type { Services } from "../services/services.ts";

/**
 * Signs the identity at `now` (ms), when an impersonation must not have ended. Own traffic is signed only for a known caller, and only
 * where the config says so.
 */
export async function sign(services: Services, committed: Committed, now: number): Promise<Signed> {
  const { effects, snapshot } = committed;
  const { headers, token } = snapshot.settings;
  const card = cardFor(services, committed);
  if (effects.trueUser === null || (effects.impersonation === null && headers.when !== "always"))
    return { ...committed, identityHeaders: [], card };
  const effectiveUser = effects.impersonation?.effectiveUser ?? effects.trueUser;
  const mode: Mode = effects.impersonation === null ? "read" : modeAt(effects.impersonation, committed.at);
  const who = {
    principal: { trueUser: effects.trueUser, effectiveUser },
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
  const identityHeaders = [headers.assertion, assertion];
  if (headers.plain) identityHeaders.push(...unsigned(committed, effectiveUser, effects.trueUser));
  return { ...committed, identityHeaders, card };
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
