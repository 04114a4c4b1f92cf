import type { FastifyReply } from "fastify";
import { REASONS, type ReasonWord } from "../domain/decision.ts";
import type { Grant } from "../domain/policy.ts";
import type { Received } from "../gateway/request.ts";
import type { DecisionView } from "../gateway/services/services.ts";
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
export async function askStepUp(who: Visitor, more: Readonly<Record<string, string>>): Promise<FastifyReply> {
  const { received, impersonation } = who;
  const back = `${received.snapshot.settings.prefix}/elevate?${new URLSearchParams(more)}`;
  const other = impersonation?.effectiveUser ?? null;
  return await sendRefusal(who, "step-up-required", { back, other, impersonating: false });
}

/** The page that says by its reason word why somebody is refused what they asked of us; `back`: where they begin anew, if that was a form. */
export async function sendRefusal(
  { services, reply, received, trueUser }: Visitor,
  reason: ReasonWord,
  { back, other, impersonating }: Pick<DecisionView, "back" | "other" | "impersonating">,
): Promise<FastifyReply> {
  const status = reason === "signed-out" ? 401 : 403;
  const sentence = REASONS[reason];
  const page = services.pages.decision({
    language: languageOf(received),
    decision: { kind: "refuse", status, reason, rule: null, sentence, checks: [] },
    ...{ sentence, trueUser, other, impersonating },
    requestId: received.id,
    prefix: received.snapshot.settings.prefix,
    to: received.sent === "GET" ? received.url.target : back,
    ...{ returnTo: "/", back: "/" },
    method: received.sent,
    ...{ token: null, ticket: null, consent: null, confirmation: null },
    signIn: signInAddress(received),
  });
  return await sendPage(reply, status, page);
}
