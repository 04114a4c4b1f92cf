import type { IncomingMessage } from "node:http";
import { passed } from "./gc.ts";

/** How fast a client's body must come: the longest silence, ms, and the least bytes a second on the average; 0 for any. */
interface Pace {
  readonly idle: number;
  readonly rate: number;
}

/** In how many parts the longest silence is looked at, to find out how fast a body comes. */
const LOOKS = 30;

type Step = IteratorResult<Buffer, undefined>;
const DONE: Step = { value: undefined, done: true };

/**
 * A client's body as the connection to the app takes it: one chunk each time it is asked for, so that the app's pace becomes the client's.
 * Ends only where the client's framing says so; everything else is an error, never a short body that looks whole.
 */
export class Upload implements AsyncIterableIterator<Buffer, undefined> {
  /** Body bytes handed on. */
  bytes = 0;
  readonly #request: IncomingMessage;
  readonly #pace: Pace;
  readonly #stalled: (why: string) => void;
  #chunks: Buffer[] = [];
  #ended = false;
  /** Why no more is handed on. */
  broken: Error | null = null;
  #waiting: PromiseWithResolvers<Step> | null = null;
  #timer: NodeJS.Timeout | null = null;
  readonly #looking: NodeJS.Timeout | undefined;
  /** How many looks found the app waiting, and the bytes at the first of them. */
  #waits = 0;
  #bytesThen = 0;

  /** `stalled` is called when the client is too slow while the app waits for more. */
  constructor(request: IncomingMessage, pace: Pace, stalled: (why: string) => void) {
    this.#request = request;
    this.#pace = pace;
    this.#stalled = stalled;
    if (pace.rate > 0) this.#looking = setInterval(() => this.#look(), pace.idle / LOOKS);
    request.pause();
    request.on("data", (chunk: Buffer) => this.#arrived(chunk));
    request.on("end", () => this.#finished());
    request.on("error", (error) => this.stop(error));
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<Step> {
    if (this.broken !== null) return Promise.reject(this.broken);
    const chunk = this.#chunks.shift();
    if (chunk !== undefined) return Promise.resolve(this.#handed(chunk));
    if (this.#ended) return Promise.resolve(DONE);
    this.#waiting = Promise.withResolvers<Step>();
    const { idle } = this.#pace;
    this.#timer = setTimeout(this.#stalled, idle, `the client sent nothing for ${idle} ms`);
    this.#request.resume();
    return this.#waiting.promise;
  }

  /** Gives up the rest of the body: a waiting reader gets the error, and what still comes is thrown away. */
  stop(error: Error): void {
    if (this.broken !== null) return;
    this.broken = error;
    this.#chunks = [];
    clearInterval(this.#looking);
    this.#take()?.reject(error);
    if (!this.#ended && !this.#request.destroyed) this.#discard();
  }

  /** The rest is read, so that the client gets to read its answer, but not for ever. */
  #discard(): void {
    const request = this.#request;
    const { socket } = request;
    const timer = setTimeout(() => socket.destroy(), this.#pace.idle);
    const over = () => {
      clearTimeout(timer);
      request.off("end", over);
      socket.off("close", over);
    };
    request.on("end", over);
    // An answered request isn't told that its connection closed.
    socket.on("close", over);
    request.resume();
  }

  #arrived(chunk: Buffer): void {
    if (this.broken !== null) return;
    const waiting = this.#take();
    if (waiting === null) this.#chunks.push(chunk);
    else waiting.resolve(this.#handed(chunk));
    this.#request.pause();
  }

  /** Counts only while bytes are waited for: an app that reads slowly may do so. */
  #look(): void {
    if (this.#waiting === null) return;
    this.#waits += 1;
    if (this.#waits < LOOKS) return;
    const { idle, rate } = this.#pace;
    const came = this.bytes - this.#bytesThen;
    this.#waits = 0;
    this.#bytesThen = this.bytes;
    if (came < (rate * idle) / 1_000)
      this.#stalled(`${came} bytes came in ${idle} ms; \`limits.uploadRate\` is ${rate} a second`);
  }

  #finished(): void {
    this.#ended = true;
    clearInterval(this.#looking);
    this.#take()?.resolve(DONE);
  }

  #handed(chunk: Buffer): Step {
    passed(chunk.length, this.bytes);
    this.bytes += chunk.length;
    return { value: chunk, done: false };
  }

  #take(): PromiseWithResolvers<Step> | null {
    const waiting = this.#waiting;
    this.#waiting = null;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    return waiting;
  }
}
