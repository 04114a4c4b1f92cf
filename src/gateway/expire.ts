import { endedAt } from "../domain/impersonation.ts";
import type { Closing } from "../ports.ts";
import { end } from "./lifecycle.ts";
import type { World } from "./world.ts";

/** Ends what has run out while nobody looked, so that its end is on record and its sockets are cut. */
export function sweeper(world: World, every: number): Closing & { sweep(): Promise<void> } {
  let work: Promise<void> = Promise.resolve();
  const sweep = (): Promise<void> => {
    work = work
      .then(() => sweepOnce(world))
      .catch((error: unknown) =>
        world.log.warn({ err: error }, "the store could not be swept; it will be tried again"),
      );
    return work;
  };
  const timer = setInterval(sweep, every);
  timer.unref();
  return {
    sweep,
    async close() {
      clearInterval(timer);
      await work;
    },
  };
}

async function sweepOnce(world: World): Promise<void> {
  for (const it of await world.book.list()) {
    const why = it.end === null ? endedAt(it, world.clock.now()) : null;
    if (why !== null) await end(world, null, it, why);
  }
}
