import { MalformedResponse } from "./response-head.ts";

/** Bytes of one line that is no data: a chunk's size with its extensions, or a trailer. */
const LINE = 16_384;
/** Bytes of all trailers together. */
const TRAILERS = 65_536;

const SIZE = /^([0-9A-Fa-f]{1,13})([\t ]*)(?:;[\t\x20-\x7e\x80-\xff]*)?$/;

type State = "size" | "data" | "data-end" | "trailer" | "complete";

/** Takes a body in chunks (RFC 9112 7.1) apart. Trailers are read over. */
export class ChunkedBody {
  /** Every line ended with CRLF, and nothing else was odd. */
  tidy = true;
  readonly #data: (bytes: Buffer) => void;
  #state: State = "size";
  #left = 0;
  #line = "";
  #trailers = 0;

  constructor(data: (bytes: Buffer) => void) {
    this.#data = data;
  }

  get complete(): boolean {
    return this.#state === "complete";
  }

  /** Reads from `at` to the end of the body, or of the bytes; gives the index behind it. */
  read(bytes: Buffer, from: number): number {
    let at = from;
    while (at < bytes.length && this.#state !== "complete") {
      at = this.#state === "data" ? this.#readData(bytes, at) : this.#readLine(bytes, at);
    }
    return at;
  }

  #readData(bytes: Buffer, at: number): number {
    const end = Math.min(bytes.length, at + this.#left);
    this.#left -= end - at;
    if (this.#left === 0) this.#state = "data-end";
    this.#data(at === 0 && end === bytes.length ? bytes : bytes.subarray(at, end));
    return end;
  }

  #readLine(bytes: Buffer, at: number): number {
    const lineFeed = bytes.indexOf(0x0a, at);
    const end = lineFeed < 0 ? bytes.length : lineFeed;
    this.#line += bytes.toString("latin1", at, end);
    if (this.#line.length > LINE) throw new MalformedResponse("a line between two chunks is too long");
    if (lineFeed < 0) return end;
    const crlf = this.#line.endsWith("\r");
    if (!crlf) this.tidy = false;
    const line = crlf ? this.#line.slice(0, -1) : this.#line;
    this.#line = "";
    this.#take(line);
    return end + 1;
  }

  #take(line: string): void {
    if (this.#state === "size") this.#size(line);
    else if (this.#state === "trailer") this.#trailer(line);
    else if (line === "") this.#state = "size";
    else throw new MalformedResponse("a chunk is longer than it says");
  }

  #size(line: string): void {
    const [, size, blanks] = SIZE.exec(line) ?? [];
    if (size === undefined)
      throw new MalformedResponse(`a chunk's size is ${JSON.stringify(line.slice(0, 100))}`);
    if (blanks !== "") this.tidy = false;
    this.#left = Number.parseInt(size, 16);
    this.#state = this.#left === 0 ? "trailer" : "data";
  }

  #trailer(line: string): void {
    this.#trailers += line.length;
    if (this.#trailers > TRAILERS) throw new MalformedResponse("the trailers are too long");
    if (line === "") this.#state = "complete";
  }
}
