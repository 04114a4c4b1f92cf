import type { Redact } from "../../audit/record/redact.ts";
import type { Mailer } from "../../clients/mail.ts";
import type { Snapshot } from "../../config/snapshot.ts";
import type { Clock, Log, Store } from "../../ports.ts";
import { outbox } from "../../sessions/consent/outbox.ts";
import { helpRequests } from "../../sessions/help/help-requests.ts";
import { type HelpDelivery, type HelpQueue, helpQueue } from "./help-queue.ts";

interface HelpParts {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  /** At least 32 secret bytes, the same for all gateways of one store. */
  readonly sealKey: Uint8Array;
  readonly config: { current(): Snapshot };
  readonly redact: Redact;
  readonly mailer: Mailer;
}

/** All that requests for help are kept in, and by what they are sent. */
export function helpServices({ store, clock, log, sealKey, config, redact, mailer }: HelpParts): HelpQueue {
  const sealed = { store, clock, sealKey };
  return helpQueue({
    ...{ clock, log, redact, mailer },
    requests: helpRequests(sealed),
    outbox: outbox<HelpDelivery>(sealed, "help-delivery"),
    settings: () => config.current().settings,
  });
}
