import type { FastifyReply } from "fastify";
import { REASONS } from "../domain/decision.ts";
import type { Grant } from "../domain/policy.ts";
import type { Received } from "../gateway/request.ts";
import type { Services } from "../gateway/services/services.ts";
import { SIGN_IN } from "../gateway/stages/answer.ts";
import { languageOf, sendPage, type Visitor } from "./visitor.ts";

/** Where agents sign in with their identity provider; null where they don't do it by way of us. */
export function signInAddress({ snapshot }: Pick<Received, "snapshot">): string | null {
  return snapshot.identity.provider === undefined ? null : `${snapshot.settings.prefix}${SIGN_IN}`;
}

/** Whether a step up to write has to wait until its agent has shown once more who they are. */
export function lacksStepUp(who: Visitor, grant: Grant): boolean {
  return grant.elevateStepUp && !who.strong;
}

/** The page from which they do that, and come back to what they asked for; `more` says it where the request itself doesn't. */
export async function askStepUp(
  services: Services,
  reply: FastifyReply,
  { received, trueUser, impersonation }: Visitor,
  more: Readonly<Record<string, string>>,
): Promise<FastifyReply> {
  const { prefix } = received.snapshot.settings;
  const reason = "step-up-required";
  const sentence = REASONS[reason];
  const to = received.sent === "GET" ? received.url.target : `${prefix}/elevate?${new URLSearchParams(more)}`;
  const page = services.pages.decision({
    language: languageOf(received),
    decision: { kind: "refuse", status: 403, reason, rule: null, sentence, checks: [] },
    sentence,
    requestId: received.id,
    prefix,
    to,
    returnTo: "/",
    back: "/",
    method: received.sent,
    trueUser,
    other: impersonation?.effectiveUser ?? null,
    impersonating: false,
    token: null,
    ticket: null,
    consent: null,
    confirmation: null,
    signIn: signInAddress(received),
  });
  return await sendPage(reply, 403, page);
}
