import { Fault } from "../../errors.ts";
import { doubled, escaped, plainText, rawText, scriptText } from "../html/raw-text.ts";
import { content } from "../html/second-reading.ts";
import { type Attribute, comment, data, Scan, type State } from "../html/tokenizer.ts";
import { type Filter, WITHHELD } from "./filter.ts";
import { type ElementTest, isMet } from "./selector.ts";

/** Attributes that hold a value of the element. */
const HOLDING = /^(?:value|content|href|src|title|placeholder|data-.*)$/;
const EMPTY = new Set("area base br col embed hr img input link meta param source track wbr".split(" "));
/** Elements whose end tag may be left out: one of these begins the next. */
const FOLLOWED_BY: Readonly<Record<string, readonly string[]>> = {
  li: ["li"],
  dt: ["dt", "dd"],
  dd: ["dt", "dd"],
  p: ["p", "div", "ul", "ol", "table", "section", "h1", "h2", "h3", "h4", "form", "pre"],
  td: ["td", "th", "tr", "tbody"],
  th: ["td", "th", "tr", "tbody"],
  tr: ["tr", "tbody"],
  option: ["option", "optgroup"],
};
/** In these states no piece of markup is open. */
const PLAIN: ReadonlySet<State> = new Set([data, rawText, scriptText, escaped, doubled, plainText, comment]);
/** Bytes of one tag. */
const LONGEST_TAG = 4 * 1_048_576;

/** Replaces the values of elements in HTML: the attributes that hold one, and the text. */
export class HtmlFilter implements Filter {
  readonly #tests: readonly ElementTest[];
  readonly #withheld: () => void;
  readonly #scan: Scan;
  /** What isn't given out yet; it begins at `#from`, and markup in it at `#open`. */
  #held = "";
  #from = 0;
  #open = 0;
  #out = "";
  /** Elements that are open within the one whose text is withheld, that one first; empty: none is. */
  #inside: string[] = [];
  #told = false;

  constructor(tests: readonly ElementTest[], withheld: () => void) {
    this.#tests = tests;
    this.#withheld = withheld;
    const sink = { text: () => undefined, bracket: () => undefined, tag: (it: Scan) => this.#tag(it) };
    this.#scan = new Scan(sink);
    this.#scan.keepsAll = true;
  }

  read(text: string): string {
    const begin = this.#from + this.#held.length;
    this.#held += text;
    const it = this.#scan;
    for (let at = 0; at < text.length; at += 1) {
      it.at = begin + at;
      it.state = it.state(it, text.charCodeAt(at));
      if (PLAIN.has(it.state)) this.#open = it.at + 1;
    }
    this.#textUntil(this.#open);
    if (this.#held.length > LONGEST_TAG)
      throw new Fault(
        "page-unmarkable",
        `a tag of more than ${LONGEST_TAG} bytes, in which a value may be withheld`,
      );
    return this.#given();
  }

  end(): string {
    this.#textUntil(this.#from + this.#held.length);
    return this.#given();
  }

  #given(): string {
    const out = this.#out;
    this.#out = "";
    return out;
  }

  /** Gives out text, or what stands in its place. */
  #textUntil(end: number): void {
    const text = this.#take(end);
    if (this.#inside.length === 0) this.#out += text;
    else if (!this.#told && /\S/.test(text)) {
      this.#told = true;
      this.#out += WITHHELD;
      this.#withheld();
    }
  }

  #take(end: number): string {
    const text = this.#held.slice(0, end - this.#from);
    this.#held = this.#held.slice(text.length);
    this.#from += text.length;
    return text;
  }

  /** A tag has ended with the byte at `it.at`; it begins where markup was opened. */
  #tag(it: Scan): State {
    this.#textUntil(this.#open);
    const begin = this.#from;
    const tag = this.#take(it.at + 1);
    const state = content(it);
    if (this.#inside.length > 0 && !this.#closes(it)) {
      if (!it.end && !EMPTY.has(it.name)) this.#inside.push(it.name);
      // Markup within it says nothing without its text, but the attributes may.
      return state;
    }
    const met =
      !it.end && this.#tests.some((test) => isMet(test, it.name, valuesIn(it.attributes, tag, begin)));
    this.#out += met ? this.#without(it.attributes, tag, begin) : tag;
    if (met && !EMPTY.has(it.name) && !it.empty) {
      this.#inside = [it.name];
      this.#told = false;
    }
    return state;
  }

  /** Whether a tag ends the element whose text is withheld; what it leaves open is forgotten. */
  #closes(it: Scan): boolean {
    const [own = ""] = this.#inside;
    if (!it.end) {
      const ends = this.#inside.length === 1 && FOLLOWED_BY[own]?.includes(it.name) === true;
      if (ends) this.#inside = [];
      return ends;
    }
    const at = this.#inside.lastIndexOf(it.name);
    if (at > 0) {
      this.#inside.length = at;
      return false;
    }
    // Its own end tag, or that of an element around it: a stray one within is none of these.
    const ends = at === 0 || (this.#inside.length === 1 && FOLLOWED_BY[own] !== undefined);
    if (ends) this.#inside = [];
    return ends;
  }

  #without(attributes: readonly Attribute[], tag: string, begin: number): string {
    let out = "";
    let at = 0;
    for (const { name, from, to } of attributes) {
      if (!HOLDING.test(name) || to <= from) continue;
      out += tag.slice(at, from - begin) + WITHHELD;
      at = to - begin;
      this.#withheld();
    }
    return out + tag.slice(at);
  }
}

function valuesIn(attributes: readonly Attribute[], tag: string, begin: number): ReadonlyMap<string, string> {
  const values = new Map<string, string>();
  for (const { name, from, to } of attributes)
    if (!values.has(name)) values.set(name, tag.slice(from - begin, to - begin));
  return values;
}
