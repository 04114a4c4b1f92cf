import type { Socket } from "node:net";
import type { Link } from "./linked-list.ts";
import type { ResponseHead } from "./response-head.ts";

/** On whose behalf a request goes to the app. */
interface Party {
  /** The connection that the client has with us. */
  readonly socket: Socket;
  /** Who is at its other end, as far as that is known: behind a proxy it changes from request to request. */
  readonly person: string;
  /** The client's address. */
  readonly address: string;
}

/** One request, ready to be sent. */
export interface RequestOrder {
  readonly method: string;
  /** Its bytes up to the body, as latin1 text. */
  readonly head: string;
  readonly authenticates: boolean;
  readonly body: Buffer | AsyncIterable<Buffer> | null;
  /** Bytes of a body that comes in pieces; null sends it in chunks. */
  readonly length: number | null;
  readonly party: Party;
  /** It may be sent once more if the app closed a kept connection just before. */
  readonly repeatable: boolean;
}

/** Who wants to know how it goes. Exactly one of `end` and `failed` is called, if the request wasn't aborted. */
export interface ResponseHandler {
  /** There is a connection, and the request goes out. */
  sending(): void;
  /** Now it is the app's turn: the request is written, or the app takes no more of it. */
  awaited(): void;
  /** The app takes more of the request. */
  moving(): void;
  head(head: ResponseHead): void;
  data(bytes: Buffer): void;
  /** The answer is complete. `uploading`: the rest of the request still goes out, until `uploaded` or `failed`. */
  end(uploading: boolean): void;
  uploaded(): void;
  /** `sent`: the app may have seen it. */
  failed(error: Error, sent: boolean): void;
}

/** The part of a connection that a request may use. */
export interface RequestConnection {
  pause(): void;
  resume(): void;
  /** Nothing more comes from the client: ends our side behind the request. */
  finish(): void;
  destroy(): void;
}

/** A request on its way: waiting for a connection, or on one. */
export class UpstreamRequest {
  readonly order: RequestOrder;
  readonly handler: ResponseHandler;
  /** Nothing more is to be told of it. */
  over = false;
  /** It takes long, and counts as a stream. */
  long = false;
  /** Its answer is complete: the connection may be another one's. */
  answered = false;
  /** The client has ended its side behind it. */
  last = false;
  /** Among those that are short. */
  place: Link<UpstreamRequest> | null = null;
  connection: RequestConnection | null = null;
  /** Set when its connection broke: whether the app may have seen it, and whether that connection was a kept one without a word to it. */
  lost: { readonly sent: boolean; readonly stale: boolean } | null = null;
  repeated = false;

  constructor(order: RequestOrder, handler: ResponseHandler) {
    this.order = order;
    this.handler = handler;
  }

  pause(): void {
    if (!this.over && !this.answered) this.connection?.pause();
  }

  resume(): void {
    if (!this.over && !this.answered) this.connection?.resume();
  }

  /** The app hears of the client's end what it would hear without us, and goes on or stops as it likes. */
  clientEnded(): void {
    this.last = true;
    if (!this.over && !this.answered) this.connection?.finish();
  }
}
