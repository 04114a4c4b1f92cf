import { type IncomingMessage, METHODS, type Server, type ServerResponse } from "node:http";
import { Socket } from "node:net";
import type { Duplex } from "node:stream";

/** The targets of requests that node's parser is given with their bytes above 127 encoded. */
const asSent = new WeakMap<Duplex, { readonly encoded: string; readonly target: string }>();

/** Who listens on a connection for node's HTTP server, besides the one that gives its parser back when it closes. */
const SERVERS = ["drain", "timeout", "error", "pause", "resume"] as const;

/** The end of a request line of HTTP/1, read as latin1; letters before its method are the end of a body. */
const LINE = /([A-Z][A-Z-]*) (\/[\x21-\x7e\x80-\xff]*|https?:\/\/[\x21-\x7e\x80-\xff]+) HTTP\/1\.[01]$/;

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
 * request on and with these bytes encoded, when the requests before it are answered. False where it isn't that, or where the
 * line began in an earlier packet, of which nothing is left: such a request is as unreadable as before.
 */
export function readAgain(server: Server, error: ParserError, socket: Duplex): boolean {
  const { code, rawPacket: packet, bytesParsed: at = 0 } = error;
  if (code !== "HPE_INVALID_URL" || packet === undefined || (packet[at] ?? 0) < 0x80) return false;
  const start = packet.lastIndexOf("\n", at) + 1;
  const end = packet.indexOf("\r\n", at);
  const line = LINE.exec(packet.toString("latin1", start, Math.max(start, end)));
  if (end < 0 || line === null || socket.destroyed) return false;
  const [, letters = "", target = ""] = line;
  const method = methodIn(letters, start + line.index, packet, socket);
  if (method === null) return false;
  const encoded = target.replace(
    /[\x80-\xff]/g,
    (byte) => `%${byte.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  const head = Buffer.from(`${method} ${encoded}`, "latin1");
  const rest = packet.subarray(start + line.index + letters.length + 1 + target.length);
  const again = { bytes: Buffer.concat([head, rest]), encoded, target };
  // The parser is still on the stack that told of the error.
  process.nextTick(detach, server, socket, again);
  return true;
}

/**
 * The method at the end of the letters that stand before a target, `from` there on; null where it could be one of two. A body
 * that ends with letters may stand before it, and at the beginning of a packet `LOCK` could be the rest of an `UNLOCK` that came in two.
 */
function methodIn(letters: string, from: number, packet: Buffer, socket: Duplex): string | null {
  if (from === 0) {
    const isFirst = socket instanceof Socket && socket.bytesRead === packet.length;
    const isRest = METHODS.some((method) => method !== letters && method.endsWith(letters));
    if (isRest && !isFirst) return null;
    if (METHODS.includes(letters)) return letters;
  }
  const [method = null, ...others] = METHODS.filter((it) => letters.endsWith(it));
  return others.length === 0 ? method : null;
}

interface Again {
  readonly bytes: Buffer;
  readonly encoded: string;
  readonly target: string;
}

/** Takes the connection away from the parser, and keeps what still comes until its turn. */
function detach(server: Server, socket: Duplex, again: Again): void {
  if (socket.destroyed) return;
  const kept = [again.bytes];
  const keep = (bytes: Buffer): void => {
    kept.push(bytes);
    // Who reads the body of the request before makes it flow again.
    socket.pause();
  };
  // To ask for its data is how it is taken away.
  socket.on("data", keep);
  for (const event of ["data", "end"]) {
    for (const listener of socket.listeners(event))
      if (listener !== keep) socket.removeListener(event, listener as () => void);
  }
  socket.pause();
  // It would be told for ever that its head takes too long.
  (socket as Held).parser?.remove?.();
  whenAnswered(socket, () => {
    socket.removeListener("data", keep);
    attach(server, socket, { ...again, bytes: Buffer.concat(kept) });
  });
}

/** Node answers in order: the response whose turn it is stands there. */
function whenAnswered(socket: Duplex, go: () => void): void {
  const response = Reflect.get(socket, "_httpMessage") as ServerResponse | null | undefined;
  if (response == null) go();
  else response.once("close", () => setImmediate(whenAnswered, socket, go));
}

function attach(server: Server, socket: Duplex, { bytes, encoded, target }: Again): void {
  if (socket.destroyed) return;
  // Who has ended already hears no more of what was kept.
  if (socket.readableEnded) {
    socket.destroy();
    return;
  }
  const { parser } = socket as Held;
  setImmediate(() => parser?.close?.());
  for (const event of SERVERS) socket.removeAllListeners(event);
  const before = closers.get(socket);
  if (before !== undefined) socket.off("close", before);
  const others = new Set(socket.listeners("close"));
  asSent.set(socket, { encoded, target });
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
