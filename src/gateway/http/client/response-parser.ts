import { ChunkedBody } from "./chunked-body.ts";
import { MalformedResponse, type ResponseHead, readHead } from "./response-head.ts";

/** Who hears of an answer, piece by piece. May have the parser stop at any time. */
export interface ResponseSink {
  /** The head of the answer itself; those before it (1xx) are read over. */
  head(head: ResponseHead): void;
  data(bytes: Buffer): void;
}

const EMPTY = Buffer.alloc(0);
const CR = 0x0d;
const LF = 0x0a;

/** `none`: no request is out, so that every byte is one too many. */
type State = "none" | "head" | "length" | "chunked" | "close" | "complete";

/** Reads the answers of one connection, one request at a time. */
export class ResponseParser {
  readonly #sink: ResponseSink;
  readonly #limit: number;
  #state: State = "none";
  /** The beginning of a head that isn't all there. */
  #early: Buffer = EMPTY;
  #headBytes = 0;
  #isHead = false;
  #left = 0;
  #chunks: ChunkedBody | null = null;
  /** Everything was so plain that the connection may be used again. */
  #tidy = true;

  /** `limit`: bytes of a head, with all 1xx before it. */
  constructor(sink: ResponseSink, limit: number) {
    this.#sink = sink;
    this.#limit = limit;
  }

  /** A request goes out: its answer comes next. */
  expect(method: string): void {
    this.#state = "head";
    this.#isHead = method === "HEAD";
    this.#early = EMPTY;
    this.#headBytes = 0;
    this.#tidy = true;
    this.#chunks = null;
  }

  get complete(): boolean {
    return this.#state === "complete";
  }

  /** Not a byte of the answer has come. */
  get untouched(): boolean {
    return this.#state === "head" && this.#headBytes === 0 && this.#early.length === 0;
  }

  /** Nothing in the answer leaves a doubt where the next one begins. */
  get tidy(): boolean {
    return this.#tidy && this.#chunks?.tidy !== false;
  }

  /** Nothing is told any more. */
  stop(): void {
    this.#state = "none";
  }

  /** Reads what came; false if there are bytes that belong to no answer. Throws `MalformedResponse`. */
  push(bytes: Buffer): boolean {
    let at = 0;
    while (at < bytes.length) {
      if (this.#state === "head") at = this.#readHead(bytes, at);
      else if (this.#state === "length") at = this.#readLength(bytes, at);
      else if (this.#state === "chunked") at = this.#readChunks(bytes, at);
      else if (this.#state === "close") {
        this.#sink.data(at === 0 ? bytes : bytes.subarray(at));
        return true;
      } else return false;
    }
    return true;
  }

  /** The app has ended its side. Throws `MalformedResponse` where that cuts an answer. */
  finish(): void {
    if (this.#state !== "close") throw new Cut(this.untouched);
    this.#state = "complete";
  }

  #readHead(bytes: Buffer, from: number): number {
    const joined = this.#early.length === 0 ? bytes : Buffer.concat([this.#early, bytes]);
    const before = this.#early.length;
    const start = this.#skipLines(joined, before === 0 ? from : 0);
    const plain = joined.indexOf("\r\n\r\n", Math.max(start, before - 3));
    const end = plain < 0 ? joined.length : plain + 4;
    const found =
      plain < 0 && !mayEnd(joined, start) ? null : readHead(joined.toString("latin1", start, end));
    const size = (found?.size ?? end - start) + this.#headBytes;
    if (size > this.#limit)
      throw new MalformedResponse(`the head of the answer is longer than ${this.#limit} bytes`);
    if (found === null) {
      checkBeginning(joined, start);
      this.#early = start === 0 ? joined : joined.subarray(start);
      return bytes.length;
    }
    this.#early = EMPTY;
    this.#headBytes = size;
    this.#take(found.head);
    return start + found.size - before;
  }

  /** An empty line before an answer is what some old servers write behind the one before. */
  #skipLines(bytes: Buffer, from: number): number {
    let at = from;
    while (bytes[at] === CR || bytes[at] === LF) at += 1;
    if (at > from) {
      this.#tidy = false;
      this.#headBytes += at - from;
    }
    return at;
  }

  #take(head: ResponseHead): void {
    if (head.status === 101)
      throw new MalformedResponse("the app switched protocols without having been asked");
    // Nobody asked for `100 Continue`: who says it nevertheless may count its answers in another way.
    if (!head.reusable || head.status === 100) this.#tidy = false;
    // What 1xx say would reach the client without having been through `respond`.
    if (head.status < 200) return;
    const kind = this.#isHead ? "none" : head.body;
    this.#left = head.length;
    if (kind === "none" || (kind === "length" && head.length === 0)) this.#state = "complete";
    else this.#state = kind;
    if (kind === "chunked") this.#chunks = new ChunkedBody((bytes) => this.#sink.data(bytes));
    this.#sink.head(head);
  }

  #readLength(bytes: Buffer, at: number): number {
    const end = Math.min(bytes.length, at + this.#left);
    this.#left -= end - at;
    if (this.#left === 0) this.#state = "complete";
    this.#sink.data(at === 0 && end === bytes.length ? bytes : bytes.subarray(at, end));
    return end;
  }

  #readChunks(bytes: Buffer, from: number): number {
    const chunks = this.#chunks;
    if (chunks === null) return bytes.length;
    const at = chunks.read(bytes, from);
    if (chunks.complete && this.#state === "chunked") this.#state = "complete";
    return at;
  }
}

/** The connection ended, or broke, before the answer was complete. */
export class Cut extends Error {
  readonly code = "ANSWER_CUT";

  constructor(untouched: boolean) {
    super(untouched ? "the app closed without an answer" : "the app closed in the middle of its answer");
  }
}

/** Whether there is an empty line of bare line feeds somewhere. */
function mayEnd(bytes: Buffer, from: number): boolean {
  return bytes.indexOf("\n\n", from) >= 0 || bytes.indexOf("\n\r\n", from) >= 0;
}

/** What is no HTTP is told at once, without waiting for the end of a head that may never come. */
function checkBeginning(bytes: Buffer, from: number): void {
  const beginning = bytes.toString("latin1", from, from + 7);
  if (!"HTTP/1.".startsWith(beginning))
    throw new MalformedResponse(`the answer begins with ${JSON.stringify(beginning)}`);
}
