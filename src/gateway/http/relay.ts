import type { Readable } from "node:stream";
import type { Dispatcher } from "undici";
import type { Settings } from "../../config/snapshot.ts";
import type { Ending } from "../../domain/audit-event.ts";
import { Fault } from "../../errors.ts";
import { clientEnding, cutOff, whenMalformed } from "./client-abort.ts";
import type { Carried, Exchange, HeadPlan } from "./exchange.ts";
import { answerHead } from "./hop-by-hop-headers.ts";
import { Upload } from "./request-body.ts";
import { Outlet, type Source } from "./response-writer.ts";
import { endingOf, faultOf, ownFault, truncation } from "./upstream-errors.ts";
import type { Upstream } from "./upstream-pool.ts";

/** Times in ms. */
export type RelayTimeouts = Pick<Settings["timeouts"], "connect" | "answerIdle" | "requestIdle">;

/** What the relays of one way to the app have in common. */
export interface RelayParts {
  readonly app: Upstream;
  readonly timeouts: RelayTimeouts;
  /** The least that a client's body must come with, bytes a second; 0 for anything. */
  readonly uploadRate: number;
  /** Those whose answer is an event stream and goes on now. */
  readonly streams: Set<Relay>;
}

/** `waiting` for the app's head, `answering`, `complete` on the app's side, and `settled` once it is told how it ended. */
type Phase = "waiting" | "answering" | "complete" | "settled";

const OVER = new Error("the exchange is over");
const RESET = new Error("the app reset its connection");

/**
 * The life of one exchange: undici tells it of the app, node of the client, and whoever of them ends it first decides
 * how it ended. Settles exactly once, and never sends a request a second time.
 */
export class Relay implements Dispatcher.DispatchHandler, Source {
  readonly #exchange: Exchange;
  readonly #parts: RelayParts;
  #phase: Phase = "waiting";
  #controller: Dispatcher.DispatchController | null = null;
  #upload: Upload | null = null;
  #outlet: Outlet | null = null;
  #events = false;
  #status: number | null = null;
  #requestBytes = 0;
  #timer: NodeJS.Timeout | null = null;

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
      this.#settle(clientEnding(this.#exchange.client.request));
      return false;
    }
    client.response.on("close", () => this.#clientClosed());
    if (signal?.aborted === true) this.handleEvent();
    else signal?.addEventListener("abort", this);
    return this.#phase === "waiting";
  }

  /** Sends the request with these bytes as its body; null is none. */
  send(body: Buffer | null, headers: readonly string[]): void {
    if (this.#phase !== "waiting") return;
    this.#requestBytes = body?.length ?? 0;
    this.#dispatch(body, headers, false);
  }

  /** Sends the request with the client's body as it comes. */
  stream(headers: readonly string[]): void {
    if (this.#phase !== "waiting") return;
    const { request } = this.#exchange.client;
    const { timeouts, uploadRate } = this.#parts;
    const pace = { idle: timeouts.requestIdle, rate: uploadRate };
    const upload = new Upload(request, pace, (why) => this.#uploadStalled(why));
    this.#upload = upload;
    whenMalformed(request.socket, () => this.#settle("client-framing-error"));
    // undici takes any iterable; its types know streams only.
    this.#dispatch(upload as unknown as Readable, headers, true);
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

  // What undici tells, in its order.

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#clearTimer();
    // Thrown, it leaves the connection whole; aborted, it would end one that was never used.
    if (this.#phase === "settled") throw OVER;
    if (this.#controller !== null) throw new Error("a request must not be sent twice");
    this.#controller = controller;
  }

  /** 1xx are dropped on purpose: what they say would reach the client without having been through `respond`. */
  onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    _headers: unknown,
    message = "",
  ): void {
    if (this.#phase !== "waiting") return;
    if (status === 101)
      this.fail(new Fault("upstream-protocol", "the app switched protocols without having been asked"));
    if (status < 200) return;
    this.#phase = "answering";
    this.#status = status;
    try {
      const { head, events } = answerHead(status, message, controller.rawHeaders as Buffer[]);
      this.#events = events;
      if (events) this.#parts.streams.add(this);
      this.#outlet = new Outlet(this.#exchange.client.response, this);
      const plan = this.#exchange.respond(head);
      if (plan instanceof Promise) this.#await(plan, this.#outlet);
      else this.#outlet.open(plan);
      this.#exchange.opened?.(status, () => this.#carried());
    } catch (error) {
      this.spoilt(error);
    }
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#phase !== "answering") return;
    this.#timer?.refresh();
    this.#outlet?.write(chunk);
  }

  /** Trailers are dropped on purpose: no browser shows them, and they come too late for `respond`. */
  onResponseEnd(): void {
    if (this.#phase !== "answering") return;
    if (this.#parts.app.reset()) {
      this.#broke(RESET);
      return;
    }
    this.#phase = "complete";
    this.#clearTimer();
    this.#upload?.stop(OVER);
    this.#outlet?.end();
  }

  onResponseError(_controller: Dispatcher.DispatchController | null, error: Error): void {
    if (error === this.#upload?.broken) this.#clientClosed();
    else this.#broke(error);
  }

  // What the outlet asks for.

  pause(): void {
    this.#controller?.pause();
  }

  resume(): void {
    this.#timer?.refresh();
    this.#controller?.resume();
  }

  lingers(): void {
    this.#clearTimer();
    if (this.#phase !== "settled")
      this.#timer = setTimeout(answerStalled, this.#parts.timeouts.answerIdle, this);
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
    const { app, timeouts } = this.#parts;
    const { connect } = timeouts;
    if (app.crowded())
      this.fail(new Fault("overloaded", `no connection to the app became free within ${connect} ms`));
    else this.fail(new Fault("upstream-timeout", `no connection to the app within ${connect} ms`));
  }

  /** An event stream may be silent as long as it likes, but a client must take what is there for it. */
  stalled(): void {
    if (this.#outlet?.blocked === true || this.#phase === "complete") this.#cut("client-aborted");
    else if (this.#events) this.#timer?.refresh();
    else this.#cut("upstream-timeout");
  }

  #dispatch(body: Buffer | Readable | null, headers: readonly string[], streamed: boolean): void {
    const { method, target } = this.#exchange;
    const { app, timeouts } = this.#parts;
    const { servername } = app;
    const outgoing = {
      path: target,
      method: method as Dispatcher.HttpMethod,
      headers: headers as string[],
      body,
      servername,
    };
    app.dispatch(outgoing, streamed, this);
    const queued = this.#phase === "waiting" && this.#controller === null;
    if (queued) this.#timer = setTimeout(noConnection, timeouts.connect, this);
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

  /** The app's side is gone before its answer was complete. */
  #broke(error: Error): void {
    if (this.#exchange.client.response.headersSent) this.#cut(truncation(error));
    else this.fail(faultOf(error, this.#controller !== null));
  }

  #uploadStalled(why: string): void {
    const { response } = this.#exchange.client;
    if (!response.headersSent) response.shouldKeepAlive = false;
    this.fail(new Fault("request-timeout", why));
  }

  #clientClosed(): void {
    if (this.#phase === "complete" && this.#exchange.client.response.writableFinished)
      this.#settle("success");
    else this.#settle(clientEnding(this.#exchange.client.request));
  }

  /** Ends it so that the client can't take what it has for the whole. */
  #cut(ending: Ending): void {
    this.#settle(ending, () => cutOff(this.#exchange.client.request));
  }

  /** `answer`: what the client gets of it. */
  #settle(ending: Ending, answer?: () => void): void {
    if (this.#phase === "settled") return;
    this.#release();
    answer?.();
    this.#report(ending);
  }

  #release(): void {
    const complete = this.#phase === "complete";
    this.#phase = "settled";
    this.#clearTimer();
    this.#parts.streams.delete(this);
    this.#exchange.signal?.removeEventListener("abort", this);
    this.#upload?.stop(OVER);
    this.#outlet?.drop();
    if (!complete) this.#controller?.abort(OVER);
  }

  #report(ending: Ending): void {
    this.#exchange.settled({ ending, status: this.#status, ...this.#carried() });
  }

  #carried(): Carried {
    const requestBytes = this.#upload?.bytes ?? this.#requestBytes;
    return { requestBytes, responseBytes: this.#outlet?.bytes ?? 0 };
  }

  #clearTimer(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }
}

function noConnection(relay: Relay): void {
  relay.starved();
}

function answerStalled(relay: Relay): void {
  relay.stalled();
}
