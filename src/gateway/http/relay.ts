import type { Settings } from "../../config/snapshot.ts";
import type { Ending } from "../../domain/audit-event.ts";
import { Fault } from "../../errors.ts";
import type { Deadlines } from "./client/deadlines.ts";
import type { Link } from "./client/linked-list.ts";
import { tooMany, type UpstreamPool } from "./client/pool.ts";
import { type RequestFraming, requestHead } from "./client/request-head.ts";
import type { ResponseHead } from "./client/response-head.ts";
import { type ResponseHandler, UpstreamRequest } from "./client/upstream-request.ts";
import { clientEnding, cutOff, cutOffInTurn, whenMalformed } from "./client-abort.ts";
import type { Carried, Exchange, HeadPlan } from "./exchange.ts";
import { answerHead } from "./hop-by-hop-headers.ts";
import { Upload } from "./request-body.ts";
import { Outlet, type Source } from "./response-writer.ts";
import { closeBehindBody } from "./unread-body.ts";
import { endingOf, faultOf, ownFault, truncation } from "./upstream-errors.ts";

/** Times in ms. */
export type RelayTimeouts = Pick<Settings["timeouts"], "connect" | "answer" | "answerIdle" | "requestIdle">;

/** What the relays of one way to the app have in common. */
interface RelayParts {
  readonly app: UpstreamPool;
  readonly timeouts: RelayTimeouts;
  /** The least that a client's body must come with, bytes a second; 0 for anything. */
  readonly uploadRate: number;
  /** Those that wait for a connection, and those that wait for an answer. */
  readonly connecting: Deadlines<Relay>;
  readonly unanswered: Deadlines<Relay>;
  /** Those whose answer is an event stream and goes on now. */
  readonly streams: Set<Relay>;
}

/** `waiting` for the app's head, `answering`, `complete` on the app's side, and `settled` once it is told how it ended. */
type Phase = "waiting" | "answering" | "complete" | "settled";

const OVER = new Error("the exchange is over");

/** How often a client that has ended its side is asked whether it is still there, ms. */
const PROBE = 1_000;

/**
 * The life of one exchange. The pool reports the app's side and node the client's; the first of them that ends it decides how it ended.
 * Settles exactly once.
 */
export class Relay implements ResponseHandler, Source {
  readonly #exchange: Exchange;
  readonly #parts: RelayParts;
  #phase: Phase = "waiting";
  #request: UpstreamRequest | null = null;
  #upload: Upload | null = null;
  /** The answer is complete, and the body still goes out. */
  #uploading = false;
  #outlet: Outlet | null = null;
  #events = false;
  #status: number | null = null;
  #requestBytes = 0;
  #timer: NodeJS.Timeout | null = null;
  /** Where it is waited for with a limit that all have. */
  #deadlines: Deadlines<Relay> | null = null;
  #place: Link<Relay> | null = null;

  constructor(exchange: Exchange, parts: RelayParts) {
    this.#exchange = exchange;
    this.#parts = parts;
  }

  /** Begins to watch both ends; false if there is nothing left to do. */
  open(): boolean {
    const { client, signal, body } = this.#exchange;
    // A request whose body was read before is over, though its client waits.
    const unread = body === null && client.request.destroyed;
    if (client.response.destroyed || unread || client.request.socket.destroyed) {
      this.#settle(clientEnding(client.request));
      return false;
    }
    client.response.on("close", () => this.#clientClosed());
    client.request.socket.on("end", this.#clientEnded);
    if (client.request.socket.readableEnded) this.#clientEnded();
    if (signal?.aborted === true) this.handleEvent();
    else signal?.addEventListener("abort", this);
    return this.#phase === "waiting";
  }

  /** Sends the request with these bytes as its body; null is none. */
  send(body: Buffer | null, framing: RequestFraming): void {
    if (this.#phase !== "waiting") return;
    this.#dispatch(framing, () => {
      this.#requestBytes = body?.length ?? 0;
      return body;
    });
  }

  /** Sends the request with the client's body as it comes. */
  stream(framing: RequestFraming): void {
    if (this.#phase !== "waiting") return;
    this.#dispatch(framing, () => this.#read());
  }

  /** Ends it with a page or problem for the client, or with a cut where the client has seen a head. */
  fail(fault: Fault): void {
    if (this.#phase === "settled") return;
    const { response } = this.#exchange.client;
    if (response.headersSent || response.destroyed) {
      this.#cut(endingOf(fault));
      return;
    }
    this.#settle(endingOf(fault), () => this.#exchange.failed(fault));
  }

  // What the app's side tells, in its order.

  sending(): void {
    this.#clearTimer();
  }

  awaited(): void {
    if (this.#phase === "waiting") this.#watch(this.#parts.unanswered);
    else if (this.#uploading) this.#arm(Relay.#untaken, this.#parts.timeouts.answerIdle);
  }

  moving(): void {
    if (this.#phase === "waiting" || this.#uploading) this.#clearTimer();
  }

  head({ status, message, headers }: ResponseHead): void {
    if (this.#phase !== "waiting") return;
    this.#clearTimer();
    this.#phase = "answering";
    this.#status = status;
    try {
      const { head, events } = answerHead(status, message, headers);
      this.#events = events;
      if (events) this.#lasts();
      this.#outlet = new Outlet(this.#exchange.client.response, this);
      const plan = this.#exchange.respond(head);
      if (plan instanceof Promise) this.#await(plan, this.#outlet);
      else this.#outlet.open(plan);
      this.#exchange.opened?.(status, () => this.#carried());
    } catch (error) {
      this.spoilt(error);
    }
  }

  data(chunk: Buffer): void {
    if (this.#phase !== "answering") return;
    this.#timer?.refresh();
    this.#outlet?.write(chunk);
  }

  /** Trailers are dropped on purpose: no browser shows them, and they come too late for `respond`. */
  end(uploading: boolean): void {
    if (this.#phase !== "answering") return;
    this.#phase = "complete";
    this.#clearTimer();
    this.#uploading = uploading;
    closeBehindBody(this.#exchange.client.request);
    // Node reports no close to a request that was answered.
    if (uploading) this.#exchange.client.request.socket.once("close", () => this.#clientClosed());
    else this.#upload?.stop(OVER);
    this.#outlet?.end();
  }

  uploaded(): void {
    if (!this.#uploading) return;
    this.#uploading = false;
    const { response } = this.#exchange.client;
    if (response.writableFinished) this.#settle("success");
    else this.lingers();
  }

  failed(error: Error, sent: boolean): void {
    if (this.#uploading) {
      // The client has its answer already, so it doesn't matter that the app didn't want the rest.
      this.#upload?.stop(OVER);
      this.uploaded();
    } else if (error === this.#upload?.broken) this.#clientClosed();
    else if (sent && this.#exchange.client.request.socket.readableEnded)
      this.#cut(clientEnding(this.#exchange.client.request));
    else if (this.#exchange.client.response.headersSent) this.#cut(truncation(error));
    else this.fail(faultOf(error, sent));
  }

  // What the outlet asks for.

  pause(): void {
    this.#request?.pause();
  }

  resume(): void {
    this.#timer?.refresh();
    this.#request?.resume();
  }

  lingers(): void {
    if (this.#phase !== "settled" && !this.#uploading)
      this.#arm(Relay.#stalled, this.#parts.timeouts.answerIdle);
  }

  spoilt(error: unknown): void {
    this.fail(ownFault(error));
  }

  /** The exchange's signal was aborted: who has no answer yet is told why. */
  handleEvent(): void {
    const { client, signal, revoked } = this.#exchange;
    if (revoked === undefined || client.response.headersSent) this.#cut("revoked");
    else this.#settle("revoked", () => revoked(signal?.reason));
  }

  /** No connection to the app in time. */
  starved(): void {
    const { connect } = this.#parts.timeouts;
    if (this.#request?.connection === null)
      this.fail(new Fault("overloaded", `no connection to the app became free within ${connect} ms`));
    else this.fail(new Fault("upstream-timeout", `no connection to the app within ${connect} ms`));
  }

  /** The app has the request, and says nothing. */
  unanswered(): void {
    const { answer } = this.#parts.timeouts;
    this.fail(new Fault("upstream-timeout", `the app gave no answer within ${answer} ms`));
  }

  /** The answer is out, but the app takes nothing more of the body. */
  static #untaken(it: Relay): void {
    if (it.#request !== null) it.#parts.app.abort(it.#request);
    it.failed(OVER, true);
  }

  /** An event stream may be silent as long as it likes, but a client must take what is there for it. */
  static #stalled(it: Relay): void {
    if (it.#outlet?.blocked === true || it.#phase === "complete") it.#cut("client-aborted");
    else if (it.#events) it.#timer?.refresh();
    else it.#cut("upstream-timeout");
  }

  /** Begins to read the client's body, which it may be waiting to be asked for. */
  #read(): Upload {
    const { request } = this.#exchange.client;
    const { timeouts, uploadRate } = this.#parts;
    const pace = { idle: timeouts.requestIdle, rate: uploadRate };
    this.#upload = new Upload(request, pace, (why) => this.#uploadStalled(why));
    whenMalformed(request.socket, () => {
      // Behind a whole body it is the next request that can't be read.
      if (!request.complete) this.#settle("client-framing-error");
    });
    return this.#upload;
  }

  #dispatch(framing: RequestFraming, bodyOf: () => Buffer | Upload | null): void {
    const { method, target, headers, repeatable = false, client, person, address } = this.#exchange;
    const { socket } = client.request;
    const from = address ?? socket.remoteAddress ?? "";
    try {
      const head = requestHead(method, target, headers, framing);
      const body = bodyOf();
      const order = {
        method,
        ...head,
        body,
        length: typeof framing === "number" ? framing : null,
        party: { socket, address: from, person: person ?? from },
        repeatable: repeatable && body === null && (method === "GET" || method === "HEAD"),
      };
      this.#request = new UpstreamRequest(order, this);
    } catch (error) {
      this.fail(ownFault(error));
      return;
    }
    this.#request.last = socket.readableEnded;
    // Until there is a connection.
    this.#watch(this.#parts.connecting);
    this.#parts.app.send(this.#request);
  }

  /** Throws a Fault if it is one too many. */
  #lasts(): void {
    this.#parts.streams.add(this);
    if (this.#request !== null && !this.#parts.app.lasts(this.#request)) throw tooMany();
  }

  #await(plan: Promise<HeadPlan>, outlet: Outlet): void {
    this.pause();
    plan.then(
      (made) => {
        outlet.open(made);
        this.resume();
      },
      (error: unknown) => this.spoilt(error),
    );
  }

  #uploadStalled(why: string): void {
    const { response } = this.#exchange.client;
    if (!response.headersSent) response.shouldKeepAlive = false;
    this.fail(new Fault("request-timeout", why));
  }

  /** It sends nothing more. Whether it still reads shows when something is written, or when its system no longer knows of the connection. */
  readonly #clientEnded = (): void => {
    const { client, signal } = this.#exchange;
    client.request.socket.setKeepAlive(true, PROBE);
    // An agent's browser has left then, and what it asked for takes no place among the requests of its impersonation.
    if (signal === null) this.#request?.clientEnded();
    else this.#cut("client-aborted");
  };

  #clientClosed(): void {
    const { request, response } = this.#exchange.client;
    const answered = this.#phase === "complete" && response.writableFinished;
    // The rest of the body goes out as long as it comes, and to its end where all of it is here.
    if (answered && this.#uploading && (request.complete || !request.socket.destroyed)) return;
    if (answered && !this.#uploading) this.#settle("success");
    else this.#settle(clientEnding(request));
  }

  /** Ends it so that the client can't take what it has for the whole. */
  #cut(ending: Ending): void {
    const { request, response } = this.#exchange.client;
    // A revoked exchange is cut at once.
    this.#settle(ending, () => (ending === "revoked" ? cutOff(request) : cutOffInTurn(request, response)));
  }

  /** `answer`: what the client gets of it. */
  #settle(ending: Ending, answer?: () => void): void {
    if (this.#phase === "settled") return;
    this.#release();
    answer?.();
    this.#exchange.settled({ ending, status: this.#status, ...this.#carried() });
  }

  #release(): void {
    this.#phase = "settled";
    this.#uploading = false;
    this.#clearTimer();
    this.#parts.streams.delete(this);
    this.#exchange.signal?.removeEventListener("abort", this);
    this.#exchange.client.request.socket.off("end", this.#clientEnded);
    this.#upload?.stop(OVER);
    this.#outlet?.drop();
    if (this.#request !== null) this.#parts.app.abort(this.#request);
  }

  #carried(): Carried {
    const requestBytes = this.#upload?.bytes ?? this.#requestBytes;
    return { requestBytes, responseBytes: this.#outlet?.bytes ?? 0 };
  }

  #arm(late: (relay: Relay) => void, within: number): void {
    this.#clearTimer();
    this.#timer = setTimeout(late, within, this);
  }

  #watch(deadlines: Deadlines<Relay>): void {
    this.#clearTimer();
    this.#deadlines = deadlines;
    this.#place = deadlines.add(this);
  }

  #clearTimer(): void {
    if (this.#place !== null) this.#deadlines?.delete(this.#place);
    this.#place = null;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }
}
