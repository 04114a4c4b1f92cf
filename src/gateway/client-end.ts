import type { IncomingMessage } from "node:http";
import type { Ending } from "../domain/audit-event.ts";
import { codeOf } from "./diagnosis.ts";

/** How a client's side ended that closed its connection too early. Whoever answers a `clientError` destroys the socket with the error. */
export function clientEnding(request: IncomingMessage): Ending {
  const code = codeOf(request.socket.errored);
  // A body that ends with the connection isn't malformed: the client left.
  const malformed = !request.complete && code.startsWith("HPE_") && code !== "HPE_INVALID_EOF_STATE";
  return malformed ? "client-framing-error" : "client-aborted";
}

/** Ends the connection so that the client can't take what it has for the whole. */
export function cutOff({ httpVersion, socket }: IncomingMessage): void {
  // To an HTTP/1.0 client a closed connection is the end of a body; only a reset is none.
  if (httpVersion === "1.0" && !("encrypted" in socket)) socket.resetAndDestroy();
  else socket.destroy();
}
