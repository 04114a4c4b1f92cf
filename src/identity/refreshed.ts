import { Fault } from "../errors.ts";
import type { Clock } from "../ports.ts";

/** Between two questions when the last one failed, ms. */
const BACKOFF = 5_000;

interface Held<T> {
  readonly it: T;
  readonly at: number;
}

/**
 * Refreshes a value: one request at a time, with a pause after a failure, so that an outage doesn't cause many requests. `refresh` throws a Fault `identity-unavailable`
 * if it fails; `failed` reports that, and `rested` that it was not tried again yet.
 */
export function refreshed<T>(
  clock: Clock,
  asking: { ask(): Promise<T>; failed(cause: unknown): string; readonly rested: string },
) {
  let held: Held<T> | null = null;
  let failedAt: number | null = null;
  let flight: Promise<Held<T>> | null = null;
  /** Whether the last question failed just now, so that the next one waits. */
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
  return { held: (): Held<T> | null => held, rests, refresh };
}
