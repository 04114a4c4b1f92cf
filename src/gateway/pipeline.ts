import { Fault } from "../errors.ts";
import type { Maybe } from "../ports.ts";
import { after } from "./after.ts";
import { sayWhyNot } from "./audit/not-started.ts";
import { begunBy } from "./facts.ts";
import type { Answer } from "./http/raw-response.ts";
import { notBegun } from "./impersonation/start-and-stop.ts";
import type { Committed, Forwarding, Judged, Received, Signed } from "./request.ts";
import { endSpan, endSpanByFault } from "./services/request-span.ts";
import type { Judging, Services } from "./services/services.ts";
import { commit } from "./stages/commit.ts";
import { takeYes } from "./stages/confirm.ts";
import { judge } from "./stages/decide.ts";
import { findOwner } from "./stages/find-owner.ts";
import { outboundFor } from "./stages/forward.ts";
import { identify } from "./stages/identify.ts";
import { inTime } from "./stages/in-time.ts";
import { recall } from "./stages/load-impersonation.ts";
import { match } from "./stages/match.ts";
import { notSignedIn } from "./stages/not-signed-in.ts";
import { caughtBy } from "./stages/refresh.ts";
import { respond } from "./stages/respond.ts";
import { orUnsent, settle } from "./stages/settle.ts";
import { sign } from "./stages/sign-in.ts";

/*
 * The twelve stages of a request, in this order and in no other: each takes what the stage before gives (request.ts). HTTP requests and
 * upgrades go the same way; docs/request.md draws it.
 */

/** 1: before fastify's router, or anything else, reads the request. */
export { intake } from "./stages/intake.ts";

/** 2 to 6. They change nothing; `guise test` runs the same ones. */
export function judging(services: Judging, received: Received): Maybe<Judged> {
  const matched = match(received);
  const identified = identify(services, matched);
  const recalled = after(identified, (it) => recall(services, it));
  const owned = after(recalled, (it) => findOwner(services, it));
  const settled = after(owned, (it) => takeYes(services, it));
  return after(settled, (it) => judge(it));
}

/** What becomes of a request: it goes on to the app, is answered here, or fails. */
export type Passage =
  | ({ readonly kind: "forward" } & Forwarding)
  | { readonly kind: "answer"; readonly committed: Committed }
  | { readonly kind: "caught"; readonly committed: Committed; readonly answer: Answer }
  | { readonly kind: "fault"; readonly received: Received; readonly fault: Fault };

/** 2 to 9, and the stages that are left. At once where no stage has to wait, which is so for most own traffic. */
export function pipeline(services: Services, received: Received): Maybe<Passage> {
  try {
    const decided = after(judging(services, received), (judged) => admitted(services, judged));
    const passage = received.trace === null ? decided : after(decided, spanEnded);
    return passage instanceof Promise ? passage.catch((error: unknown) => faulty(received, error)) : passage;
  } catch (error) {
    return faulty(received, error);
  }
}

function faulty(received: Received, error: unknown): Passage {
  if (!(error instanceof Fault)) throw error;
  endSpanByFault(received, error);
  return { kind: "fault", received, fault: error };
}

/** What goes to the app is settled later. */
function spanEnded(passage: Passage): Passage {
  if (passage.kind === "answer" || passage.kind === "caught")
    endSpan(passage.committed, { status: null, ending: "answered", failed: false });
  return passage;
}

function admitted(services: Services, judged: Judged): Maybe<Passage> {
  sayWhyNot(services, judged);
  return after(commit(services, judged), (written) => {
    // One moment for both: what is in time can still be signed.
    const now = services.clock.now();
    return after(inTime(services, written, now), (committed) => {
      if (committed.decision.kind !== "forward" || committed.effects.leadsTo !== null)
        return { kind: "answer", committed };
      const caught = caughtBy(services, committed);
      if (caught !== null) return { kind: "caught", committed, answer: caught };
      return signedIn(services, committed, now);
    });
  });
}

/** Where the app can't be signed in to, nothing is sent, and what this very request began has not begun. */
function signedIn(services: Services, committed: Committed, now: number): Maybe<Passage> {
  const signed = orUnsent(services, committed, () => sign(services, committed, now)); // 9
  const forwarded = after(signed, (it): Passage => ({ kind: "forward", ...forwarding(services, it) }));
  return forwarded instanceof Promise
    ? forwarded.catch((error: unknown) => unsigned(services, committed, error))
    : forwarded;
}

async function unsigned(services: Services, committed: Committed, error: unknown): Promise<Passage> {
  if (!(error instanceof Fault) || error.code !== "sign-in-failed") throw error;
  const begun = begunBy(committed) === null ? committed : await notBegun(services, committed);
  const impersonation = begun === committed ? committed.effects.impersonation : null;
  const unsent = { ...begun, effects: { ...begun.effects, impersonation, intent: null } };
  return { kind: "answer", committed: notSignedIn(unsent, error) };
}

/** 8: answers what is not forwarded. */
export { answer } from "./stages/answer.ts";

/** 10 to 12. */
function forwarding(services: Services, signed: Signed): Forwarding {
  return {
    signed,
    outbound: () => outboundFor(services, signed),
    respond: (head) => respond(services, signed, head),
    settle: (settlement) => settle(services, signed, settlement, signed.withheld.count),
  };
}
