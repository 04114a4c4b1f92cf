import type { Closing } from "../../ports.ts";
import { recordConsent } from "../consent/consent-events.ts";
import type { Services } from "../services/services.ts";

/**
 * Lets the clock answer where nobody does: an ask lapses, a yes is used up, by its time or with the impersonation that had it. Each is
 * recorded by the gateway that was first.
 */
export function tendConsents(services: Services, every: number): Closing & { sweep(): Promise<void> } {
  let work: Promise<void> = Promise.resolve();
  const sweep = (): Promise<void> => {
    work = work
      .then(async () => {
        for (const it of await services.consents.sweep()) await recordConsent(services, null, it);
        await services.cards.refresh(services);
      })
      .catch((error: unknown) =>
        services.log.warn(
          { err: error },
          "what customers were asked could not be swept; it will be tried again",
        ),
      );
    return work;
  };
  void sweep();
  const timer = setInterval(sweep, every).unref();
  const leave = services.impersonations.onEnded(({ id, effectiveUser, consent }) => {
    if (!consent) return;
    work = work
      .then(async () => {
        for (const it of await services.consents.useUp(effectiveUser.id, id))
          await recordConsent(services, null, it);
      })
      .catch((error: unknown) =>
        services.log.warn(
          { err: error, impersonation: id },
          "a consent could not be noted as used; its time runs out",
        ),
      );
  });
  return {
    sweep,
    async close() {
      clearInterval(timer);
      leave();
      await work;
    },
  };
}
