import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";

/** How many requests of one connection may wait for their turn: while so many do, nothing more is read from it. */
const MOST_WAITING = 64;

const waiting = new WeakMap<Socket, number>();

/**
 * Calls `go` when all requests before this one on its connection are answered; at once if there are none. `waited` says whether it had to
 * wait. Node reports pipelined requests as soon as it has read them, but a later one must see what an earlier one changed (RFC 9112 9.3.2),
 * so none may overtake another on the way to the app.
 */
export function inTurn(
  { socket }: IncomingMessage,
  response: ServerResponse,
  go: (waited: boolean) => void,
): void {
  // Node gives its connection to a response when it is its turn.
  if (response.socket !== null) {
    go(false);
    return;
  }
  const before = waiting.get(socket) ?? 0;
  waiting.set(socket, before + 1);
  if (before + 1 >= MOST_WAITING) socket.pause();
  response.once("socket", () => {
    const left = (waiting.get(socket) ?? 1) - 1;
    waiting.set(socket, left);
    if (left === MOST_WAITING - 1) socket.resume();
    // In the next tick, since node ends the response before, and sets this one up, behind this event.
    process.nextTick(go, true);
  });
}
