import {
  type ClientRequest,
  request as httpRequest,
  type IncomingHttpHeaders,
  type IncomingMessage,
} from "node:http";
import type { Socket } from "node:net";
import type { RawHeaders } from "../../domain/raw-headers.ts";
import { Fault } from "../../errors.ts";
import type { Dial } from "../http/client/dial.ts";
import { isChunked } from "../http/client/response-head.ts";
import type { UpstreamHead } from "../http/exchange.ts";
import { answerHead } from "../http/hop-by-hop-headers.ts";
import { leave } from "../http/raw-response.ts";
import { faultOf } from "../http/upstream-errors.ts";
import { switching } from "./upgrade-head.ts";

interface HandshakeOrder {
  readonly target: string;
  /** Sent as they are; what a switch of protocols needs is added. */
  readonly headers: RawHeaders;
}

/** To have a connection, and from then to the head of the answer, ms. */
interface HandshakeTimeouts {
  readonly connect: number;
  readonly answer: number;
}

/** What came of it. Exactly one is called, once, unless it was abandoned before. Hop-by-hop fields are gone from `head`. */
interface HandshakeEnd {
  /** From here on the app speaks WebSocket. Nothing is read yet; bytes that came with the head are in the socket again. */
  switched(head: UpstreamHead, socket: Socket): void;
  /** The app said something else; its body is still to be read. */
  answered(head: UpstreamHead, body: IncomingMessage): void;
  failed(fault: Fault): void;
}

/** Asks the app, once, to switch to WebSocket. node's own parser reads the answer, in its strict mode. */
export class Handshake {
  readonly #end: HandshakeEnd;
  readonly #timeouts: HandshakeTimeouts;
  readonly #answerHeaders: number;
  #request: ClientRequest | null = null;
  #socket: Socket | null = null;
  #timer: NodeJS.Timeout | null = null;
  #sent = false;
  #over = false;

  /** `answerHeaders`: bytes of all headers of the answer. */
  constructor(timeouts: HandshakeTimeouts, answerHeaders: number, end: HandshakeEnd) {
    this.#timeouts = timeouts;
    this.#answerHeaders = answerHeaders;
    this.#end = end;
  }

  begin(dial: Dial, { target, headers }: HandshakeOrder): void {
    this.#limit(this.#timeouts.connect, "connection");
    try {
      const request = httpRequest({
        createConnection: () => {
          this.#socket = this.#watch(dial(), dial.ready);
          return this.#socket;
        },
        path: target,
        headers: switching(headers),
        setHost: false,
        maxHeaderSize: this.#answerHeaders,
        insecureHTTPParser: false,
      });
      this.#request = request;
      request.on("error", (error) => this.#fail(faultOf(error, this.#sent)));
      request.on("response", (message) => this.#answered(message));
      request.on("upgrade", (message, socket: Socket, early) => this.#switched(message, socket, early));
      request.end();
    } catch (error) {
      this.#fail(new Fault("internal", `the upgrade can not be sent: ${String(error)}`, { cause: error }));
    }
  }

  /** Nothing is called from now on. */
  abandon(): void {
    this.#finish();
    this.#request?.destroy();
  }

  #watch(socket: Socket, ready: Dial["ready"]): Socket {
    socket.on("error", leave);
    socket.once(ready, () => {
      if (this.#over) return;
      this.#sent = true;
      this.#limit(this.#timeouts.answer, "answer");
    });
    return socket;
  }

  #limit(within: number, missing: string): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#fail(new Fault("upstream-timeout", `the app gave no ${missing} within ${within} ms`));
    }, within);
  }

  #switched(message: IncomingMessage, socket: Socket, early: Buffer): void {
    if (early.length > 0) socket.unshift(early);
    const head = this.#headOf(message);
    if (head === null) socket.destroy();
    else this.#end.switched(head, socket);
  }

  #answered(message: IncomingMessage): void {
    // node would keep the connection for a next request that never comes.
    message.once("close", () => this.#socket?.destroy());
    const head = this.#headOf(message);
    if (head !== null) this.#end.answered(head, message);
  }

  /** The head of the answer that ends the handshake; null if there is none to be had. */
  #headOf(message: IncomingMessage): UpstreamHead | null {
    if (this.#over) return null;
    const status = message.statusCode ?? 0;
    try {
      if (status === 101) checkProtocol(message.headers.upgrade);
      checkFraming(message.headers);
      const { head } = answerHead(status, message.statusMessage ?? "", message.rawHeaders);
      this.#finish();
      return head;
    } catch (error) {
      this.#fail(faultOf(error, true));
      return null;
    }
  }

  #fail(fault: Fault): void {
    if (this.#over) return;
    this.abandon();
    this.#end.failed(fault);
  }

  #finish(): void {
    this.#over = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
  }
}

function checkProtocol(upgrade: string | undefined): void {
  if (upgrade?.trim().toLowerCase() === "websocket") return;
  throw new Fault("upstream-protocol", `the app switched to ${JSON.stringify(upgrade ?? null)}`);
}

/** What node's parser lets pass, and others read in another way: a coding that would be lost, a length that may be octal. */
function checkFraming(headers: IncomingHttpHeaders): void {
  const coding = headers["transfer-encoding"];
  const length = headers["content-length"];
  if (coding !== undefined && !isChunked(coding.trim()))
    throw new Fault("upstream-protocol", `the app's Transfer-Encoding is ${JSON.stringify(coding)}`);
  if (length !== undefined && !/^(?:0|[1-9]\d*)$/.test(length))
    throw new Fault("upstream-protocol", `the app's Content-Length is ${JSON.stringify(length)}`);
}
