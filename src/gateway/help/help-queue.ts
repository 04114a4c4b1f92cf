import type { Redact } from "../../audit/record/redact.ts";
import type { Mailer } from "../../clients/mail.ts";
import type { Settings } from "../../config/snapshot.ts";
import type { Clock, Log } from "../../ports.ts";
import type { Outbox, Waiting } from "../../sessions/consent/outbox.ts";
import type { HelpRequests } from "../../sessions/help/help-requests.ts";
import { Deliveries } from "../services/deliveries.ts";
import type { HelpQueue } from "../services/services.ts";
import { outletSender } from "./outlets.ts";

/** One request for help on its way to one outlet. */
export interface HelpDelivery extends Waiting {
  readonly request: string;
  /** `mail`, `webhooks[0]`, `redis`. */
  readonly outlet: string;
}

interface HelpQueueDeps {
  readonly requests: HelpRequests;
  readonly outbox: Outbox<HelpDelivery>;
  readonly clock: Clock;
  readonly log: Log;
  readonly mailer: Mailer;
  readonly settings: () => Settings;
  readonly redact: Redact;
}

export function helpQueue(deps: HelpQueueDeps): HelpQueue {
  const { requests, clock, log, settings, redact } = deps;
  const send = outletSender(deps);
  const sending = new Deliveries<HelpDelivery>({
    ...deps,
    what: "requests for help",
    send: async ({ request: id, outlet: name }) => {
      const request = await requests.read(id);
      // Its time is over: there is nothing left to send.
      if (request === null) return null;
      const outlet = settings().help?.outlets.find((it) => it.name === name);
      if (outlet === undefined) throw new Error(`there is no \`help.${name}\` in the config any more`);
      await send(outlet, request);
      return null;
    },
    settled: async ({ request, outlet }, delivered) => {
      if (!delivered) log.error({ request, outlet }, "a request for help was given up; nobody took it");
    },
  });
  return {
    take: async (request, help) => {
      await requests.keep(request, Math.max(help.keep, help.deliverFor));
      const now = clock.now();
      const times = { at: now, next: now, tries: 0, keepUntil: now + help.deliverFor };
      for (const { name } of help.outlets)
        await sending.add({ id: `${request.id} ${name}`, request: request.id, outlet: name, ...times });
    },
    read: (id) => requests.read(id),
    redact,
    deliver: () => sending.deliver(),
    close: () => sending.close(),
  };
}
