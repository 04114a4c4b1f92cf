import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import type { Ending } from "../../domain/audit-event.ts";
import { codeOf } from "../../errors.ts";

/** Callbacks for a body that turns out to be malformed, by its connection. */
const readers = new WeakMap<Duplex, () => void>();

/** Lets `whenMalformed` hear of bodies that node's parser gives up on, before anybody answers them. */
export function watchBodies(server: Server): void {
  server.prependListener("clientError", (error, socket) => {
    if (isMalformed(error)) readers.get(socket)?.();
  });
}

/** `tell` is called when the request that is coming on this connection turns out to be malformed; the last one asking is told. */
export function whenMalformed(socket: Duplex, tell: () => void): void {
  readers.set(socket, tell);
}

/** How a client's side ended that closed its connection too early. */
export function clientEnding(request: IncomingMessage): Ending {
  return !request.complete && isMalformed(request.socket.errored) ? "client-framing-error" : "client-aborted";
}

/** Ends the connection so that the client doesn't take a part of the answer for the whole. */
export function cutOff({ httpVersion, socket }: IncomingMessage): void {
  // To an HTTP/1.0 client a closed connection is the end of a body; only a reset is none.
  if (httpVersion === "1.0" && !("encrypted" in socket)) socket.resetAndDestroy();
  else socket.destroy();
}

/** As `cutOff`, but where earlier requests of a pipelining client still wait for their answers, these come first. */
export function cutOffInTurn(request: IncomingMessage, response: ServerResponse): void {
  if (response.socket !== null || request.socket.destroyed) {
    cutOff(request);
    return;
  }
  // node writes what there is of the answer as soon as it is its turn, and what is written is sent before the close.
  response.once("socket", () => setImmediate(cutOff, request));
}

/** A body that ends with its connection isn't malformed: the client left. */
function isMalformed(error: unknown): boolean {
  const code = codeOf(error);
  return code.startsWith("HPE_") && code !== "HPE_INVALID_EOF_STATE";
}
