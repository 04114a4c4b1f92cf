import { Fault } from "../errors.ts";
import type { Syntax } from "./host-element.ts";
import { type Place, type Reading, reading, step } from "./html/body-start.ts";
import { byteOrderMark, type Reading as Charset, readingOf, readingOfMeta } from "./html/charset.ts";
import { amendedMeta, charsetOfMeta, type Edit } from "./html/meta.ts";
import { rawText, scriptText } from "./html/raw-text.ts";
import { type Attribute, comment } from "./html/tokenizer.ts";
import { xmlReading } from "./html/xhtml.ts";
import { type Filter, Filtered, type Give } from "./streams/filters.ts";

interface RewriterOptions {
  /** ASCII HTML without backslash and tilde (which some charsets show as something else). */
  readonly insert: string;
  /** The same, for before the text of the document's title; null leaves that as it is. */
  readonly title: string | null;
  /** How browsers read the document: `xml` for `application/xhtml+xml`. */
  readonly syntax: Syntax;
  /** The label in the answer's `Content-Type`; null if it has none. */
  readonly charset: string | null;
  /** Whether it may leave as UTF-8 where it came as UTF-16; else it is as one that nothing can be put into. */
  readonly transcode: boolean;
  /** Bytes that are searched at the most. */
  readonly pageHead: number;
  /** Gives the policy of a `<meta>` as it shall be; null leaves them alone. */
  readonly amendMeta: ((policy: string) => string) | null;
}

/**
 * Puts `insert` into an HTML document once, where its body begins, and `title` into its title, if that stands before. Leaves every other
 * byte as it is (policies in `<meta>` excepted, and UTF-16, which leaves as UTF-8 with a byte order mark). Nothing comes out before the place is
 * found; where there is none it fails with a Fault `page-unmarkable` instead, so that another answer is still possible.
 */
export function rewriter(options: RewriterOptions): Filtered {
  return new Filtered([new Marker(options)]);
}

function unmarkable(why: string): Fault {
  return new Fault("page-unmarkable", why);
}

const BOM = Buffer.from([0xef, 0xbb, 0xbf]);
const ESCAPE = 0x1b;

/** One document on its way through. */
class Marker implements Filter {
  readonly #options: RewriterOptions;
  readonly #reading: Reading;
  readonly #edits: Edit[] = [];
  #held: Buffer[] = [];
  #total = 0;
  /** Length of the byte order mark, which the tokenizer doesn't see. */
  #bom = 0;
  /** The first held piece that it hasn't seen whole, and where that begins. */
  #piece = 0;
  #from = 0;
  #charset: Charset | null = null;
  #begun = false;
  #titled = false;
  #marked = false;
  #decoder: TextDecoder | null = null;

  constructor(options: RewriterOptions) {
    this.#options = options;
    const read = options.syntax === "html" ? reading : xmlReading;
    this.#reading = read(
      (attributes) => this.#meta(attributes),
      (at) => this.#title(at),
    );
  }

  read(chunk: Buffer, give: Give): void {
    const bytes = this.#decoder === null ? chunk : Buffer.from(this.#decoder.decode(chunk, { stream: true }));
    if (this.#marked) {
      give(bytes);
      return;
    }
    this.#hold(bytes);
    if (this.#total >= 3) this.#search(give);
  }

  end(give: Give): void {
    if (!this.#begun) this.#begin();
    if (this.#decoder !== null) {
      const last = Buffer.from(this.#decoder.decode());
      if (this.#marked) give(last);
      else this.#hold(last);
    }
    if (this.#marked) return;
    this.#search(give);
    if (this.#marked) return;
    this.#mark(this.#reading.place ?? this.#reading.end(this.#total), give);
  }

  #hold(bytes: Buffer): void {
    this.#held.push(bytes);
    this.#total += bytes.length;
  }

  /** Knows the charset as far as header and byte order mark tell it. */
  #begin(): void {
    this.#begun = true;
    const first = Buffer.concat(stretch(this.#held, 0, 3));
    const mark = byteOrderMark(first);
    const declared = this.#options.charset === null ? null : readingOf(this.#options.charset);
    this.#charset = mark?.reading ?? declared;
    this.#bom = mark?.length ?? 0;
    if (this.#charset === "utf-16le" || this.#charset === "utf-16be") {
      if (!this.#options.transcode) throw unmarkable("UTF-16, which is to stay so");
      this.#decode(this.#charset);
    }
    this.#applyCharset();
  }

  #decode(encoding: "utf-16le" | "utf-16be"): void {
    this.#decoder = new TextDecoder(encoding);
    const held = Buffer.concat(this.#held);
    const decoded = Buffer.from(this.#decoder.decode(held, { stream: true }));
    this.#held = [BOM, decoded];
    this.#total = BOM.length + decoded.length;
    this.#bom = BOM.length;
  }

  #applyCharset(): void {
    if (this.#charset === "unmarkable") throw unmarkable("a charset that hides markup, or is not shown");
  }

  #meta(attributes: readonly Attribute[]): void {
    const source = (from: number, to: number) =>
      Buffer.concat(stretch(this.#held, from, to)).toString("latin1");
    if (this.#charset === null) {
      const label = charsetOfMeta(attributes, source);
      if (label !== null) this.#declared(readingOfMeta(label));
    }
    const { amendMeta } = this.#options;
    const edit = amendMeta === null ? null : amendedMeta(attributes, source, amendMeta);
    if (edit !== null) this.#edits.push(edit);
  }

  /** The first one is the document's. */
  #title(at: number): void {
    const { title } = this.#options;
    if (title !== null && !this.#titled) this.#edits.push({ from: at, to: at, bytes: Buffer.from(title) });
    this.#titled = true;
  }

  #declared(charset: Charset | null): void {
    if (charset === null) return;
    this.#refuseEscapes(this.#reading.scan.at);
    this.#charset = charset;
    this.#applyCharset();
  }

  /** A browser could take a document without a charset for ISO-2022-JP, and then reads other markup in it. */
  #refuseEscapes(end: number): void {
    if (stretch(this.#held, 0, end).some((bytes) => bytes.includes(ESCAPE)))
      throw unmarkable("escape sequences before a charset");
  }

  #search(give: Give): void {
    if (!this.#begun) this.#begin();
    const { pageHead } = this.#options;
    for (; this.#reading.place === null; this.#piece += 1) {
      const bytes = this.#held[this.#piece];
      if (bytes === undefined || this.#from >= pageHead) break;
      this.#scan(bytes, Math.max(0, this.#bom - this.#from), Math.min(bytes.length, pageHead - this.#from));
      this.#from += bytes.length;
    }
    const { place } = this.#reading;
    if (place !== null) this.#mark(place, give);
    else if (this.#total > pageHead) throw unmarkable(`no body within the first ${pageHead} bytes`);
  }

  #scan(bytes: Buffer, start: number, end: number): void {
    const from = this.#from;
    const it = this.#reading;
    for (let index = start; index < end && it.place === null; index += 1) {
      index = skip(it, bytes, index, end);
      if (index < end) step(it, bytes[index] ?? 0, from + index);
    }
  }

  #mark(place: Place, give: Give): void {
    if (place.kind === "unmarkable") throw unmarkable(place.why);
    if (this.#charset === null) this.#refuseEscapes(place.at);
    this.#marked = true;
    const insert = { from: place.at, to: place.at, bytes: Buffer.from(this.#options.insert, "latin1") };
    // What was cut off comes after it.
    this.#release([...this.#edits.filter(({ from }) => from <= place.at), insert], give);
    this.#held = [];
  }

  #release(edits: readonly Edit[], give: Give): void {
    let from = 0;
    for (const edit of edits) {
      for (const bytes of stretch(this.#held, from, edit.from)) give(bytes);
      give(edit.bytes);
      from = edit.to;
    }
    for (const bytes of stretch(this.#held, from, this.#total)) give(bytes);
  }
}

/** The pieces of what is held between two offsets, not copied. */
function stretch(held: readonly Buffer[], from: number, to: number): Buffer[] {
  const pieces: Buffer[] = [];
  let at = 0;
  for (const bytes of held) {
    const piece = bytes.subarray(Math.max(0, from - at), Math.max(0, to - at));
    if (piece.length > 0) pieces.push(piece);
    at += bytes.length;
  }
  return pieces;
}

/** Where the next byte is that a long stretch of text has to be left for. */
function skip(it: Reading, bytes: Buffer, index: number, end: number): number {
  if (it.twin !== null) return index;
  const { state } = it.scan;
  const wanted = state === rawText || state === scriptText ? 0x3c : state === comment ? 0x2d : null;
  if (wanted === null) return index;
  const next = bytes.indexOf(wanted, index);
  return next < 0 || next > end ? end : next;
}
