import { setImmediate } from "node:timers/promises";
import type { Steps } from "../domain/steps.ts";

/** How long requests may have to wait for a piece of work, ms. */
const LONGEST = 5;

/** Does work in slices, and lets the event loop turn between them, so that requests go on. */
export async function inSlices<T>(work: Steps<T>, longest = LONGEST): Promise<T> {
  for (;;) {
    const until = performance.now() + longest;
    do {
      const step = work.next();
      if (step.done === true) return step.value;
    } while (performance.now() < until);
    await setImmediate();
  }
}
