import { asGranted } from "../../domain/grant.ts";
import { endedAt, type Impersonation, isOpen, lifeAt } from "../../domain/impersonation.ts";
import type { Closing } from "../../ports.ts";
import { bothOf, eventOf } from "../audit/audit-event.ts";
import { inBatches } from "../services/batches.ts";
import type { Services } from "../services/services.ts";
import { end, endEvent } from "../stages/start-and-stop.ts";

/** How many are ended at a time: each takes several requests to the store. */
const WIDTH = 32;

/**
 * Ends impersonations and steps up whose time ran out without a request, so that their end is recorded and their sockets are cut. Records
 * the end of those that the store has lost. Where impersonation is switched off it ends all of them, on every gateway of the store. Also
 * records what could not be recorded before.
 */
export function sweeper(services: Services, every: number): Closing & { sweep(): Promise<void> } {
  let work: Promise<void> = Promise.resolve();
  const sweep = (): Promise<void> => {
    work = work
      .then(() => services.unrecorded.settle(services))
      .then(() => sweepOnce(services))
      .catch((error: unknown) =>
        services.log.warn({ err: error }, "the store could not be swept; it will be tried again"),
      );
    return work;
  };
  const timer = setInterval(sweep, every).unref();
  const leave = services.impersonations.onLost((it) => {
    work = work.then(() =>
      services.unrecorded.write(services, endEvent(services, null, it), "the end of an impersonation"),
    );
  });
  return {
    sweep,
    async close() {
      clearInterval(timer);
      leave();
      await work;
      await services.unrecorded.settle(services);
    },
  };
}

async function sweepOnce(services: Services): Promise<void> {
  const { policy } = services.config.current();
  const off = policy.impersonation === "off";
  await inBatches(await services.impersonations.list(), WIDTH, async (it) => {
    const today = asGranted(policy, it, { agent: it.agent, target: it.effectiveUser, place: null });
    const why = off ? "ended-revoked" : endedAt(today, services.clock.now());
    if (isOpen(it) && why !== null) await end(services, null, it, why);
    else if (lifeAt(it, services.clock.now()) === "lapsed") await fellBack(services, it);
  });
}

/** Records that a step up ended by its time. */
async function fellBack(services: Services, it: Impersonation): Promise<void> {
  const lowered = await services.impersonations.fallBack(it.id);
  if (lowered === null) return;
  const saying = { action: "impersonation.lowered", outcome: "success", detail: "expired" } as const;
  const event = eventOf(services, null, { ...saying, ...bothOf(lowered) });
  await services.unrecorded.write(services, event, "the end of a step up");
}
