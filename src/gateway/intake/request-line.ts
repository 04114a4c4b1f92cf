import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import { Fault } from "../../errors.ts";

/** How many bytes had come on a connection when its last request began. */
const bytesAtLastRequest = new WeakMap<Socket, number>();

/** `HTTP/1.1` and what stands around the parts of a request line: two spaces, a line end, and the empty line behind the head. */
const BESIDE_FIELDS = 14;
/** A colon, a space and a line end. */
const BESIDE_FIELD = 4;

/** Node keeps the parser of a connection there; `getCurrentBuffer` is the packet that it reads now. */
type Parsed = Socket & { readonly parser?: { getCurrentBuffer?(): Buffer | undefined } | null };

/**
 * What is wrong with a request line that node's parser lets pass: it takes many spaces between two parts for one, where
 * others see an empty address or a version that isn't there. To look at the packet costs more than all else here, so it is
 * done only where more or fewer bytes came than the plain form of the request has. Not seen where the line came in an earlier
 * packet than the end of the head; it is sent on with one space then.
 */
export function requestLineFault({
  socket,
  method = "",
  url = "",
  rawHeaders,
  headers,
}: IncomingMessage): Fault | null {
  const came = socket.bytesRead;
  const since = came - (bytesAtLastRequest.get(socket) ?? 0);
  bytesAtLastRequest.set(socket, came);
  let plain = method.length + url.length + BESIDE_FIELDS + (rawHeaders.length / 2) * BESIDE_FIELD;
  for (const part of rawHeaders) plain += part.length;
  if (since === plain || since === plain + Number(headers["content-length"])) return null;
  const packet = (socket as Parsed).parser?.getCurrentBuffer?.();
  if (packet === undefined || packet.includes(`${method} ${url} HTTP/1.`, 0, "latin1")) return null;
  // The whole line, from its beginning to its end: a body may have parts of one.
  const line = new RegExp(`(?:^|\\n)${RegExp.escape(method)} +${RegExp.escape(url)} +HTTP/1\\.[01]\\r?\\n`);
  return line.test(packet.toString("latin1"))
    ? new Fault("bad-request", "the request line has more than one space between two parts")
    : null;
}
