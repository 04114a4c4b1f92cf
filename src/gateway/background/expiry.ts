import { asGranted } from "../../domain/grant.ts";
import { endedAt, type Impersonation, isOpen, lifeAt } from "../../domain/impersonation.ts";
import type { Closing } from "../../ports.ts";
import { bothOf, eventOf } from "../audit/audit-event.ts";
import { end, endEvent } from "../impersonation/start-and-stop.ts";
import { inBatches } from "../services/batches.ts";
import { repeated } from "../services/repeated.ts";
import type { Services } from "../services/services.ts";

/** How many are ended at a time: each takes several requests to the store. */
const WIDTH = 32;

/**
 * Ends impersonations and steps up whose time ran out without a request, so that their end is recorded and their sockets are cut. Records
 * the end of those that the store has lost. Where impersonation is switched off it ends all of them, on every gateway of the store. Also
 * records what could not be recorded before.
 */
export function sweeper(services: Services, every: number): Closing & { sweep(): Promise<void> } {
  const { impersonations, log, unrecorded } = services;
  const sweepAll = () => unrecorded.settle(services).then(() => sweepOnce(services));
  const sweeping = repeated(every, sweepAll, (err) =>
    log.warn({ err }, "the store could not be swept; it will be tried again"),
  );
  const leave = impersonations.onLost((it) => {
    void sweeping.also(() =>
      unrecorded.write(services, endEvent(services, null, it), "the end of an impersonation"),
    );
  });
  return {
    sweep: sweeping.again,
    async close() {
      leave();
      await sweeping.close();
      await unrecorded.settle(services);
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
