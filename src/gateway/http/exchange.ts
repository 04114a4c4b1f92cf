import type { IncomingMessage, ServerResponse } from "node:http";
import type { Transform } from "node:stream";
import type { Ending } from "../../domain/audit-event.ts";
import type { RawHeaders } from "../../domain/raw-headers.ts";
import type { Fault } from "../../errors.ts";
import type { Maybe } from "../../ports.ts";

/** The head of the app's answer as it came. */
export interface UpstreamHead {
  readonly status: number;
  readonly message: string;
  readonly headers: RawHeaders;
}

/** What goes to the client instead. `transform` sees the body bytes in between; null passes them through untouched. */
export interface HeadPlan extends UpstreamHead {
  readonly transform: Transform | null;
  /** `transform` changes no byte and finds nothing wrong: the head doesn't wait for what it makes of the body. */
  readonly watches?: true;
}

/** Body bytes that were passed on so far. */
export interface Carried {
  readonly requestBytes: number;
  readonly responseBytes: number;
}

/** How one forwarded request ended. Bytes are body bytes; `status` is null when no head was ever seen. */
export interface Settlement extends Carried {
  readonly ending: Ending;
  readonly status: number | null;
}

/**
 * One request on its way to the app: all that the transport or the tunnel needs, decided before.
 * `headers` are final: nothing is added to them but framing, nothing is dropped from them.
 */
export interface Exchange {
  readonly method: string;
  /** Canonical path and query, sent byte for byte. */
  readonly target: string;
  readonly headers: RawHeaders;
  readonly client: { readonly request: IncomingMessage; readonly response: ServerResponse };
  /**
   * Who is at the other end of the client's connection: it may change from request to request behind a proxy, or where somebody
   * impersonates. The app's connections are not shared between two. Default: the address of the client's connection.
   */
  readonly person?: string;
  /** Whose streams this one counts among; the same default. */
  readonly address?: string;
  /** It may be sent once more if it has no body and meets a connection that the app just closed. Default: no. */
  readonly repeatable?: boolean;
  /** Body to send instead of the client's own (a confirmed request that is replayed); null sends the client's. */
  readonly body: Uint8Array | null;
  /** Called once with the app's head; what it gives goes to the client. Throwing (or rejecting) aborts the upstream and goes to `failed`. */
  readonly respond: (head: UpstreamHead) => Maybe<HeadPlan>;
  /** Called at most once, when the app has answered: what was carried so far, whenever it is asked. */
  readonly opened?: (status: number, carried: () => Carried) => void;
  /** Called at most once, only before any byte of an answer went out: answer the client with a page or problem JSON. */
  readonly failed: (fault: Fault) => void;
  /** Called in its place when `signal` was aborted, with its reason. Without it the connection is cut. */
  readonly revoked?: (why: unknown) => void;
  /** Called exactly once, last. */
  readonly settled: (settlement: Settlement) => void;
  /** Aborted when the exchange must be cut now (revoked, shutting down). */
  readonly signal: AbortSignal | null;
}
