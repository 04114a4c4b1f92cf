import { STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";

/** An answer of our own, which fastify and the upgrade listener can send. */
export interface Answer {
  readonly status: number;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: string;
}

/** How long the other side may take to read the last bytes and to close, ms. */
const CLOSE_TIMEOUT = 1_000;

/** Writes one whole answer where no HTTP server does it any more, and closes. A client that has left gets nothing. */
export function refuse(socket: Duplex, { status, headers, body }: Answer): void {
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  const bytes = Buffer.from(body);
  let head = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}\r\n`;
  for (const [name, value] of headers) head += `${name}: ${value}\r\n`;
  head += `Content-Length: ${bytes.length}\r\nConnection: close\r\n\r\n`;
  socket.write(Buffer.concat([Buffer.from(head, "latin1"), bytes]));
  letGo(socket);
}

/**
 * Ends our side, throws away what still arrives, and closes the socket when the other side has ended too, or a second later. A
 * close with unread bytes would be a reset, and the client would lose the last bytes.
 */
export function letGo(socket: Duplex, within = CLOSE_TIMEOUT): void {
  if (socket.destroyed) return;
  socket.end();
  socket.resume();
  const timer = setTimeout(() => socket.destroy(), within);
  socket.once("close", () => clearTimeout(timer));
}

/** For `error` events: destroys the socket, whose holder hears of it by its `close`. */
export function leave(this: Duplex): void {
  this.destroy();
}
