import type { RawHeaders } from "../../../domain/raw-headers.ts";

/** The app's answer is no HTTP, or has two readings. */
export class MalformedResponse extends Error {
  readonly code = "MALFORMED_RESPONSE";
}

/** How an answer's body is told from what follows it: by its length, by chunks, by the end of the connection, or there is none. */
type BodyKind = "none" | "length" | "chunked" | "close";

/** The head of an answer, read. Text is latin1: a character is a byte. */
export interface ResponseHead {
  readonly status: number;
  readonly message: string;
  /** As they came, but for what would have two readings further on: folded lines are joined, and a length stands once. */
  readonly headers: RawHeaders;
  /** Of an answer that may have a body; one to HEAD has none. */
  readonly body: BodyKind;
  /** Bytes of the body where `body` is `length`. */
  readonly length: number;
  /** The app says that it keeps the connection open. */
  readonly kept: boolean;
  /** It does, and everything was so plain that there is no doubt where the next answer begins. */
  readonly reusable: boolean;
  /** How long the app says that it keeps an idle connection, ms; null where it says nothing. */
  readonly idle: number | null;
}

const STATUS_LINE = /^HTTP\/1\.([01]) ([1-9]\d\d)(?: ([\t\x20-\x7e\x80-\xff]*))?$/;
const NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
/** Everything but control characters. */
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;
const LENGTH = /^(?:0|[1-9]\d{0,14})$/;
const CHUNKED = /^chunked(?:[\t ]*,[\t ]*chunked)*$/i;

/** Lengths of the names that are looked at. */
const CONNECTION = 10;
const CONTENT_LENGTH = 14;
const TRANSFER_ENCODING = 17;

/** What is gathered line by line. */
class Lines {
  readonly headers: string[] = [];
  /** Nothing but what everybody reads in the same way. */
  tidy = true;
  length: string | null = null;
  coding: string | null = null;
  connection = "";
  keepAlive: string | null = null;

  add(line: string): void {
    const first = line.charCodeAt(0);
    if (first === 0x20 || first === 0x09) {
      this.#fold(line);
      return;
    }
    const colon = line.indexOf(":");
    let name = colon < 0 ? "" : line.slice(0, colon);
    if (!NAME.test(name)) {
      // A proxy takes white space before the colon away (RFC 9112 5.1).
      this.tidy = false;
      name = name.trimEnd();
      if (!NAME.test(name)) throw new MalformedResponse(`a header line is ${shown(line)}`);
    }
    const value = trimmed(line, colon + 1);
    if (!VALUE.test(value)) throw new MalformedResponse(`the value of ${name} has a control character`);
    this.headers.push(name, value);
  }

  /** Joins a folded line with the one before it (RFC 9112 5.2). */
  #fold(line: string): void {
    const last = this.headers.length - 1;
    const more = trimmed(line, 0);
    if (last < 0 || !VALUE.test(more)) throw new MalformedResponse(`a folded line is ${shown(line)}`);
    this.tidy = false;
    this.headers[last] = `${this.headers[last]} ${more}`.trimEnd();
  }

  /** Looks at what says where the answer ends, and leaves one length of several equal ones. */
  frame(): void {
    const { headers } = this;
    for (let at = 0; at < headers.length; at += 2) {
      const name = headers[at] ?? "";
      const { length } = name;
      if (length !== CONNECTION && length !== CONTENT_LENGTH && length !== TRANSFER_ENCODING) continue;
      const value = headers[at + 1] ?? "";
      const lower = name.toLowerCase();
      if (lower === "connection") this.connection += `${value},`;
      else if (lower === "keep-alive") this.keepAlive = value;
      else if (lower === "transfer-encoding")
        this.coding = this.coding === null ? value : `${this.coding},${value}`;
      else if (lower === "content-length" && this.#lengthAgain(at, value)) {
        headers.splice(at, 2);
        at -= 2;
      }
    }
  }

  /** True if the same length was there before. */
  #lengthAgain(at: number, value: string): boolean {
    const each = value.split(",").map((part) => part.trim());
    const [one = ""] = each;
    if (!LENGTH.test(one) || each.some((other) => other !== one))
      throw new MalformedResponse(`Content-Length is ${shown(value)}`);
    if (each.length > 1) {
      this.tidy = false;
      this.headers[at + 1] = one;
    }
    if (this.length === null) {
      this.length = one;
      return false;
    }
    if (this.length !== one) throw new MalformedResponse(`Content-Length is ${this.length} and ${one}`);
    this.tidy = false;
    return true;
  }
}

/**
 * Reads the head that `text` begins with; null if it isn't all there. Takes what old servers write and everybody understands
 * (lines that end with a bare LF, folded lines, an equal length twice), and throws for what could be read in two ways.
 */
export function readHead(text: string): { readonly head: ResponseHead; readonly size: number } | null {
  const lines = new Lines();
  let statusLine: string | null = null;
  for (let at = 0; ; ) {
    const lineFeed = text.indexOf("\n", at);
    if (lineFeed < 0) return null;
    const plain = lineFeed > at && text.charCodeAt(lineFeed - 1) === 0x0d;
    if (!plain) lines.tidy = false;
    const line = text.slice(at, plain ? lineFeed - 1 : lineFeed);
    at = lineFeed + 1;
    if (statusLine === null) statusLine = line;
    else if (line === "") return { head: headOf(statusLine, lines), size: at };
    else lines.add(line);
  }
}

function headOf(statusLine: string, lines: Lines): ResponseHead {
  const [, minor = "", code = "", message = ""] = STATUS_LINE.exec(statusLine) ?? [];
  if (code === "") throw new MalformedResponse(`the status line is ${shown(statusLine)}`);
  lines.frame();
  const status = Number(code);
  const body = bodyOf(status, minor, lines);
  if (lines.coding?.includes(",") === true) lines.tidy = false;
  const said = lines.connection === "" ? "" : lines.connection.toLowerCase();
  const kept = minor === "1" ? !says(said, "close") : says(said, "keep-alive") && !says(said, "close");
  return {
    status,
    message,
    headers: lines.headers,
    body,
    length: body === "length" ? Number(lines.length) : 0,
    kept,
    reusable: kept && lines.tidy && body !== "close",
    idle: idleOf(lines.keepAlive),
  };
}

/**
 * Whether the value, or all of them, of `Transfer-Encoding` stands for chunks: also said twice, as by an app and the framework around it.
 * Nobody cuts chunks into chunks (RFC 9112 6.1), and browsers and curl read one layer.
 */
export function isChunked(coding: string): boolean {
  return CHUNKED.test(coding);
}

function bodyOf(status: number, minor: string, { coding, length }: Lines): BodyKind {
  if (coding !== null) {
    if (length !== null)
      throw new MalformedResponse("Content-Length and Transfer-Encoding both say where the answer ends");
    if (!isChunked(coding)) throw new MalformedResponse(`Transfer-Encoding is ${shown(coding)}`);
    // Browsers take such a body for what runs to the end, others for chunks.
    if (minor === "0") throw new MalformedResponse("Transfer-Encoding in HTTP/1.0");
  }
  if (status < 200 || status === 204 || status === 304) return "none";
  if (coding !== null) return "chunked";
  return length === null ? "close" : "length";
}

function says(list: string, word: string): boolean {
  return list !== "" && list.split(",").some((part) => part.trim() === word);
}

function idleOf(keepAlive: string | null): number | null {
  const seconds = keepAlive === null ? null : /(?:^|[,\s])timeout\s*=\s*"?(\d{1,6})/i.exec(keepAlive);
  return seconds === null ? null : Number(seconds[1]) * 1_000;
}

/** Without spaces and tabs at both ends; other white space is part of a value, or not allowed in it. */
function trimmed(line: string, from: number): string {
  let start = from;
  let end = line.length;
  while (start < end && isBlank(line.charCodeAt(start))) start += 1;
  while (end > start && isBlank(line.charCodeAt(end - 1))) end -= 1;
  return line.slice(start, end);
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09;
}

function shown(text: string): string {
  return JSON.stringify(text.slice(0, 100));
}
