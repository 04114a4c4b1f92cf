import type { Redact } from "../../audit/record/redact.ts";
import { type Mailer, mailer } from "../../clients/mail.ts";
import type { Snapshot } from "../../config/snapshot.ts";
import type { Bulletin, Clock, Closing, Ledger, Log, Store } from "../../ports.ts";
import { consentCodes } from "../../sessions/consent/codes.ts";
import { consents } from "../../sessions/consent/consents.ts";
import { outbox } from "../../sessions/consent/outbox.ts";
import { settingsSeen } from "../../sessions/consent/settings-seen.ts";
import { helpRequests } from "../../sessions/help/help-requests.ts";
import { sealedValues } from "../../sessions/sealed-values.ts";
import { eventOf, recordAside } from "../audit/audit-event.ts";
import { type HelpDelivery, helpQueue } from "../help/help-queue.ts";
import type { LinkedAsk, Services } from "../services/services.ts";
import { cards } from "./cards.ts";
import { notices } from "./notices.ts";

interface ConsentParts {
  readonly store: Store;
  readonly bulletin: Bulletin;
  readonly clock: Clock;
  readonly log: Log;
  /** At least 32 secret bytes, the same for all gateways of one store. */
  readonly sealKey: Uint8Array;
  readonly config: { current(): Snapshot };
  readonly ledger: Ledger;
  readonly newId: () => string;
  readonly mailer?: Mailer;
  /** Takes secrets out of text, as from records. */
  readonly redact: Redact;
  readonly done: Parameters<typeof notices>[0]["done"];
}

export type ConsentServices = Pick<
  Services,
  "consents" | "consentCodes" | "consentLinks" | "settingsSeen" | "notices" | "cards" | "helpQueue"
> &
  Closing;

/** All that customers' say is kept in, and by what they are told. */
export function consentServices(parts: ConsentParts): ConsentServices {
  const { store, bulletin, clock, log, sealKey, config, ledger, newId } = parts;
  const sealed = { store, clock, sealKey };
  const said = consents({
    ...{ ...sealed, bulletin, log },
    keepFor: () => config.current().settings.access.keep,
  });
  const shown = cards(said);
  const sending = { clock, log, mailer: parts.mailer ?? mailer, settings: () => config.current().settings };
  const help = helpQueue({
    ...{ ...sending, redact: parts.redact, requests: helpRequests(sealed) },
    outbox: outbox<HelpDelivery>(sealed, "help-delivery"),
  });
  const links = sealedValues<LinkedAsk>(sealed, "consent-link");
  const told = notices({
    ...{ ...sending, outbox: outbox(sealed, "notice"), links, newId, done: parts.done },
    settled: async ({ customer, about, id, of = null }, delivered) => {
      const effectiveUser = { id: customer, name: null, email: null, groups: null };
      const event = eventOf({ clock, config, newId }, null, {
        action: "access.noticed",
        outcome: delivered ? "success" : "failure",
        trueUser: null,
        effectiveUser,
        impersonation: null,
        detail: `${about} by mail, ${delivered ? "taken by the mail server" : "given up"}`,
      });
      await recordAside({ ledger, log }, { ...event, impersonation: of }, `that the notice ${id} is settled`);
    },
  });
  return {
    consents: said,
    consentCodes: consentCodes(sealed),
    consentLinks: links,
    settingsSeen: settingsSeen(sealed),
    notices: told,
    cards: shown,
    helpQueue: help,
    close: async () => {
      await help.close();
      await told.close();
      await shown.close();
      await said.close();
    },
  };
}
