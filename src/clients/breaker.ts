import type { Clock } from "../ports.ts";

/** A circuit breaker: after `failures` failures in a row a service isn't asked for `rest` ms, and again after each try that fails. */
export function breaker(clock: Clock, options: { readonly failures: number; readonly rest: number }) {
  let failures = 0;
  let restsUntil = 0;
  return {
    /** False during the rest; then true once, to try whether the service is back. */
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
