import type { Socket } from "node:net";
import { atBoundary, type FrameCursor, frameCursor, isData, readFrame } from "./frames.ts";

/** What a gate tells the splice that it belongs to. */
interface FrameGateKeeper {
  /** The sender has ended its side; the receiver was ended as well. */
  ended(): void;
  /** The gate stopped where it was told to, or before the data frame that it may not let through. */
  stopped(): void;
}

interface FrameGateOptions {
  /** Look where frames begin and end; a gate that doesn't can't be stopped between two. */
  readonly watched: boolean;
  /** Stop before the first frame that carries data. */
  readonly refusesData: boolean;
}

/** One direction of a tunnel: bytes as they come, at the receiver's pace, at most one chunk more than it takes. */
export class FrameGate {
  /** Bytes passed on. */
  bytes = 0;
  readonly #from: Socket;
  readonly #to: Socket;
  readonly #keeper: FrameGateKeeper;
  readonly #cursor: FrameCursor | null;
  readonly #refusesData: boolean;
  #state: "open" | "stopping" | "stopped" = "open";

  constructor(from: Socket, to: Socket, keeper: FrameGateKeeper, options: FrameGateOptions) {
    this.#from = from;
    this.#to = to;
    this.#keeper = keeper;
    this.#cursor = options.watched ? frameCursor() : null;
    this.#refusesData = options.refusesData;
  }

  open(): void {
    this.#from.on("data", (chunk: Buffer) => this.#take(chunk));
    this.#from.on("end", () => this.#close());
    this.#to.on("drain", () => this.#from.resume());
    if (this.#from.readableEnded) this.#close();
    else this.#from.resume();
  }

  /** Whether a frame of our own may be written to the receiver now. */
  get between(): boolean {
    return this.#cursor !== null && atBoundary(this.#cursor);
  }

  /** Lets the present frame through to its end, then `stopped` is told. */
  stopAfterFrame(): void {
    if (this.#state === "open") this.#state = "stopping";
  }

  /** From now on everything is thrown away. */
  stop(): void {
    this.#state = "stopped";
  }

  #take(chunk: Buffer): void {
    if (this.#state === "stopped") return;
    const end = this.#cursor === null ? chunk.length : this.#follow(this.#cursor, chunk);
    if (end > 0) this.#pass(end === chunk.length ? chunk : chunk.subarray(0, end));
    if (end === chunk.length && !(this.#state === "stopping" && this.between)) return;
    this.stop();
    this.#keeper.stopped();
  }

  /** Follows the frames in a chunk; gives how much of it may pass. */
  #follow(cursor: FrameCursor, chunk: Buffer): number {
    let at = 0;
    while (at < chunk.length) {
      if (atBoundary(cursor)) {
        if (this.#state === "stopping") return at;
        if (this.#refusesData && isData(chunk[at] ?? 0)) return at;
      }
      at = readFrame(cursor, chunk, at);
    }
    return at;
  }

  #pass(bytes: Buffer): void {
    this.bytes += bytes.length;
    if (!this.#to.write(bytes)) this.#from.pause();
  }

  #close(): void {
    if (this.#state === "stopped") return;
    this.stop();
    this.#to.end();
    this.#keeper.ended();
  }
}
