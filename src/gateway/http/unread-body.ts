import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Settings } from "../../config/snapshot.ts";
import { hasBody } from "./body.ts";
import { letGo as close } from "./raw-response.ts";

interface Client {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

/** Times in ms, `drain` in bytes. */
interface UnreadLimits {
  readonly drain: number;
  readonly requestIdle: number;
  readonly linger: number;
}

const LATE = Object.assign(new Error("the body of a request that is not passed on took too long"), {
  code: "ERR_HTTP_REQUEST_TIMEOUT",
});

export function unreadLimits({ limits, timeouts }: Settings): UnreadLimits {
  return { drain: limits.drain, requestIdle: timeouts.requestIdle, linger: timeouts.linger };
}

/** A body that a page of ours waits for must be here within `requestIdle` ms; then its client gets a 408. */
export function limitBodyTime(
  server: Server,
  { request, response }: Client,
  { requestIdle }: Pick<UnreadLimits, "requestIdle">,
): void {
  if (request.complete || !hasBody(request)) return;
  const timer = setTimeout(() => {
    const answered = response.headersSent || request.complete || request.socket.destroyed;
    if (!answered) server.emit("clientError", LATE, request.socket);
  }, requestIdle);
  timer.unref();
  response.once("close", () => clearTimeout(timer));
}

/**
 * Call it before the head of an answer of ours: what the client still sends of its body is thrown away behind the answer,
 * so that the next request on this connection is read. A body of more than `drain` bytes, or that takes longer than
 * `requestIdle`, costs the connection, but not the answer: our side ends first, and the client may read for `linger` ms.
 */
export function dropBody({ request, response }: Client, limits: UnreadLimits): void {
  if (request.complete || !hasBody(request)) return;
  if (isUnasked(request) || Number(request.headers["content-length"] ?? 0) > limits.drain)
    response.shouldKeepAlive = false;
  const { socket } = request;
  // Node would close at once behind a last answer, and what has not been read would make that a reset.
  socket.destroySoon = () => {
    if (request.complete) socket.end(() => socket.destroy());
    else letGo(socket, limits.linger);
  };
  response.prependOnceListener("finish", () => drain(request, limits));
}

/**
 * Call it before the end of the app's answer: behind a last answer node would close at once, and what the client still
 * sends would make that a reset, which takes the answer's last bytes away. Our side ends, and the connection closes when
 * both answer and body are over; who reads the body says how long that may take.
 */
export function closeBehindBody(request: IncomingMessage): void {
  if (request.complete) return;
  const { socket } = request;
  socket.destroySoon = () => {
    const over = () => {
      if (socket.writableFinished && request.complete) socket.destroy();
    };
    request.once("end", over);
    socket.end(over);
  };
}

/** Ends our side and takes node's parser off: what still comes is thrown away and never read as a request. */
function letGo(socket: Socket, within: number): void {
  // Node gives the bytes of a connection, which its parser reads past us, to the first who listens for them.
  socket.on("data", ignore);
  for (const reader of socket.listeners("data"))
    if (reader !== ignore) socket.off("data", reader as (chunk: Buffer) => void);
  close(socket, within);
}

function ignore(): void {
  // Thrown away.
}

/** The client waits for a `100 Continue` that never came, so its body may never come. */
function isUnasked(request: IncomingMessage): boolean {
  return request.headers.expect !== undefined && !request.readableDidRead;
}

function drain(request: IncomingMessage, { drain: most, requestIdle, linger }: UnreadLimits): void {
  const { socket } = request;
  let left = most;
  const timer = setTimeout(over, requestIdle, linger);
  const count = (chunk: Buffer) => {
    left -= chunk.length;
    if (left < 0) over(linger);
  };
  function over(within: number | null): void {
    clearTimeout(timer);
    request.off("data", count).off("end", ended);
    socket.off("close", ended);
    if (within !== null) letGo(socket, within);
  }
  const ended = () => over(null);
  // After a read node leaves the rest to us; else it would stop half-way where the beginning was read before.
  const beginning: Buffer | null = request.read();
  if (beginning !== null) left -= beginning.length;
  request.on("data", count).once("end", ended);
  // An answered request isn't told that its connection closed.
  socket.once("close", ended);
  request.resume();
}
