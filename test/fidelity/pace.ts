import type { Socket } from "node:net";
import { setImmediate, setTimeout } from "node:timers/promises";
import type { Piece, Writes } from "./plan.ts";

/** Wakes those who wait for something that events bring about. */
export class News {
  readonly #waiting = new Set<() => void>();

  tell(): void {
    for (const wake of [...this.#waiting]) wake();
  }

  /** Resolves once this holds. */
  until(holds: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const check = () => {
        if (!holds()) return;
        this.#waiting.delete(check);
        resolve();
      };
      this.#waiting.add(check);
      check();
    });
  }
}

/** Writes piece by piece; ends early on a connection that is gone. `had` waits until the other side has so much of the body. */
export async function writePieces(
  socket: Socket,
  pieces: readonly Piece[],
  pause: Writes["pause"],
  had: (bytes: number) => Promise<void>,
): Promise<void> {
  for (const [nth, { bytes, sent }] of pieces.entries()) {
    if (socket.destroyed || !socket.writable) return;
    if (nth > 0) await paused(pause);
    socket.write(bytes);
    if (pause === "turns" && nth < pieces.length - 1) await had(sent);
  }
}

async function paused(pause: Writes["pause"]): Promise<void> {
  if (pause === "immediate") await setImmediate();
  if (pause === "millisecond") await setTimeout(1);
}
