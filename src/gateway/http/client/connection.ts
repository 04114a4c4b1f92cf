import type { Socket } from "node:net";
import type { Dial } from "./dial.ts";
import { keepReading } from "./keep-reading.ts";
import { asksForConnection } from "./request-head.ts";
import type { ResponseHead } from "./response-head.ts";
import { Cut, ResponseParser, type ResponseSink } from "./response-parser.ts";
import type { RequestConnection, UpstreamRequest } from "./upstream-request.ts";

/** The owner of the connections, which gets their events. */
export interface ConnectionKeeper {
  /** Answer and request are both over; the connection can take another one. */
  freed(connection: Connection, request: UpstreamRequest): void;
  /** The request is over, and its connection is closed with it. */
  closed(request: UpstreamRequest): void;
  /** It is closed, or is about to be; `request` is the one that it had, not over yet. */
  lost(connection: Connection, request: UpstreamRequest | null, error: Error): void;
}

/** One connection to the app: one request after another. */
export class Connection implements ResponseSink, RequestConnection {
  readonly #socket: Socket;
  readonly #parser: ResponseParser;
  readonly #keeper: ConnectionKeeper;
  #request: UpstreamRequest | null = null;
  #open = false;
  #closed = false;
  /** Something of the present request may have reached the app. */
  #begun = false;
  /** All of the present request is written. */
  #written = false;
  /** The app keeps it open after the present answer. */
  #kept = false;
  /** The present answer is the last one on it. */
  #spent = false;
  /** How many requests it had before the present one. */
  #served = -1;
  /** The app took no more of a body when it was last written to. */
  #drained: (() => void) | null = null;
  /** The person who sent a body or credentials on it: no other person's request may use it then. */
  person: string | null = null;
  /** The app may know who is at the other end by the connection alone. */
  authenticated = false;
  /** How long the app keeps it idle, as far as it says, ms. */
  idle: number | null = null;

  /** Begins to connect, for this request. */
  constructor(dial: Dial, limit: number, keeper: ConnectionKeeper, request: UpstreamRequest) {
    this.#keeper = keeper;
    this.#parser = new ResponseParser(this, limit);
    this.#request = request;
    const socket = dial();
    this.#socket = socket;
    keepReading(socket);
    socket.once(dial.ready, () => this.#opened());
    socket.on("data", (bytes: Buffer) => this.#arrived(bytes));
    socket.on("end", () => this.#ended());
    socket.on("error", (error) => this.#broke(error));
    socket.on("close", () => this.#broke(new Cut(true)));
    socket.on("drain", () => this.#takesMore());
  }

  /** It had requests before the present one, so the app may have closed it before it saw this one. */
  get reused(): boolean {
    return this.#served > 0;
  }

  /** The app has not said a byte to the present request. */
  get silent(): boolean {
    return this.#parser.untouched;
  }

  /** Sends on once what has come meanwhile was read: it may be that the app has closed, or has said too much. */
  send(request: UpstreamRequest): void {
    this.#request = request;
    this.#begun = false;
    setImmediate(Connection.#begin, this, request);
  }

  static #begin(it: Connection, request: UpstreamRequest): void {
    if (it.#request === request) it.#send(request);
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  finish(): void {
    if (this.#written && !this.#parser.complete) this.#socket.end();
  }

  /** Nobody is told. */
  destroy(): void {
    this.#closed = true;
    this.#request = null;
    this.#parser.stop();
    this.#takesMore();
    this.#socket.destroy();
  }

  /** Nobody is told, and nothing more is sent; what is written already, of a body that was answered early, has `within` ms to go out. */
  retire(within: number): void {
    if (this.#socket.writableLength === 0) {
      this.destroy();
      return;
    }
    this.#closed = true;
    this.#parser.stop();
    this.#socket.setTimeout(within, () => this.#socket.destroy());
    this.#socket.destroySoon();
  }

  // What the parser tells.

  head(head: ResponseHead): void {
    this.idle = head.idle;
    this.#kept = head.kept;
    if (asksForConnection(head.status, head.headers)) this.#authenticates(this.#request);
    this.#request?.handler.head(head);
  }

  data(bytes: Buffer): void {
    this.#request?.handler.data(bytes);
  }

  #opened(): void {
    if (this.#closed) return;
    this.#open = true;
    if (this.#request !== null) this.#send(this.#request);
  }

  #send(request: UpstreamRequest): void {
    const { method, head, body } = request.order;
    this.#served += 1;
    this.#begun = true;
    this.#written = false;
    this.#parser.expect(method);
    if (request.order.authenticates) this.#authenticates(request);
    if (body !== null) this.person = request.order.party.person;
    request.handler.sending();
    if (this.#request !== request) return;
    if (body === null) this.#socket.write(head, "latin1");
    else if (Buffer.isBuffer(body)) this.#socket.write(Buffer.concat([Buffer.from(head, "latin1"), body]));
    else {
      this.#stream(request).catch((error: Error) => this.#uploadBroke(request, error));
      return;
    }
    this.#wrote(request);
  }

  #authenticates(request: UpstreamRequest | null): void {
    this.authenticated = true;
    this.person = request?.order.party.person ?? this.person;
  }

  #wrote(request: UpstreamRequest): void {
    this.#written = true;
    if (this.#parser.complete) {
      if (this.#spent) this.#close(request);
      else this.#free(request);
      request.handler.uploaded();
    } else {
      if (request.last) this.finish();
      request.handler.awaited();
    }
  }

  /** Sends a body piece by piece; the head leaves with the first piece if that is here already, and at once if not. */
  async #stream(request: UpstreamRequest): Promise<void> {
    const { head, body, length } = request.order;
    if (body === null || Buffer.isBuffer(body)) return;
    const socket = this.#socket;
    socket.cork();
    socket.write(head, "latin1");
    setImmediate(() => socket.uncork());
    let sent = 0;
    for await (const piece of body) {
      if (this.#request !== request) return;
      sent += piece.length;
      if (length !== null && sent > length) throw new Error("the body is longer than it says");
      const taken = length === null ? this.#writeChunk(piece) : socket.write(piece);
      if (!taken) await this.#drain(request);
    }
    if (this.#request !== request) return;
    if (length !== null && sent < length) throw new Error("the body is shorter than it says");
    if (length === null) socket.write("0\r\n\r\n", "latin1");
    this.#wrote(request);
  }

  #writeChunk(piece: Buffer): boolean {
    const socket = this.#socket;
    socket.cork();
    socket.write(`${piece.length.toString(16)}\r\n`, "latin1");
    socket.write(piece);
    const taken = socket.write("\r\n", "latin1");
    socket.uncork();
    return taken;
  }

  #drain(request: UpstreamRequest): Promise<void> {
    request.handler.awaited();
    return new Promise((resolve) => {
      this.#drained = () => {
        this.#drained = null;
        if (this.#request === request) request.handler.moving();
        resolve();
      };
    });
  }

  #takesMore(): void {
    this.#drained?.();
  }

  #arrived(bytes: Buffer): void {
    if (this.#closed) return;
    let plain: boolean;
    try {
      plain = this.#parser.push(bytes);
    } catch (error) {
      this.#broke(error as Error);
      return;
    }
    if (this.#closed) return;
    if (this.#begun && this.#parser.complete && this.#request !== null) this.#answered(this.#request, plain);
    // Bytes that belong to no answer.
    else if (!plain) this.#broke(new Cut(true));
  }

  #answered(request: UpstreamRequest, plain: boolean): void {
    request.answered = true;
    this.#spent = !plain || !this.#parser.tidy || this.#socket.writableEnded;
    if (this.#spent && (this.#written || !plain || !this.#kept)) this.#last(request);
    else if (this.#written) {
      this.#free(request);
      request.handler.end(false);
    } else {
      this.#socket.resume();
      request.handler.end(true);
    }
  }

  #free(request: UpstreamRequest): void {
    this.#request = null;
    // What was paused for the client of before must be heard again: an end, or bytes too many.
    this.#socket.resume();
    this.#keeper.freed(this, request);
  }

  /** The answer is complete, and the last one on this connection. */
  #last(request: UpstreamRequest): void {
    this.#close(request);
    request.handler.end(false);
  }

  #close(request: UpstreamRequest): void {
    this.destroy();
    this.#keeper.closed(request);
  }

  #ended(): void {
    const request = this.#request;
    if (this.#closed) return;
    try {
      if (request !== null && !this.#parser.complete) {
        this.#parser.finish();
        request.answered = true;
        this.#last(request);
        return;
      }
    } catch (error) {
      this.#broke(error as Error);
      return;
    }
    this.#broke(new Cut(false));
  }

  /** The app's side is gone, or can't be understood any more. */
  #broke(error: Error): void {
    if (this.#closed) return;
    const request = this.#request;
    const sent = this.#open && this.#begun;
    const stale = sent ? this.silent && this.reused : this.#open;
    this.destroy();
    if (request !== null) request.lost = { sent, stale };
    this.#keeper.lost(this, request, error);
  }

  /** The client's body can't go on: the app must not take what it has for the whole. */
  #uploadBroke(request: UpstreamRequest, error: Error): void {
    if (this.#request === request) this.#broke(error);
  }
}
