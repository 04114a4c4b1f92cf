import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { hasBody } from "./body.ts";

const LATE = Object.assign(new Error("the body of a request that is not passed on took too long"), {
  code: "ERR_HTTP_REQUEST_TIMEOUT",
});

/**
 * A body that goes nowhere must be here within `within` ms, be it read by a page of ours or thrown away behind an answer.
 * Then its client gets a 408, or where it has an answer already, no connection any more.
 */
export function hurry(
  server: Server,
  { raw, response }: { readonly raw: IncomingMessage; readonly response: ServerResponse },
  within: number,
): void {
  if (raw.complete || !hasBody(raw)) return;
  setTimeout(() => {
    if (raw.complete || raw.socket.destroyed) return;
    if (response.headersSent) raw.socket.destroy();
    else server.emit("clientError", LATE, raw.socket);
  }, within).unref();
}
