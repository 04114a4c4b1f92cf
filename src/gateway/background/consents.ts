import type { Closing } from "../../ports.ts";
import { recordConsent } from "../consent/consent-events.ts";
import { repeated } from "../services/repeated.ts";
import type { Services } from "../services/services.ts";

/** Lets asks lapse and consents end by their time or with their impersonation. The first gateway to see it records it. */
export function tendConsents(services: Services, every: number): Closing & { sweep(): Promise<void> } {
  const { consents, cards, log, impersonations } = services;
  const sweepOnce = async () => {
    for (const it of await consents.sweep()) await recordConsent(services, null, it);
    await cards.refresh(services);
  };
  const sweeping = repeated(every, sweepOnce, (err) =>
    log.warn({ err }, "what customers were asked could not be swept; it will be tried again"),
  );
  void sweeping.again();
  const leave = impersonations.onEnded(({ id, effectiveUser, consent }) => {
    if (!consent) return;
    const useUp = async () => {
      for (const it of await consents.useUp(effectiveUser.id, id)) await recordConsent(services, null, it);
    };
    void sweeping.also(useUp, (err) =>
      log.warn({ err, impersonation: id }, "a consent could not be noted as used; its time runs out"),
    );
  });
  return {
    sweep: sweeping.again,
    async close() {
      leave();
      await sweeping.close();
    },
  };
}
