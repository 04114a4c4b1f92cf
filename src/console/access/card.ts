import type { FastifyInstance } from "fastify";
import { Fault } from "../../errors.ts";
import { answerConsent } from "../../gateway/impersonation/consent-answers.ts";
import { ownAddress } from "../../gateway/intake/own-address.ts";
import { cardSubject, countsNow, readToken } from "../../gateway/own-pages/form-tokens.ts";
import type { Received } from "../../gateway/request.ts";
import type { Services } from "../../gateway/services/services.ts";
import { returnPath } from "../return-path.ts";
import { field, seeOther, visited } from "../visitor.ts";
import { endOne } from "./actions.ts";
import { customerAt, demandVoice } from "./saying.ts";

/** `answered_by` in the record. It isn't the customer's id, because a script of the app's page could have pressed the button. */
const BY_CARD = "card";

/** `POST card`: what is said in the customer's own page. It only takes away: a no to an ask, and the end of what runs. */
export function cardPage(fastify: FastifyInstance, services: Services): void {
  visited(fastify, services).post("/card", async (who) => {
    const { request, reply, received } = who;
    const customer = await customerAt(who, { link: null, member: null });
    if (customer === null) throw new Fault("forbidden", "nobody who is known pressed a button of the card");
    demandVoice(customer);
    const { id } = customer.person;
    const about = field(request, "about") ?? "";
    const action = field(request, "do") === "end" ? "end" : "decline";
    const token = readToken(services, "consent", cardSubject(id, action, about), field(request, "_csrf"));
    if (await countsNow(services, token)) {
      if (action === "end") await endOne(who, { customer: id, by: BY_CARD }, about);
      else {
        const no = { kind: "decline", by: BY_CARD, said: null } as const;
        await answerConsent(services, received, { customer: id, id: about }, no);
      }
    }
    return await seeOther(reply, pageOfCard(received));
  });
}

/** The page that the card was in; the customer's page where the app's policy doesn't let the browser say which one. */
function pageOfCard(received: Received): string {
  const { raw, site, snapshot } = received;
  const from = ownAddress(raw.headers.referer, site.origin, snapshot);
  return from === null ? `${snapshot.settings.prefix}/access` : returnPath(received, from.target);
}
