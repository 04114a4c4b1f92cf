import type { IncomingMessage, Server } from "node:http";
import type { Duplex } from "node:stream";

/** The targets of requests that node's parser is given with their bytes above 127 encoded. */
const asSent = new WeakMap<Duplex, { readonly encoded: string; readonly target: string }>();

/** Who listens on a connection for node's HTTP server, besides the one that gives its parser back when it closes. */
const SERVERS = ["data", "end", "drain", "timeout", "error", "pause", "resume"] as const;

const ignore = (): void => undefined;

/** A whole request line of HTTP/1, read as latin1. */
const LINE = /^([A-Z][A-Z-]*) (\/[\x21-\x7e\x80-\xff]*|https?:\/\/[\x21-\x7e\x80-\xff]+) HTTP\/1\.[01]$/;

/** What node's parser said of bytes that it can't read. */
export interface ParserError extends Error {
  readonly code?: string;
  readonly rawPacket?: Buffer;
  readonly bytesParsed?: number;
}

/** The target byte for byte, as latin1 text; `url` is all that node knows. */
export function sentTarget({ socket, url = "" }: IncomingMessage): string {
  const known = asSent.get(socket);
  if (known === undefined) return url;
  asSent.delete(socket);
  return known.encoded === url ? known.target : url;
}

/**
 * Node's parser (llhttp) refuses bytes above 127 in a target, under every option that it has; other servers, and so the customers of an
 * app, do not. A connection whose parser gave up on nothing but such a byte is given to the server once more, from the beginning of that
 * request on and with these bytes encoded. False where it isn't that, where a request before it has no answer yet, or where
 * the line began in an earlier packet, of which nothing is left: such a request is as unreadable as before.
 */
export function readAgain(server: Server, error: ParserError, socket: Duplex): boolean {
  const { code, rawPacket: packet, bytesParsed: at = 0 } = error;
  if (code !== "HPE_INVALID_URL" || packet === undefined || (packet[at] ?? 0) < 0x80) return false;
  const unanswered = Reflect.get(socket, "_httpMessage") ?? null;
  const start = packet.lastIndexOf("\n", at) + 1;
  const end = packet.indexOf("\r\n", at);
  const line = LINE.exec(packet.toString("latin1", start, Math.max(start, end)));
  const [, method = "", target = ""] = line ?? [];
  if (end < 0 || line === null || unanswered !== null || socket.destroyed) return false;
  const encoded = target.replace(
    /[\x80-\xff]/g,
    (byte) => `%${byte.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  const head = Buffer.from(`${method} ${encoded}`, "latin1");
  const rest = packet.subarray(start + method.length + 1 + target.length);
  // The parser is still on the stack that told of the error.
  process.nextTick(begin, server, socket, Buffer.concat([head, rest]), { encoded, target });
  return true;
}

function begin(
  server: Server,
  socket: Duplex,
  bytes: Buffer,
  sent: { readonly encoded: string; readonly target: string },
): void {
  if (socket.destroyed) return;
  // Asking for its data takes the connection away from the parser; whose it is, is told by the server's own field.
  socket.on("data", ignore);
  for (const event of SERVERS) socket.removeAllListeners(event);
  const { parser } = socket as Held;
  // It would be told for ever that its head takes too long.
  parser?.remove?.();
  setImmediate(() => parser?.close?.());
  const before = closers.get(socket);
  if (before !== undefined) socket.off("close", before);
  const others = new Set(socket.listeners("close"));
  asSent.set(socket, sent);
  socket.pause();
  socket.unshift(bytes);
  server.emit("connection", socket);
  const closer = socket.listeners("close").find((listener) => !others.has(listener));
  if (closer !== undefined) closers.set(socket, closer as () => void);
  socket.resume();
}

/** Node keeps the parser of a connection there. */
type Held = Duplex & { readonly parser?: { remove?(): void; close?(): void } | null };

/** What the server listens with on a connection that it was given again: one is enough. */
const closers = new WeakMap<Duplex, () => void>();
