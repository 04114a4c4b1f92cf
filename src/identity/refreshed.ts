import { Fault } from "../errors.ts";
import type { Clock } from "../ports.ts";

/** Between two questions when the last one failed, ms. */
const BACKOFF = 5_000;

interface Held<T> {
  readonly it: T;
  readonly at: number;
}

/** What is held of somebody who is asked now and then. */
interface Refreshed<T> {
  held(): Held<T> | null;
  /** Whether the last question failed just now, so that the next one waits. */
  rests(): boolean;
  refresh(): Promise<Held<T>>;
}

/**
 * One question is open at a time and failures back off, so that an outage makes no storm. `refresh` throws a Fault `identity-unavailable`
 * where the answer can't be had; `failed` says so, and `rested` that it was not asked for once more.
 */
export function refreshed<T>(
  clock: Clock,
  asking: { ask(): Promise<T>; failed(cause: unknown): string; readonly rested: string },
): Refreshed<T> {
  let held: Held<T> | null = null;
  let failedAt: number | null = null;
  let flight: Promise<Held<T>> | null = null;
  const rests = () => failedAt !== null && clock.monotonic() - failedAt < BACKOFF;
  const ask = async (): Promise<Held<T>> => {
    if (rests()) throw new Fault("identity-unavailable", asking.rested);
    const at = clock.monotonic();
    try {
      held = { it: await asking.ask(), at };
      failedAt = null;
      return held;
    } catch (cause) {
      failedAt = clock.monotonic();
      throw new Fault("identity-unavailable", asking.failed(cause), { cause });
    }
  };
  const refresh = () => {
    flight ??= ask().finally(() => {
      flight = null;
    });
    return flight;
  };
  return { held: () => held, rests, refresh };
}
