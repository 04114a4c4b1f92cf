/** One header line: name and value as latin1 text, without the white space around the value. */
export type Field = readonly [name: string, value: string];

/** How a body's end is told: there is none, its length, its last chunk, or the end of the connection. */
export type Framing = "none" | "length" | "chunked" | "close";

/** One message as it came over the wire. */
export interface Message {
  /** The request line or the status line. */
  readonly start: string;
  readonly fields: readonly Field[];
  readonly framing: Framing;
  /** What was not plain about the head: bare line feeds, folded lines. */
  readonly odd: boolean;
  /** Bytes of the body so far, without chunk headers. */
  length: number;
  readonly pieces: Buffer[];
  trailers: readonly Field[];
  /** It came to its end. */
  complete: boolean;
  /** Why it can't be read on; null while it can. */
  fault: string | null;
}

export interface Listener {
  head?(message: Message): void;
  /** More of its body has come. */
  data?(message: Message): void;
  complete?(message: Message): void;
  fault?(message: Message | null, why: string): void;
}

/** How the first line says what follows: an answer needs the method that it is for. */
export type Side = { readonly kind: "request" } | { readonly kind: "answer"; method(): string };

const LF = 0x0a;

/** A header's values in order. */
export function valuesOf(fields: readonly Field[], name: string): readonly string[] {
  return fields.filter(([it]) => it.toLowerCase() === name).map(([, value]) => value);
}

/** The status of an answer; 0 for what is no status line. */
export function statusOf({ start }: Pick<Message, "start">): number {
  return Number(/^HTTP\/\d\.\d (\d{3})(?: |$)/.exec(start)?.[1] ?? 0);
}

export function bodyOf(message: Message): Buffer {
  return message.pieces.length === 1 ? (message.pieces[0] as Buffer) : Buffer.concat(message.pieces);
}

/** Reads the messages of one direction of one connection, and changes nothing about them. */
export class Reader {
  readonly #side: Side;
  readonly #listener: Listener;
  #pending: Buffer = Buffer.alloc(0);
  #message: Message | null = null;
  /** Body bytes that are left: of a length, or of one chunk. */
  #left = 0;
  #chunk: "size" | "bytes" | "end" | "trailers" = "size";
  #trailers: string[] = [];
  #dead = false;

  constructor(side: Side, listener: Listener) {
    this.#side = side;
    this.#listener = listener;
  }

  /** A message has begun and isn't complete. */
  get busy(): boolean {
    return this.#message !== null || this.#pending.length > 0;
  }

  push(chunk: Buffer): void {
    if (this.#dead) return;
    this.#pending = this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk]);
    while (!this.#dead && this.#step());
  }

  /** The other side has closed; `broken` when by a reset. */
  end(broken: boolean): void {
    if (this.#dead) return;
    const message = this.#message;
    if (message?.framing === "close" && !broken) this.#complete(message);
    else if (message !== null || this.#pending.length > 0) this.#fail(broken ? "reset" : "cut");
    this.#dead = true;
  }

  /** Takes one step through what is here; false when more has to come. */
  #step(): boolean {
    const message = this.#message;
    if (message === null) return this.#head();
    if (message.framing === "chunked") return this.#chunked(message);
    if (this.#pending.length === 0) return false;
    if (message.framing === "close") this.#take(message, this.#pending.length);
    else {
      const taken = Math.min(this.#left, this.#pending.length);
      this.#left -= taken;
      this.#take(message, taken);
      if (this.#left === 0) this.#complete(message);
    }
    return this.#pending.length > 0;
  }

  #head(): boolean {
    const text = this.#pending.toString("latin1");
    if (this.#side.kind === "request" && /^\r?\n/.test(text)) {
      this.#pending = this.#pending.subarray(text.indexOf("\n") + 1);
      return this.#pending.length > 0;
    }
    const end = /\r?\n\r?\n/.exec(text);
    if (end === null) return false;
    const head = text.slice(0, end.index);
    this.#pending = this.#pending.subarray(end.index + end[0].length);
    const odd = /(?:^|[^\r])\n/.test(head + end[0]) || /\n[ \t]/.test(head);
    const [start = "", ...lines] = head.replace(/\r?\n[ \t]+/g, " ").split(/\r?\n/);
    const fields = lines.map(fieldOf);
    const { framing, length } = this.#framing(start, fields);
    const message: Message = {
      start,
      fields,
      framing,
      odd,
      length: 0,
      pieces: [],
      trailers: [],
      complete: false,
      fault: null,
    };
    this.#message = message;
    this.#left = length;
    this.#chunk = "size";
    this.#trailers = [];
    this.#listener.head?.(message);
    if (framing === "none") this.#complete(message);
    return this.#pending.length > 0;
  }

  #framing(start: string, fields: readonly Field[]): { framing: Framing; length: number } {
    if (this.#side.kind === "answer") {
      const status = statusOf({ start });
      const method = this.#side.method();
      if (status < 200 || status === 204 || status === 304 || method === "HEAD")
        return { framing: "none", length: 0 };
    }
    const coding = valuesOf(fields, "transfer-encoding");
    if (coding.at(-1)?.toLowerCase().endsWith("chunked") === true) return { framing: "chunked", length: 0 };
    const length = valuesOf(fields, "content-length").at(0);
    if (length !== undefined && coding.length === 0)
      return Number(length) === 0
        ? { framing: "none", length: 0 }
        : { framing: "length", length: Number(length) };
    return { framing: this.#side.kind === "answer" ? "close" : "none", length: 0 };
  }

  #chunked(message: Message): boolean {
    if (this.#chunk === "bytes") {
      if (this.#pending.length === 0) return false;
      const taken = Math.min(this.#left, this.#pending.length);
      this.#left -= taken;
      this.#take(message, taken);
      if (this.#left === 0) this.#chunk = "end";
      return true;
    }
    const at = this.#pending.indexOf(LF);
    if (at < 0) return false;
    const line = this.#pending.toString("latin1", 0, at).replace(/\r$/, "");
    this.#pending = this.#pending.subarray(at + 1);
    if (this.#chunk === "end") {
      if (line !== "") this.#fail(`a chunk is followed by ${JSON.stringify(line.slice(0, 40))}`);
      this.#chunk = "size";
    } else if (this.#chunk === "size") {
      const size = /^([0-9a-f]+)\s*(?:;|$)/i.exec(line)?.[1];
      if (size === undefined) this.#fail(`${JSON.stringify(line.slice(0, 40))} is no chunk size`);
      this.#left = Number.parseInt(size ?? "0", 16);
      this.#chunk = this.#left === 0 ? "trailers" : "bytes";
    } else if (line === "") {
      message.trailers = this.#trailers.map(fieldOf);
      this.#complete(message);
    } else {
      this.#trailers.push(line);
    }
    return !this.#dead;
  }

  #take(message: Message, count: number): void {
    if (count === 0) return;
    message.pieces.push(this.#pending.subarray(0, count));
    message.length += count;
    this.#pending = this.#pending.subarray(count);
    this.#listener.data?.(message);
  }

  #complete(message: Message): void {
    message.complete = true;
    this.#message = null;
    this.#listener.complete?.(message);
  }

  #fail(why: string): void {
    this.#dead = true;
    const message = this.#message;
    if (message !== null) message.fault = why;
    this.#listener.fault?.(message, why);
  }
}

function fieldOf(line: string): Field {
  const colon = line.indexOf(":");
  if (colon < 0) return [line, ""];
  return [line.slice(0, colon), line.slice(colon + 1).replace(/^[ \t]+|[ \t]+$/g, "")];
}
