import { setImmediate } from "node:timers/promises";
import type { Steps } from "../domain/steps.ts";

/** How long one slice of work may keep requests waiting, ms. */
const LONGEST = 5;

/** Does work in slices, with other events in between, so that requests go on. */
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
