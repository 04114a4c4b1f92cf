import { createHash } from "node:crypto";
import { join } from "node:path";
import { AUDIT_ACTIONS, type AuditAction } from "../../domain/audit-event.ts";
import type { BodyTemplate } from "../../domain/help/body-template.ts";
import type { JournalRecord } from "../../ports.ts";
import { type CursorFile, cursorFile, furthest } from "../journal/positions.ts";
import { endsIn } from "../journal/segments.ts";
import type { Sink, SinkCounts, SinkDeps } from "./sink.ts";
import { addressOf, type Delivery, delivery, type Signer, signer } from "./webhook-delivery.ts";
import { type HookLinks, type HookRecord, hookMessage, NO_LINKS } from "./webhook-message.ts";

/** A webhook. Events that it misses are not kept for it. */
export interface WebhookOptions {
  /** http or https; a user and password in it are sent as Basic authorization. */
  readonly url: string;
  /** All unless given. */
  readonly events?: readonly AuditAction[] | undefined;
  /** The key that signs each delivery. */
  readonly secret?: string | undefined;
  readonly format?: "json" | "slack";
  /** None unless given. */
  readonly links?: HookLinks | undefined;
  /** The body that is sent instead of our own message. */
  readonly body?: BodyTemplate | undefined;
  /** For all of one POST, ms. */
  readonly timeout?: number;
  /** The longest pause that an answer may ask for, ms. */
  readonly retryAfter?: number;
}

/** Stands before a producer's name in the file of positions: from where a producer is told that was there before the webhook. */
const FROM = "from ";

/**
 * Tells an address of events, one POST each, in order, at least once; `webhook-id` tells a second copy. Only ids are
 * told, no names and no reasons. Signed as standardwebhooks.com says. Begins with what happens from then on.
 */
export class Webhook implements Sink {
  readonly name: string;
  readonly #plain: boolean;
  readonly #shape: Parameters<typeof hookMessage>[1];
  readonly #events: ReadonlySet<string>;
  readonly #sign: Signer | null;
  readonly #deliver: Delivery;
  readonly #deps: SinkDeps;
  readonly #file: CursorFile;
  readonly #stop = new AbortController();
  readonly #counts = { shipped: 0, filtered: 0, refused: 0 };
  /** Null before the file was read. */
  #positions: Map<string, number> | null = null;

  constructor(options: WebhookOptions, deps: SinkDeps) {
    const { events, secret, format = "json", links = NO_LINKS, body = null } = options;
    const { timeout = 10_000, retryAfter = 60_000 } = options;
    const { url } = addressOf(options.url);
    // The same address may be told twice, of other things or in another way; a new password makes it no other.
    const told = JSON.stringify([url, format, events?.toSorted() ?? null]);
    const id = createHash("sha256").update(told).digest("hex").slice(0, 12);
    this.name = `webhook ${new URL(url).host} ${id.slice(0, 4)}`;
    this.#plain = url.startsWith("http:");
    this.#shape = { format, links, body };
    this.#events = new Set(events ?? AUDIT_ACTIONS);
    this.#sign = secret === undefined ? null : signer(secret, new URL(url).host);
    const { signal } = this.#stop;
    this.#deliver = delivery({ url: options.url, clock: deps.clock, timeout, retryAfter, signal });
    this.#deps = deps;
    this.#file = cursorFile(join(deps.folder, `webhook-${id}.json`));
  }

  async position(producer: string): Promise<number> {
    // A life that is over may have been told on by another process.
    const kept = (await this.#file.read()) ?? (await this.#begin());
    this.#positions = furthest(this.#positions ?? new Map(), kept);
    return this.#at(producer);
  }

  async send(records: readonly JournalRecord[]): Promise<void> {
    const [first] = records;
    if (first === undefined) return;
    if (this.#positions === null) await this.position(first.producer);
    const positions = this.#positions ?? new Map<string, number>();
    try {
      for (const { producer, sequence, line } of records) {
        if (sequence <= this.#at(producer)) continue;
        await this.#tell(JSON.parse(line));
        positions.set(producer, sequence);
      }
    } finally {
      await this.#file.write(positions);
    }
  }

  counts(): SinkCounts {
    return { ...this.#counts };
  }

  /** Nobody but us moves the positions. */
  changed(): void {
    return;
  }

  async warnings(): Promise<readonly string[]> {
    return this.#plain ? [`${this.name} is told over plain http: anybody between may listen`] : [];
  }

  async close(): Promise<void> {
    this.#stop.abort();
  }

  /**
   * The first time ever: lives that are here already are told from where they are now, whichever process tells them. That is kept
   * beside the positions, since a life that still runs knows its own better.
   */
  async #begin(): Promise<ReadonlyMap<string, number>> {
    const ends = await endsIn(this.#deps.folder);
    const from = [...ends].map(([producer, last]) => [`${FROM}${producer}`, last] as const);
    const begun = new Map(from);
    await this.#file.write(begun);
    return begun;
  }

  #at(producer: string): number {
    const from = producer === this.#deps.producer ? 0 : (this.#positions?.get(`${FROM}${producer}`) ?? 0);
    return this.#positions?.get(producer) ?? from;
  }

  async #tell(record: HookRecord): Promise<void> {
    const { id, action } = record.event;
    if (!this.#events.has(action)) {
      this.#counts.filtered += 1;
      return;
    }
    const body = hookMessage(record, this.#shape);
    const timestamp = Math.floor(this.#deps.clock.now() / 1000).toString();
    const signed = this.#sign === null ? {} : { "webhook-signature": this.#sign(id, timestamp, body) };
    const status = await this.#deliver({ "webhook-id": id, "webhook-timestamp": timestamp, ...signed }, body);
    if (status >= 200 && status < 300) {
      this.#counts.shipped += 1;
      return;
    }
    this.#counts.refused += 1;
    const { name: sink } = this;
    this.#deps.log.error({ sink, status, event: id }, "audit: a webhook refused an event, it never has it");
  }
}
