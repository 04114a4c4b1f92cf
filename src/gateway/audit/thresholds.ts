import type { Impersonation } from "../../domain/impersonation.ts";
import { passed } from "../../domain/thresholds.ts";
import type { Received } from "../request.ts";
import type { Services } from "../services/services.ts";
import { bothOf, eventOf, recordAside } from "./audit-event.ts";

/** Tells of a start that is worth a look. Nobody waits for it; what can't be found out or recorded is in the log. */
export async function tellThresholds(
  services: Pick<Services, "clock" | "config" | "newId" | "customers" | "counters" | "ledger" | "log">,
  received: Received,
  impersonation: Impersonation,
): Promise<void> {
  const { thresholds } = received.snapshot.settings;
  const { agent, effectiveUser, startedAt, consent } = impersonation;
  try {
    const { customersPerHour, agentsPerDay } = thresholds;
    const counts = customersPerHour !== null || agentsPerDay !== null;
    const begun = counts
      ? await services.customers.begun({ agent: agent.id, customer: effectiveUser.id })
      : { customersWithinHour: 0, agentsWithinDay: 0 };
    const timeOfDay = timeIn(startedAt, thresholds.night?.zone ?? "UTC");
    const breakGlass = consent?.breakGlass === true;
    for (const { threshold, told } of passed(thresholds, { ...begun, timeOfDay, breakGlass })) {
      services.counters.thresholdPassed(threshold);
      const event = eventOf(services, received, {
        ...{ action: "threshold.passed", outcome: "success", ...bothOf(impersonation) },
        detail: `${threshold}: ${told}`,
      });
      await recordAside(services, event, "a threshold");
    }
  } catch (error) {
    services.log.warn(
      { err: error, impersonation: impersonation.id },
      "it can not be told whether a start is unusual",
    );
  }
}

/** `22:05`, in a time zone. */
function timeIn(at: number, timeZone: string): string {
  return new Intl.DateTimeFormat("en-GB", { timeZone, hour: "2-digit", minute: "2-digit" }).format(at);
}
