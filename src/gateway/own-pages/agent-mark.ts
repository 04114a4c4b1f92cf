import { isAgent } from "../../domain/grant.ts";
import type { Identity } from "../../domain/identity.ts";
import { cookieNames, setOwnCookie } from "../http/own-cookies.ts";
import type { Received } from "../request.ts";
import type { Services } from "../services/services.ts";

/** As long as browsers keep any cookie. */
const MARKED_SECONDS = 400 * 86_400;

/** The marker of an agent's browser, by which a proxy in front sends it through the gateway; nothing for anybody else. It opens nothing. */
export function agentMark(
  { forms, clock }: Services,
  { snapshot, site, browser }: Received,
  person: Identity | null,
): readonly string[] {
  if (person === null || !isAgent(snapshot.policy, person)) return [];
  const { agent } = cookieNames(snapshot.settings.cookie.name, site.scheme, browser.domain);
  const mark = forms.mark("agent", "1", clock.now(), MARKED_SECONDS * 1_000);
  return [setOwnCookie(agent, mark, site.scheme, MARKED_SECONDS, browser.domain)];
}
