import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import type { Readable } from "node:stream";
import type { Settings } from "../../config/snapshot.ts";
import type { Ending } from "../../domain/audit-event.ts";
import { REASONS } from "../../domain/decision.ts";
import type { RawHeaders } from "../../domain/raw-headers.ts";
import { Fault } from "../../errors.ts";
import type { Maybe } from "../../ports.ts";
import { type Dial, type DialOptions, dialer } from "../http/client/dial.ts";
import { tooMany } from "../http/client/pool.ts";
import { type StreamLimits, Streams } from "../http/client/streams.ts";
import type { Carried, Settlement, UpstreamHead } from "../http/exchange.ts";
import { leave, refuse } from "../http/raw-response.ts";
import { endingOf, ownFault } from "../http/upstream-errors.ts";
import type { Parting } from "./frames.ts";
import { Handshake } from "./handshake.ts";
import { PlainAnswer } from "./plain-response.ts";
import { Splice } from "./splice.ts";
import { closingHead, headBytes, switching } from "./upgrade-head.ts";

/** A whole `Settings` fits. Times in ms. */
interface TunnelOptions {
  readonly upstream: DialOptions;
  readonly timeouts: Pick<Settings["timeouts"], "connect" | "answer" | "answerIdle" | "socketIdle">;
  readonly limits: StreamLimits & Pick<Settings["limits"], "answerHeaders">;
}

/** How a tunnel ended. Bytes are those after the 101 (or the app's body), `parting` is the close frame that we sent. */
interface TunnelSettlement extends Settlement {
  readonly parting: Parting | null;
}

/** One upgrade on its way to the app: decided, and with nothing read from or written to its socket yet. */
interface TunnelOrder {
  /** The client's end. Ours from here on. */
  readonly socket: Socket;
  /** Whose streams this one counts among. Default: the address of `socket`. */
  readonly address?: string;
  /** What came behind the client's request; goes to the app only after the app's 101. */
  readonly head: Buffer;
  /** Canonical path and query, sent byte for byte. */
  readonly target: string;
  /** Final headers, `Host`, `Origin` and `Sec-WebSocket-*` among them; `Connection` and `Upgrade` are added. */
  readonly headers: RawHeaders;
  /** Called once with the app's answer, be it 101 or not; gives the headers that the client gets. Throwing or rejecting goes to `failed`. */
  readonly respond: (head: UpstreamHead) => Maybe<RawHeaders>;
  /** Called at most once, when the two sides are joined: what was carried so far, whenever it is asked. */
  readonly opened?: (status: number, carried: () => Carried) => void;
  /** Called at most once, only while the socket is untouched: write an HTTP answer to it (`refuse`). */
  readonly failed: (fault: Fault) => void;
  /** Called exactly once, last. */
  readonly settled: (settlement: TunnelSettlement) => void;
  /**
   * Aborted when the tunnel must be cut now; null for one that never is. A reason word as its reason closes both sides with 4001
   * (`read-only`: 4003) and that word, any other with 1001.
   */
  readonly signal: AbortSignal | null;
  /** The client's data frames are refused: the first closes both sides with 4003. */
  readonly readOnly: boolean;
}

/** Carries WebSockets to the app and back as bytes. */
export interface Tunnel {
  open(order: TunnelOrder): void;
}

/** Opens nothing until the first order. `streams` counts those that last, here and over plain HTTP. */
export function tunnel(options: TunnelOptions, streams: Streams = new Streams()): Tunnel {
  const dial = dialer(options.upstream);
  return {
    open(order) {
      const address = order.address ?? order.socket.remoteAddress ?? "";
      if (!streams.enter(address, options.limits)) {
        const fault = tooMany();
        order.failed(fault);
        report(order, endingOf(fault));
        return;
      }
      const settled: TunnelOrder["settled"] = (settlement) => {
        streams.leave(address);
        order.settled(settlement);
      };
      new Opening({ ...order, settled }, options).begin(dial);
    },
  };
}

/** One order until the client has an answer. */
class Opening {
  readonly #order: TunnelOrder;
  readonly #timeouts: TunnelOptions["timeouts"];
  readonly #handshake: Handshake;
  readonly #clientGone = (): void => {
    if (this.#over) return;
    this.#release();
    this.#order.socket.destroy();
    report(this.#order, "client-aborted");
  };
  #over = false;
  /** The app's side while `respond` thinks. */
  #answer: Readable | null = null;

  constructor(order: TunnelOrder, { timeouts, limits }: TunnelOptions) {
    this.#order = order;
    this.#timeouts = timeouts;
    this.#handshake = new Handshake(timeouts, limits.answerHeaders, this);
  }

  begin(dial: Dial): void {
    const { socket, signal } = this.#order;
    socket.on("error", leave);
    if (socket.destroyed || socket.readableEnded) {
      this.#clientGone();
      return;
    }
    if (signal?.aborted === true) {
      this.handleEvent();
      return;
    }
    // A client that ends its side before it has an answer doesn't wait for one.
    socket.once("end", this.#clientGone);
    socket.once("close", this.#clientGone);
    signal?.addEventListener("abort", this);
    this.#handshake.begin(dial, this.#order);
  }

  /** The signal was aborted: the client learns that it was not to be. */
  handleEvent(): void {
    if (this.#over) return;
    const { socket, signal } = this.#order;
    const status = partingFor(signal).code === ENDED ? 409 : 503;
    this.#release();
    refuse(socket, { status, headers: [], body: "" });
    report(this.#order, "revoked");
  }

  // What the handshake came to.

  switched(head: UpstreamHead, upstream: Socket): void {
    this.#respond(head, upstream, (headers) => {
      if (upstream.destroyed) throw new Fault("upstream-protocol", "the app left as soon as it had switched");
      const bytes = headBytes(101, head.message, switching(headers));
      this.#detach();
      splice(this.#order, upstream, bytes, this.#timeouts.socketIdle);
    });
  }

  answered(head: UpstreamHead, body: IncomingMessage): void {
    this.#respond(head, body, (headers) => {
      const bytes = closingHead({ ...head, headers });
      this.#detach();
      passOn(this.#order, { ...head, headers }, body, bytes, this.#timeouts.answerIdle);
    });
  }

  failed(fault: Fault): void {
    if (this.#over) return;
    this.#release();
    this.#order.failed(fault);
    report(this.#order, endingOf(fault));
  }

  #respond(head: UpstreamHead, answer: Readable, go: (headers: RawHeaders) => void): void {
    this.#answer = answer;
    const proceed = (headers: RawHeaders): void => {
      if (this.#over) return;
      try {
        go(headers);
      } catch (error) {
        this.failed(ownFault(error));
      }
    };
    try {
      const made = this.#order.respond(head);
      if (made instanceof Promise) made.then(proceed, (error: unknown) => this.failed(ownFault(error)));
      else proceed(made);
    } catch (error) {
      this.failed(ownFault(error));
    }
  }

  /** Lets go of everything but the client's socket. */
  #release(): void {
    this.#detach();
    this.#handshake.abandon();
    this.#answer?.destroy();
  }

  /** Others watch the client and the signal from here on. */
  #detach(): void {
    const { socket, signal } = this.#order;
    this.#over = true;
    socket.off("end", this.#clientGone);
    socket.off("close", this.#clientGone);
    signal?.removeEventListener("abort", this);
  }
}

const ENDED = 4001;
const READ_ONLY = 4003;

function partingFor(signal: AbortSignal | null): Parting {
  const why: unknown = signal?.reason;
  if (why === "read-only") return { code: READ_ONLY, text: why };
  if (typeof why === "string" && Object.hasOwn(REASONS, why)) return { code: ENDED, text: why };
  return { code: 1001, text: "going-away" };
}

/** Of a tunnel for which the app gave no answer that the client gets. */
function report(order: TunnelOrder, ending: Ending): void {
  order.settled({ ending, status: null, requestBytes: 0, responseBytes: 0, parting: null });
}

/** Answers 101 and joins the two sockets. Keeps of the order only what a tunnel that is open for days needs. */
function splice(
  { socket, head, signal, readOnly, settled, opened }: TunnelOrder,
  upstream: Socket,
  answer: Buffer,
  idle: number,
): void {
  const joined = new Splice({
    client: socket,
    upstream,
    watched: signal !== null,
    readOnly,
    idle,
    settled: (end) => {
      signal?.removeEventListener("abort", revoke);
      settled({ ...end, status: 101 });
    },
  });
  function revoke(): void {
    joined.part(partingFor(signal), "revoked");
  }
  signal?.addEventListener("abort", revoke);
  socket.write(answer);
  if (head.length > 0) socket.unshift(head);
  joined.open();
  opened?.(101, () => joined.carried());
}

/** Gives the client the app's refusal as it is. */
function passOn(
  order: TunnelOrder,
  head: UpstreamHead,
  body: IncomingMessage,
  bytes: Buffer,
  idle: number,
): void {
  const { signal } = order;
  const answer = new PlainAnswer({
    client: order.socket,
    head,
    body,
    idle,
    settled: (ending, responseBytes) => {
      signal?.removeEventListener("abort", revoke);
      order.settled({ ending, status: head.status, requestBytes: 0, responseBytes, parting: null });
    },
  });
  function revoke(): void {
    answer.cut("revoked");
  }
  signal?.addEventListener("abort", revoke);
  answer.open(bytes);
}
