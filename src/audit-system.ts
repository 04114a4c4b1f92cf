import { join } from "node:path";
import { type AuditLedger, ledger } from "./audit/journal/ledger.ts";
import { type Redact, redactor } from "./audit/record/redact.ts";
import { type Archive, archive } from "./audit/search/archive.ts";
import { type Shipping, type ShippingPlan, shipping } from "./audit/shipping/shipping.ts";
import type { HookLinks } from "./audit/shipping/webhook-message.ts";
import type { Holder } from "./config/hold.ts";
import { type StartParts, webhooksToldTwice } from "./config/load.ts";
import type { Settings } from "./config/snapshot.ts";
import { Fault } from "./errors.ts";
import { eventOf, NOBODY } from "./gateway/audit/audit-event.ts";
import { type Keyring, openKeyring } from "./keys/keyring.ts";
import type { Clock, Closing, Log } from "./ports.ts";

interface EvidenceParts {
  /** Absolute path of the data folder. */
  readonly data: string;
  readonly held: Holder;
  readonly start: StartParts;
  /** The Redis beside whose impersonations the stream is; null: the journal is the archive. */
  readonly redisUrl: string | null;
  readonly clock: Clock;
  readonly log: Log;
  readonly witness?: Pick<Log, "info"> | undefined;
  newId(): string;
}

/** The keys, the ledger and the shippers. `close` writes the closing record into the journal and ships it. */
export interface Evidence extends Closing {
  readonly keyring: Keyring;
  readonly ledger: AuditLedger;
  readonly shipping: Shipping;
  readonly archive: Archive;
  /** Takes secrets out of text, as from records. */
  readonly redact: Redact;
  /** Resolves when nothing can be recorded any more in mode `strict`: the process has to drain and end with an error. */
  readonly failed: Promise<Fault>;
  /** The reasons why nobody can be impersonated now; empty if there are none. */
  unready(): readonly string[];
}

/** Opens all of it. Throws `key-unreadable` or `audit-unavailable`; then nothing is left open. */
export async function evidence(parts: EvidenceParts): Promise<Evidence> {
  const { start, clock, log } = parts;
  // Nothing is rotated before there is a ledger: files are read again a minute after the start at the earliest.
  let records: AuditLedger | null = null;
  const keyring = await openKeyring({
    folder: join(parts.data, "keys"),
    files: start.keys,
    clock,
    log,
    rotated: (purpose, kid) => void recordRotation(parts, records, `${purpose} key ${kid}`),
  });
  const failure = Promise.withResolvers<Fault>();
  try {
    const redact = redactor({ key: keyring.derive("audit"), ...start.audit.secrets });
    const opened = await openLedger(parts, { keyring, redact }, failure.resolve);
    records = opened;
    const plan = planOf(parts);
    const shippers = shipping(plan, opened.source, { clock, log });
    const found = archive({ data: parts.data, source: opened.source, redis: plan.redis, log });
    return {
      ...{ keyring, ledger: opened, shipping: shippers, archive: found, redact, failed: failure.promise },
      unready: () => {
        const { state } = opened.counters().journal;
        return state === "open" ? [] : [`the audit journal is ${state}`];
      },
      close: async () => {
        await keyring.close();
        await found.close();
        await opened.close();
        await shippers.close();
      },
    };
  } catch (error) {
    await records?.close();
    await keyring.close();
    throw error;
  }
}

async function openLedger(
  { data, held, clock, log, witness = log }: EvidenceParts,
  { keyring, redact }: Pick<Evidence, "keyring" | "redact">,
  failed: (fault: Fault) => void,
): Promise<AuditLedger> {
  const { mode } = held.current().settings.audit;
  return await ledger({
    folder: join(data, "audit"),
    mode,
    clock,
    log,
    witness,
    redact,
    checkpoint: () => keyring.signer("checkpoint"),
    failed: (fault) => {
      // The other modes were chosen by somebody who wants to go on without records.
      if (mode === "strict") failed(fault);
    },
  });
}

function planOf({ held, start, redisUrl }: EvidenceParts): ShippingPlan {
  const { stream } = held.current().settings.audit;
  const url = start.audit.redis === null ? redisUrl : start.secret(start.audit.redis);
  const [twice] = webhooksToldTwice(start);
  if (twice !== undefined) throw new Fault("config-invalid", `audit.webhooks: ${twice.message}`);
  return {
    redis: url === null ? null : { url, stream },
    webhooks: start.audit.webhooks.map(({ url, secret, links, ...rest }) => ({
      ...rest,
      links: links && linksOf(links, held.current().settings),
      url: addressOf(start.secret(url)),
      secret: secret && start.secret(secret),
    })),
  };
}

/** The links that the config asks for, without those for which no public address is known. */
function linksOf(
  { run, page, ticket }: NonNullable<StartParts["audit"]["webhooks"][number]["links"]>,
  { console, publicUrl, prefix }: Settings,
): HookLinks {
  const base = console?.origin ?? publicUrl;
  const scheme = base?.startsWith("https:") === false ? "http:" : "https:";
  return {
    run: run && base !== null ? `${base}${prefix}` : null,
    page: page ? scheme : null,
    prefix,
    ticket: ticket ?? null,
  };
}

function addressOf(text: string): string {
  if (/^https?:/.test(text) && URL.canParse(text)) return text;
  throw new Fault("config-invalid", "audit.webhooks: a secret that should be an address is none");
}

async function recordRotation(
  parts: EvidenceParts,
  records: AuditLedger | null,
  detail: string,
): Promise<void> {
  try {
    const services = { clock: parts.clock, config: parts.held, newId: parts.newId };
    await records?.record(
      eventOf(services, null, { action: "key.rotated", outcome: "success", ...NOBODY, detail }),
    );
  } catch (error) {
    parts.log.error({ err: error, detail }, "a new key could not be recorded");
  }
}
