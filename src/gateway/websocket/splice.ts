import type { Socket } from "node:net";
import type { Ending } from "../../domain/audit-event.ts";
import type { Carried } from "../http/exchange.ts";
import { letGo } from "../http/raw-response.ts";
import { FrameGate } from "./frame-gate.ts";
import { closeFrame, type Parting } from "./frames.ts";

/** What two spliced sockets may do, and how it ended. */
interface SpliceOrder {
  readonly client: Socket;
  readonly upstream: Socket;
  /** Frames are parsed, so that `part` can send a close frame between two of them. */
  readonly watched: boolean;
  /** The first data frame from the client ends it with 4003. */
  readonly readOnly: boolean;
  /** Silence on both sides that ends it with 1001, ms. */
  readonly idle: number;
  /** Called once, when both sockets are closed. */
  readonly settled: (end: SpliceEnd) => void;
}

interface SpliceEnd extends Carried {
  readonly ending: Ending;
  /** The close that we sent; null where we sent none. */
  readonly parting: Parting | null;
}

/** How long an open frame may take to end before the client is cut off in the middle of it, ms. */
const FRAME_END = 250;

/** How long one side may be silent when the other has ended, ms. */
const HALF_CLOSED = 30_000;

const READ_ONLY: Parting = { code: 4003, text: "read-only" };
const IDLE: Parting = { code: 1001, text: "idle" };

/** Two sockets that speak WebSocket to each other through us. */
export class Splice {
  readonly #order: SpliceOrder;
  readonly #up: FrameGate;
  readonly #down: FrameGate;
  #ending: Ending | null = null;
  #parting: Parting | null = null;
  #timer: NodeJS.Timeout | null = null;
  #open = 2;

  constructor(order: SpliceOrder) {
    const { client, upstream, readOnly } = order;
    const watched = order.watched || readOnly;
    this.#order = order;
    this.#up = new FrameGate(
      client,
      upstream,
      { ended: () => this.#halfClosed(), stopped: () => this.part(READ_ONLY, "failure") },
      { watched, refusesData: readOnly },
    );
    this.#down = new FrameGate(
      upstream,
      client,
      { ended: () => this.#halfClosed(), stopped: () => this.#recordShutdown() },
      { watched, refusesData: false },
    );
  }

  open(): void {
    const { client, upstream, idle } = this.#order;
    client.setTimeout(idle, () => this.part(IDLE, "success"));
    client.once("close", () => this.#closed(upstream, client.errored !== null ? "client-aborted" : null));
    upstream.once("close", () =>
      this.#closed(client, upstream.readableEnded && upstream.errored === null ? null : "upstream-truncated"),
    );
    this.#down.open();
    this.#up.open();
  }

  /** Bytes from the client and from the app that were passed on. */
  carried(): Carried {
    return { requestBytes: this.#up.bytes, responseBytes: this.#down.bytes };
  }

  /**
   * Ends it now with a close frame for both sides, gone within 1.3 s. No byte of the client's goes to the app any more, not even the
   * rest of a frame; the app's present frame may reach the client, so that the close is seen.
   */
  part(parting: Parting, ending: Ending): void {
    if (this.#parting !== null) return;
    this.#parting = parting;
    this.#ending ??= ending;
    this.#up.stop();
    this.#tellApp(parting);
    if (this.#down.between) {
      this.#down.stop();
      this.#recordShutdown();
      return;
    }
    this.#down.stopAfterFrame();
    this.#timer = setTimeout(() => this.#order.client.destroy(), FRAME_END);
  }

  /** An app in the middle of a client's frame can't be told; it sees the connection end with the client's. */
  #tellApp(parting: Parting): void {
    const { upstream } = this.#order;
    if (this.#up.between && upstream.writable) upstream.write(closeFrame(parting, true));
    if (this.#up.between || upstream.writableEnded) letGo(upstream);
  }

  #recordShutdown(): void {
    const { client } = this.#order;
    if (this.#timer !== null) clearTimeout(this.#timer);
    if (this.#parting !== null && client.writable) client.write(closeFrame(this.#parting, false));
    letGo(client);
  }

  #halfClosed(): void {
    const { client, idle } = this.#order;
    client.setTimeout(Math.min(idle, HALF_CLOSED));
  }

  /** One socket is gone; the other gets what was written to it, and goes too. */
  #closed(other: Socket, ending: Ending | null): void {
    this.#open -= 1;
    this.#up.stop();
    this.#down.stop();
    if (this.#open === 1) {
      // A side that ended in order has finished: a later reset of it is no error.
      if (!other.readableEnded && this.#parting === null) this.#ending ??= ending;
      if (this.#parting === null || other.writableEnded) letGo(other);
      else other.destroy();
      return;
    }
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#order.settled({
      ending: this.#ending ?? "success",
      ...this.carried(),
      parting: this.#parting,
    });
  }
}
