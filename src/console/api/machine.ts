import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Consent } from "../../domain/consent/consent.ts";
import { REASONS, type ReasonWord } from "../../domain/decision.ts";
import { takesReason } from "../../domain/grant.ts";
import type { Identity } from "../../domain/identity.ts";
import { endsAt } from "../../domain/impersonation.ts";
import type { Grant } from "../../domain/policy.ts";
import { Fault } from "../../errors.ts";
import { noteRefusal } from "../../gateway/audit/denials.ts";
import { callerOf } from "../../gateway/caller.ts";
import { startHindrance } from "../../gateway/consent/telling.ts";
import { cookieNames } from "../../gateway/http/own-cookies.ts";
import { end, openRecorded } from "../../gateway/impersonation/start-and-stop.ts";
import { cookieScope } from "../../gateway/intake/cookie-scope.ts";
import type { Services } from "../../gateway/services/services.ts";
import { settleConsent } from "../consent/asking.ts";
import { admitted } from "../start/starting.ts";
import { type Known, routes, words } from "../visitor.ts";
import { refuse, sendJson } from "./answers.ts";

/** How long a program waits before it asks again whether a customer has answered, in seconds. */
const LOOK_AGAIN = 30;

/**
 * `POST api/machine/start`: a program begins to view the app as a customer, or asks; the same request again goes on when the customer has
 * said yes. `POST api/machine/end`: it stops. Who it is the source `machine` knows, at each request.
 */
export function machineApi(fastify: FastifyInstance, services: Services): void {
  const programs = routes(
    fastify,
    (answer: (who: Known) => Promise<FastifyReply>) => async (request, reply) => {
      const agent = await machineAt(services, request);
      if (agent === null) return await nobody(reply);
      const none = { anyImpersonation: null, ownImpersonation: null, impersonation: null };
      const { received } = request;
      return await answer({ services, request, reply, received, trueUser: agent, strong: false, ...none });
    },
  );
  programs.post("/api/machine/start", start);
  programs.post("/api/machine/end", async ({ request, reply, received, trueUser }) => {
    const id = words(request, "impersonation", 100);
    const mine = (await services.impersonations.byAgent(trueUser.id)).find((it) => it.id === id);
    if (mine === undefined) throw new Fault("not-found", "this program views nobody by this id");
    await end(services, received, mine, "ended-by-agent");
    return await sendJson(reply, 200, { impersonation: mine.id, ended: true });
  });
}

/** Throws `identity-unavailable`. */
async function machineAt(services: Services, { received }: FastifyRequest): Promise<Identity | null> {
  const { who } = await callerOf(services, received);
  if (who.kind === "unavailable")
    throw new Fault("identity-unavailable", "no identity source could say which program asks");
  return who.kind === "known" && who.identity.machine !== undefined ? who.identity : null;
}

async function nobody(reply: FastifyReply): Promise<FastifyReply> {
  reply.header("www-authenticate", "Bearer");
  return await refuse(reply, {
    ...{ code: "signed-out", status: 401, title: "It is not known which program this is" },
    detail:
      "Send a token with `act`, or sign the request (RFC 9421), as the identity source `machine` asks for.",
  });
}

async function start(who: Known): Promise<FastifyReply> {
  const { request, received } = who;
  const customer = words(request, "customer", 256);
  const ticket = words(request, "ticket", 200);
  const reason = words(request, "reason", 500);
  if (customer === null) throw new Fault("bad-request", "`customer` is missing: the id of the customer");
  if (received.snapshot.settings.isolation !== null)
    throw new Fault(
      "not-found",
      "with `isolation` an impersonation has a host of its own, which no program reaches",
    );
  const asked = await admitted(who, customer, "/");
  if (asked.kind === "refused") return await refused(who, { target: asked.target, reason: asked.reason });
  const { grant, target, consent } = asked;
  if (ticket === null) return await refused(who, { target, reason: "ticket-required" });
  if (!takesReason(grant, reason))
    return await refused(who, { target, reason: "reason-required", oneOf: grant.reasons });
  const wanted = { grant, target, reason, ticket, to: "/", from: "/" };
  const settled = await settleConsent({ who, consent, wanted });
  if (settled.kind === "waits") return await waits(who, settled.consent);
  if (settled.kind === "refused") return await refused(who, { target, reason: settled.reason });
  return await begin(who, { ...wanted, ticket, consent: settled.consent });
}

interface Wanted {
  readonly grant: Grant;
  readonly target: Identity;
  readonly reason: string | null;
  readonly ticket: string;
  readonly consent: Consent | null;
}

async function begin(who: Known, { grant, target, reason, ticket, consent }: Wanted): Promise<FastifyReply> {
  const { services, reply, received, trueUser: agent } = who;
  const hindrance = await startHindrance(services, { agent, customer: target, grant });
  if (hindrance !== null) return await refused(who, { target, reason: hindrance });
  const order = { agent, effectiveUser: target, grant, reason, ticket, consent, returnTo: "/" };
  const own = { sent: null, scope: cookieScope(received) };
  const { impersonation, secret } = await openRecorded(services, received, order, own);
  const { name } = received.snapshot.settings.cookie;
  const names = cookieNames(name, received.site.scheme, received.browser.domain);
  return await sendJson(reply, 201, {
    impersonation: impersonation.id,
    mode: "read",
    // It goes with each request, beside what shows which program it is.
    cookie: `${names.secret}=${secret}`,
    endsUnused: new Date(endsAt(impersonation)).toISOString(),
    until: new Date(impersonation.expiresAt).toISOString(),
  });
}

/** The customer, or a second agent, is asked: the same request again goes on when the answer is yes. */
async function waits({ reply }: Known, { id, answerBy }: Consent): Promise<FastifyReply> {
  return await refuse(reply, {
    ...{ code: "consent-required", status: 403, title: REASONS["consent-required"] },
    detail: `The customer is asked. Send the same request again after \`Retry-After\` seconds, until \`answerBy\`.`,
    more: { ask: id, answerBy: new Date(answerBy).toISOString() },
    retryAfter: LOOK_AGAIN,
  });
}

interface Refusal {
  readonly target: Identity | null;
  readonly reason: ReasonWord;
  readonly oneOf?: readonly string[] | null;
}

async function refused(
  { services, reply, received, trueUser }: Known,
  { target, reason, oneOf = null }: Refusal,
): Promise<FastifyReply> {
  const decision = { word: reason, route: null, rule: null, via: null };
  noteRefusal(services, received, { trueUser, effectiveUser: target, decision });
  const choices = oneOf === null ? "" : ` One of: ${oneOf.join(", ")}.`;
  return await refuse(reply, {
    ...{ code: reason, status: 403, title: REASONS[reason] },
    detail: `${WHAT_TO_DO[reason] ?? "Tell the person for whom you act."}${choices}`,
    retryAfter: AGAIN[reason] ?? null,
  });
}

const WHAT_TO_DO: Readonly<Partial<Record<ReasonWord, string>>> = {
  "ticket-required": "Send `ticket`: the number of the ticket that this is for.",
  "reason-required": "Send `reason`: why this is needed.",
  "not-agent":
    "No entry of `agents` with `kind: machine` names this program, or none names the person for whom it acts.",
  "protected-target":
    "Neither you nor the person for whom you act may be anybody but whom `mayBe` says. Don't try others.",
  "consent-refused": "The customer said no. Don't ask again before `askAgainAfter` is over.",
  "opted-out": "The customer wants nobody to look. Ask them yourself, by the ticket.",
  "notice-undelivered": "The customer could not be told. Try again later.",
  "limit-reached": "There is a limit of a day. Try again tomorrow.",
  blocked: "An administrator keeps you from it for now.",
};

/** Seconds after which trying again is of use. */
const AGAIN: Readonly<Partial<Record<ReasonWord, number>>> = {
  "notice-undelivered": 60,
  "limit-reached": 3_600,
  blocked: 3_600,
};
