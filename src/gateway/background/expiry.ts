import { asGranted } from "../../domain/grant.ts";
import { endedAt, hasLapsed, type Impersonation } from "../../domain/impersonation.ts";
import type { Closing } from "../../ports.ts";
import { eventOf } from "../audit/audit-event.ts";
import { inBatches } from "../services/batches.ts";
import type { World } from "../services/services.ts";
import { end, endEvent } from "../stages/start-and-stop.ts";

/** Ends at a time: one is a handful of questions to the store. */
const WIDTH = 32;

/**
 * Ends what has run out while nobody looked, so that its end is on record and its sockets are cut; steps up too. What lost its record
 * is ended by the book, and put on record here. Where impersonation is switched off that is everything, on every gateway of the store.
 * Writes what is owed to the record as well.
 */
export function sweeper(world: World, every: number): Closing & { sweep(): Promise<void> } {
  let work: Promise<void> = Promise.resolve();
  const sweep = (): Promise<void> => {
    work = work
      .then(() => world.owed.settle(world))
      .then(() => sweepOnce(world))
      .catch((error: unknown) =>
        world.log.warn({ err: error }, "the store could not be swept; it will be tried again"),
      );
    return work;
  };
  const timer = setInterval(sweep, every);
  timer.unref();
  const leave = world.book.onLost((it) => {
    work = work.then(() => world.owed.write(world, endEvent(world, null, it), "the end of an impersonation"));
  });
  return {
    sweep,
    async close() {
      clearInterval(timer);
      leave();
      await work;
      await world.owed.settle(world);
    },
  };
}

async function sweepOnce(world: World): Promise<void> {
  const { policy } = world.config.current();
  const off = policy.impersonation === "off";
  await inBatches(await world.book.list(), WIDTH, async (it) => {
    const today = asGranted(policy, it, { agent: it.agent, target: it.effectiveUser });
    const why = off ? "ended-revoked" : endedAt(today, world.clock.now());
    if (it.end === null && why !== null) await end(world, null, it, why);
    else if (hasLapsed(it, world.clock.now())) await fellBack(world, it);
  });
}

/** A step up that nobody gave back ends by itself, and that is on record as well. */
async function fellBack(world: World, it: Impersonation): Promise<void> {
  const lowered = await world.book.fallBack(it.id);
  if (lowered === null) return;
  const { agent: trueUser, effectiveUser } = lowered;
  const saying = { action: "impersonation.lowered", outcome: "success", impersonation: lowered } as const;
  const event = eventOf(world, null, { ...saying, trueUser, effectiveUser, detail: "expired" });
  await world.owed.write(world, event, "the end of a step up");
}
