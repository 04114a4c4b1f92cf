import type { FastifyInstance, FastifyRequest } from "fastify";
import { type Consent, isLive, isOpen } from "../../domain/consent/consent.ts";
import { REASONS } from "../../domain/decision.ts";
import type { Identity } from "../../domain/identity.ts";
import { isId } from "../../domain/person.ts";
import { Fault } from "../../errors.ts";
import { answerConsent, grantConsent, optOut } from "../../gateway/impersonation/consent-answers.ts";
import type { Services } from "../../gateway/services/services.ts";
import { isAgents, saidAhead } from "../access/actions.ts";
import { iso } from "../moment.ts";
import { field, parameter, words } from "../visitor.ts";
import { refuse, sendJson } from "./answers.ts";
import { byToken } from "./token.ts";

/**
 * `GET api/consent`: what a customer was asked and has said. `PUT`: their yes, ahead of time or to one ask (`ask`). `DELETE`: takes it
 * back, or says no to an ask; what runs by it ends. `optOut` in a PUT says whether anybody may look at all. By a token of the app's, whose
 * server knows that the customer said so.
 */
export function consentApi(fastify: FastifyInstance, services: Services): void {
  const programs = byToken(fastify, services, "consent");
  programs.get("/api/consent", async (_token, request, reply) => {
    const customer = await customerOf(request, parameter(request, "customer"));
    return await sendJson(reply, 200, await stateOf(services, customer));
  });
  programs.put("/api/consent", async (token, request, reply) => {
    const customer = await customerOf(request, field(request, "customer"));
    if (await isAgents(services, { customer: customer.id, id: field(request, "ask") }))
      return await refuse(reply, A_SECOND_AGENTS);
    await say(services, request, customer, `api:${token.name}`);
    return await sendJson(reply, 200, await stateOf(services, customer));
  });
  programs.delete("/api/consent", async (token, request, reply) => {
    const customer = await customerOf(request, parameter(request, "customer"));
    await takeBack(services, request, customer, `api:${token.name}`);
    return await sendJson(reply, 200, await stateOf(services, customer));
  });
}

const A_SECOND_AGENTS = {
  ...{ code: "approval-required", status: 403, title: REASONS["approval-required"] },
  detail:
    "This asks a second agent and not the customer, so no yes of theirs counts. `DELETE` says no to it.",
};

/** Throws a Fault `bad-request` for no id, and `not-found` for nobody. */
async function customerOf({ received }: FastifyRequest, id: string | null): Promise<Identity> {
  if (!received.snapshot.settings.access.page)
    throw new Fault("not-found", "no entry of `agents` asks or tells customers anything");
  if (id === null || !isId(id)) throw new Fault("bad-request", "`customer` is no id");
  const { users } = received.snapshot;
  const person = users === null ? { id, name: null, email: null, groups: null } : await users.find(id);
  if (person === null) throw new Fault("not-found", "the directory has no such customer");
  return person;
}

async function stateOf(services: Services, customer: Identity): Promise<object> {
  const now = services.clock.now();
  const { consents, optedOutAt } = await services.consents.of(customer.id);
  const told = (it: Consent) => {
    const { id, who, reason, ticket, type, cause, scope, askedAt, answerBy, longest, until } = it;
    const times = {
      askedAt: iso(askedAt),
      answerBy: iso(answerBy),
      longest,
      until: until === null ? null : iso(until),
    };
    return { id, who, reason, ticket, type, cause, scope, ...times };
  };
  const live = consents.filter((it) => isLive(it, now));
  const ends = live.map(({ until }) => until ?? 0);
  const running = (await services.impersonations.list()).filter(
    ({ effectiveUser }) => effectiveUser.id === customer.id,
  );
  return {
    customer: customer.id,
    optedOut: optedOutAt !== null,
    openUntil: ends.length === 0 ? null : iso(Math.max(...ends)),
    asks: consents.filter((it) => isOpen(it, now) && it.origin === "asked").map(told),
    allowed: live.map(told),
    running: running.map((it) => ({
      id: it.id,
      since: iso(it.startedAt),
      reason: it.reason,
      ticket: it.ticket,
    })),
  };
}

async function say(
  services: Services,
  request: FastifyRequest,
  customer: Identity,
  by: string,
): Promise<void> {
  const { received } = request;
  const { access } = received.snapshot.settings;
  const out: unknown = Reflect.get(request.body as object, "optOut");
  if (typeof out === "boolean") {
    if (!access.optOut) throw new Fault("bad-request", "`access.optOut` is off");
    return await optOut(services, received, customer, out);
  }
  const lasts: unknown = Reflect.get(request.body as object, "lasts");
  if (typeof lasts !== "number" || !access.offer.includes(lasts))
    throw new Fault(
      "bad-request",
      `\`lasts\` is none of \`access.offer\`, in ms: ${access.offer.join(", ")}`,
    );
  const type = field(request, "type") === "write" ? "write" : "read";
  const ask = field(request, "ask");
  if (ask === null)
    return await grantConsent(
      services,
      received,
      saidAhead(services, received, customer, { by, lasts, type }),
    );
  const which = { customer: customer.id, id: ask };
  const answered = await answerConsent(services, received, which, { kind: "grant", by, lasts, type });
  if (answered === null) throw new Fault("not-found", "there is no such ask that waits for its answer");
}

async function takeBack(
  services: Services,
  request: FastifyRequest,
  customer: Identity,
  by: string,
): Promise<void> {
  const { received } = request;
  const { consents } = await services.consents.of(customer.id);
  const now = services.clock.now();
  const ask = parameter(request, "ask");
  for (const it of consents) {
    if (ask !== null && it.id !== ask) continue;
    const which = { customer: customer.id, id: it.id };
    if (isLive(it, now)) await answerConsent(services, received, which, { kind: "withdraw", by });
    else if (ask !== null && isOpen(it, now)) {
      const said = words(request, "said", 500);
      await answerConsent(services, received, which, { kind: "decline", by, said });
    }
  }
}
