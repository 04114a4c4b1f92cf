import type { Clock } from "../ports.ts";

/**
 * Stops asking a service that keeps failing: it rests for `rest` ms after `failures` failures in a row, and again after each try
 * that fails.
 */
export function breaker(clock: Clock, options: { readonly failures: number; readonly rest: number }) {
  let failures = 0;
  let restsUntil = 0;
  return {
    /** False while it rests; then true once, to try whether the service is back. */
    allows(): boolean {
      if (failures < options.failures) return true;
      const now = clock.monotonic();
      if (now < restsUntil) return false;
      restsUntil = now + options.rest;
      return true;
    },
    succeeded(): void {
      failures = 0;
    },
    failed(): void {
      failures += 1;
      restsUntil = clock.monotonic() + options.rest;
    },
  };
}
