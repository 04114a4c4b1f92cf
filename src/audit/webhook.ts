import { createHash, createHmac } from "node:crypto";
import { join } from "node:path";
import { z } from "zod";
import { AUDIT_ACTIONS } from "../domain/audit-event.ts";
import { Fault } from "../errors.ts";
import type { JournalRecord, Kind } from "../ports.ts";
import { type CursorFile, cursorFile, furthest } from "./cursor-file.ts";
import type { Sink, SinkDeps } from "./sink.ts";

const schema = z.strictObject({
  webhook: z.strictObject({
    url: z.url({ protocol: /^https?$/ }).describe("Where each event is sent with POST, as JSON."),
    events: z.array(z.enum(AUDIT_ACTIONS)).min(1).optional().describe("Which events; all if left out."),
    secret: z.string().min(1).optional().describe("The key that signs each delivery."),
    format: z.enum(["json", "slack"]).default("json").describe("`slack` sends the sentence alone."),
  }),
});

type Options = z.infer<typeof schema>;

const TIMEOUT = 10_000;
const PREFIX = "whsec_";

/**
 * Tells an address of events, one POST each, in order, at least once; `webhook-id` tells a second copy. Only ids are
 * told, no names and no reasons. Signed as standardwebhooks.com says. Begins with what happens from then on.
 */
export const webhook: Kind<typeof schema, Options, SinkDeps, Sink> = {
  name: "webhook",
  describe: "An address that is told of events.",
  schema,
  create: (options, deps) => new Webhook(options, deps),
};

class Webhook implements Sink {
  readonly name: string;
  readonly #url: string;
  readonly #format: Options["webhook"]["format"];
  readonly #events: ReadonlySet<string>;
  readonly #key: Buffer | null;
  readonly #deps: SinkDeps;
  readonly #file: CursorFile;
  #positions: Map<string, number> | null = null;
  /** Lives before the first delivery ever are not told again. */
  #first = false;

  constructor({ webhook: { url, events, secret, format } }: Options, deps: SinkDeps) {
    // The same address may be told twice, of other things or in another way.
    const told = JSON.stringify([url, format, events?.toSorted() ?? null]);
    const id = createHash("sha256").update(told).digest("hex").slice(0, 12);
    this.name = `webhook ${new URL(url).host} ${id.slice(0, 4)}`;
    this.#url = url;
    this.#format = format;
    this.#events = new Set(events ?? AUDIT_ACTIONS);
    this.#key = secret === undefined ? null : keyOf(secret);
    this.#deps = deps;
    this.#file = cursorFile(join(deps.folder, `webhook-${id}.json`));
  }

  async position(producer: string): Promise<number> {
    const kept = await this.#file.read();
    if (this.#positions === null) this.#first = kept === null;
    // A life that is over may have been told on by another process.
    this.#positions = furthest(this.#positions ?? new Map(), kept ?? new Map());
    const known = this.#positions.get(producer);
    if (known !== undefined) return known;
    return this.#first && producer !== this.#deps.producer ? Number.MAX_SAFE_INTEGER : 0;
  }

  async send(records: readonly JournalRecord[]): Promise<void> {
    const positions = this.#positions ?? new Map<string, number>();
    this.#positions = positions;
    try {
      for (const { producer, sequence, line } of records) {
        if (sequence <= (positions.get(producer) ?? 0)) continue;
        await this.#tell(JSON.parse(line));
        positions.set(producer, sequence);
      }
    } finally {
      if (records.length > 0) await this.#file.write(positions);
    }
  }

  /** Nobody but us moves the positions. */
  changed(): void {
    return;
  }

  async warnings(): Promise<readonly string[]> {
    return this.#url.startsWith("http:")
      ? [`${this.name} is told over plain http: anybody between may listen`]
      : [];
  }

  async close(): Promise<void> {
    return;
  }

  async #tell(record: WebhookRecord): Promise<void> {
    if (!this.#events.has(record.event.action)) return;
    const { id } = record.event;
    const message = messageOf(record);
    const body = JSON.stringify(this.#format === "slack" ? { text: plain(message.text) } : message);
    const timestamp = Math.floor(this.#deps.clock.now() / 1000).toString();
    const answer = await fetch(this.#url, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        "webhook-id": id,
        "webhook-timestamp": timestamp,
        ...(this.#key === null ? {} : { "webhook-signature": signature(this.#key, id, timestamp, body) }),
      },
      body,
      redirect: "manual",
      signal: AbortSignal.timeout(TIMEOUT),
    });
    await answer.body?.cancel();
    if (answer.ok) return;
    // Busy or broken: later. Anything else would be the same again and hold up all that follows.
    if (answer.status >= 500 || [408, 425, 429].includes(answer.status))
      throw new Error(`HTTP ${answer.status}`);
    this.#deps.log.error(
      { sink: this.name, status: answer.status, event: id },
      "audit: a webhook refused an event",
    );
  }
}

interface WebhookRecord {
  readonly "@timestamp": string;
  readonly event: {
    readonly id: string;
    readonly action: string;
    readonly outcome: string;
    readonly reference?: string;
  };
  readonly user?: { readonly id?: string; readonly effective?: { readonly id: string } };
  readonly guise: { readonly impersonation?: string; readonly mode?: string; readonly decision?: string };
}

/** Ids only; `text` is what chat services show. */
function messageOf({ "@timestamp": at, event, user, guise }: WebhookRecord) {
  const effective = user?.effective?.id;
  const who = effective === undefined ? (user?.id ?? "guise") : `${user?.id ?? "nobody"} as ${effective}`;
  const why = [guise.decision, event.reference].filter((part) => part !== undefined).join(", ");
  return {
    text: `${event.action}: ${who}${why === "" ? "" : ` (${why})`}`,
    id: event.id,
    action: event.action,
    at,
    outcome: event.outcome,
    trueUser: user?.id ?? null,
    effectiveUser: effective ?? null,
    impersonation: guise.impersonation ?? null,
    mode: guise.mode ?? null,
    decision: guise.decision ?? null,
    ticket: event.reference ?? null,
  };
}

/** Ids are anybody's choice: none of them may call a whole channel, or look like a line of its own. */
function plain(text: string): string {
  const line = text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, " ");
  return line.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

function keyOf(secret: string): Buffer {
  if (!secret.startsWith(PREFIX)) return Buffer.from(secret);
  const text = secret.slice(PREFIX.length);
  if (!/^[A-Za-z0-9+/_-]{4,}={0,2}$/.test(text))
    throw new Fault("config-invalid", `a webhook's secret begins with ${PREFIX}, but base64 does not follow`);
  return Buffer.from(text, "base64");
}

function signature(key: Buffer, id: string, timestamp: string, body: string): string {
  return `v1,${createHmac("sha256", key).update(`${id}.${timestamp}.${body}`).digest("base64")}`;
}
