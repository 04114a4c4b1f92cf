import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import type { Ending } from "../../domain/audit-event.ts";
import type { UpstreamHead } from "../http/exchange.ts";
import { letGo } from "../http/raw-response.ts";
import { truncation } from "../http/upstream-errors.ts";
import { type BodyFraming, bodyFraming } from "./upgrade-head.ts";

/** The app's answer to an upgrade that it doesn't want. */
interface PlainOrder {
  readonly client: Socket;
  readonly head: UpstreamHead;
  readonly body: IncomingMessage;
  /** How long the client or the app may take between two chunks, ms. */
  readonly idle: number;
  /** Called once, with the body bytes that were passed on. */
  readonly settled: (ending: Ending, bytes: number) => void;
}

/**
 * Passes an answer on as ordinary HTTP, at the client's pace, and closes the connection behind it. An answer that the app cuts off
 * ends so that no client takes it for complete.
 */
export class PlainAnswer {
  readonly #order: PlainOrder;
  readonly #framing: BodyFraming;
  #bytes = 0;
  #over = false;

  constructor(order: PlainOrder) {
    this.#order = order;
    this.#framing = bodyFraming(order.head);
  }

  /** `head` are the bytes of the answer's head, as `closingHead` makes them. */
  open(head: Buffer): void {
    const { client, body, idle } = this.#order;
    client.write(head);
    body.on("data", (chunk: Buffer) => this.#pass(chunk));
    body.on("end", () => this.#end());
    body.on("error", (error) => this.cut(truncation(error)));
    client.on("drain", () => body.resume());
    client.once("close", () => this.cut("client-aborted"));
    client.setTimeout(idle, () => this.cut(client.writableNeedDrain ? "client-aborted" : "upstream-timeout"));
    // What the client sent for a WebSocket that there isn't.
    client.resume();
  }

  /** Ends both sides in the middle. */
  cut(ending: Ending): void {
    this.#settle(ending);
    this.#order.body.destroy();
    this.#order.client.destroy();
  }

  #pass(chunk: Buffer): void {
    const { client, body } = this.#order;
    this.#bytes += chunk.length;
    if (!client.write(this.#framing === "chunks" ? asChunk(chunk) : chunk)) body.pause();
  }

  #end(): void {
    if (this.#over) return;
    if (this.#framing === "chunks") this.#order.client.write("0\r\n\r\n");
    letGo(this.#order.client, this.#order.idle);
    this.#settle("success");
  }

  #settle(ending: Ending): void {
    if (this.#over) return;
    this.#over = true;
    this.#order.settled(ending, this.#bytes);
  }
}

function asChunk(bytes: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from("\r\n")]);
}
