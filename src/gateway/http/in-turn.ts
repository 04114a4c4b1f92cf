import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";

/** How many requests of one connection may wait for their turn; then no more are read until one of them has it. */
const MOST_WAITING = 64;

const waiting = new WeakMap<Socket, number>();

/**
 * Calls `go` when all requests before this one on its connection are answered, at once where none is left; `waited` says which it was. Node
 * tells of requests that were sent one behind the other as soon as they are read, but what an earlier one changes a later one has to
 * find (RFC 9112 9.3.2), so none of them may overtake another on the way to the app.
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
    // The response before is told first that it is over, and node has still to do something with this one.
    process.nextTick(go, true);
  });
}
