import { Fault } from "../errors.ts";
import { sayWhyNot } from "./audit/not-started.ts";
import type { Committed, Forwarding, Judged, Received, Signed } from "./request.ts";
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
export async function judging(services: Judging, received: Received): Promise<Judged> {
  const matched = match(received);
  const identified = await identify(services, matched);
  const recalled = await recall(services, identified);
  const owned = await findOwner(services, recalled);
  const settled = await takeYes(services, owned);
  return judge(settled);
}

/** What becomes of a request: it goes on to the app, is answered here, or fails. */
type Passage =
  | ({ readonly kind: "forward" } & Forwarding)
  | { readonly kind: "answer"; readonly committed: Committed }
  | { readonly kind: "fault"; readonly received: Received; readonly fault: Fault };

/** 2 to 9, and the stages that are left. */
export async function pipeline(services: Services, received: Received): Promise<Passage> {
  try {
    const judged = await judging(services, received);
    sayWhyNot(services, judged);
    const written = await commit(services, judged); // 7
    // One moment for both: what is in time can still be signed.
    const now = services.clock.now();
    const committed = await inTime(services, written, now);
    if (committed.decision.kind !== "forward" || committed.effects.leadsTo !== null)
      return { kind: "answer", committed };
    const signed = await orUnsent(services, committed, () => sign(services, committed, now)); // 9
    return { kind: "forward", ...forwarding(services, signed) };
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return { kind: "fault", received, fault: error };
  }
}

/** 8: answers what is not forwarded. */
export { answer } from "./stages/answer.ts";

/** 10 to 12. */
function forwarding(services: Services, signed: Signed): Forwarding {
  return {
    signed,
    outbound: () => outboundFor(services, signed),
    respond: (head) => respond(services, signed, head),
    settle: (settlement) => settle(services, signed, settlement),
  };
}
