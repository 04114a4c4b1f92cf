import * as ascii from "./ascii.ts";

/** Where an attribute's value stands; `quote` is 0 for none. A name without a value has an empty span. */
export interface Attribute {
  readonly name: string;
  readonly from: number;
  readonly to: number;
  readonly quote: number;
}

/** What a scan tells. `tag` answers with the state to go on in; offsets count bytes from the first of the document. */
export interface Sink {
  /** A character that is not white space stands outside of any markup. */
  text(at: number): void;
  /** A tag ended with the byte at `it.at`; it began at `it.token`. */
  tag(it: Scan): State;
  /** `<![` was seen. */
  bracket(): void;
}

export type State = (it: Scan, byte: number) => State;

/** Longer names don't matter and are cut. */
const NAME_LIMIT = 24;

/** One tokenizer on its way. It reads byte by byte, so it may be stopped and fed anywhere. */
export class Scan {
  readonly sink: Sink;
  state: State;
  /** Offset of the byte that is being read. */
  at = 0;
  /** Offset of the `<` of the token that is being read. */
  token = 0;
  name = "";
  end = false;
  /** The tag ends with a slash; HTML doesn't care, XML does. */
  empty = false;
  attributes: Attribute[] = [];
  /** Whether the attributes of every tag are wanted, also those that come twice. */
  keepsAll = false;
  attribute = "";
  valueFrom = 0;
  /** Name of the element whose end tag ends the raw text, and the state to go back to if it doesn't. */
  raw = "";
  back: State = data;

  constructor(sink: Sink, first: State = data) {
    this.sink = sink;
    this.state = first;
  }
}

/** The states have the names and the transitions of the HTML standard's tokenizer (13.2.5). */
export const data: State = (it, byte) => {
  if (byte === ascii.LESS) {
    it.token = it.at;
    return tagOpen;
  }
  if (!ascii.isSpace(byte)) it.sink.text(it.at);
  return data;
};

const tagOpen: State = (it, byte) => {
  if (ascii.isAlpha(byte)) return beginTag(it, byte, false);
  if (byte === ascii.SLASH) return endTagOpen;
  if (byte === ascii.BANG) return markup;
  if (byte === ascii.QUESTION) return bogus;
  it.sink.text(it.token);
  return data(it, byte);
};

const endTagOpen: State = (it, byte) => {
  if (ascii.isAlpha(byte)) return beginTag(it, byte, true);
  return byte === ascii.GREATER ? data : bogus(it, byte);
};

/** Begins a tag with the first letter of its name. */
export function beginTag(it: Scan, byte: number, end: boolean): State {
  it.name = "";
  it.end = end;
  it.empty = false;
  it.attributes = [];
  return tagName(it, byte);
}

/** Doctypes end like bogus comments: at the first `>`, quoted or not. */
const markup: State = (it, byte) => {
  if (byte === ascii.DASH) return markupDash;
  if (byte === 0x5b) it.sink.bracket();
  return bogus(it, byte);
};

const markupDash: State = (it, byte) => (byte === ascii.DASH ? commentStart : bogus(it, byte));
const bogus: State = (_, byte) => (byte === ascii.GREATER ? data : bogus);

const commentStart: State = (it, byte) => {
  if (byte === ascii.DASH) return commentStartDash;
  return byte === ascii.GREATER ? data : comment(it, byte);
};

const commentStartDash: State = (it, byte) => {
  if (byte === ascii.DASH) return commentEnd;
  return byte === ascii.GREATER ? data : comment(it, byte);
};

/** The standard's states for `<!--` inside of a comment end it at the same byte as these do. */
export const comment: State = (_, byte) => (byte === ascii.DASH ? commentDash : comment);
const commentDash: State = (_, byte) => (byte === ascii.DASH ? commentEnd : comment);

const commentEnd: State = (_, byte) => {
  if (byte === ascii.GREATER) return data;
  if (byte === ascii.BANG) return commentBang;
  return byte === ascii.DASH ? commentEnd : comment;
};

const commentBang: State = (_, byte) => {
  if (byte === ascii.GREATER) return data;
  return byte === ascii.DASH ? commentDash : comment;
};

const tagName: State = (it, byte) => {
  if (ascii.endsName(byte)) return afterName(it, byte);
  if (it.name.length < NAME_LIMIT) it.name += ascii.lower(byte);
  return tagName;
};

/** What follows the name of a tag, when `byte` has ended it. */
export function afterName(it: Scan, byte: number): State {
  if (byte === ascii.GREATER) return it.sink.tag(it);
  return byte === ascii.SLASH ? selfClosing : beforeAttribute;
}

const beforeAttribute: State = (it, byte) => {
  if (ascii.isSpace(byte)) return beforeAttribute;
  if (byte === ascii.SLASH || byte === ascii.GREATER) return afterAttribute(it, byte);
  it.attribute = ascii.lower(byte);
  return attribute;
};

const attribute: State = (it, byte) => {
  if (ascii.endsName(byte)) return afterAttribute(it, byte);
  if (byte === ascii.EQUALS) return beforeValue;
  if (it.attribute.length < NAME_LIMIT) it.attribute += ascii.lower(byte);
  return attribute;
};

const afterAttribute: State = (it, byte) => {
  if (ascii.isSpace(byte)) return afterAttribute;
  if (byte === ascii.EQUALS) return beforeValue;
  keep(it, it.at, it.at, 0);
  if (byte === ascii.SLASH) return selfClosing;
  if (byte === ascii.GREATER) return it.sink.tag(it);
  it.attribute = ascii.lower(byte);
  return attribute;
};

const beforeValue: State = (it, byte) => {
  if (ascii.isSpace(byte)) return beforeValue;
  it.valueFrom = it.at + 1;
  if (byte === ascii.DOUBLE) return doubleQuoted;
  if (byte === ascii.SINGLE) return singleQuoted;
  it.valueFrom = it.at;
  return unquoted(it, byte);
};

const doubleQuoted: State = (it, byte) => (byte === ascii.DOUBLE ? endQuoted(it, byte) : doubleQuoted);
const singleQuoted: State = (it, byte) => (byte === ascii.SINGLE ? endQuoted(it, byte) : singleQuoted);

function endQuoted(it: Scan, quote: number): State {
  keep(it, it.valueFrom, it.at, quote);
  return afterQuoted;
}

const unquoted: State = (it, byte) => {
  if (!ascii.isSpace(byte) && byte !== ascii.GREATER) return unquoted;
  keep(it, it.valueFrom, it.at, 0);
  return byte === ascii.GREATER ? it.sink.tag(it) : beforeAttribute;
};

const afterQuoted: State = (it, byte) =>
  ascii.endsName(byte) ? afterName(it, byte) : beforeAttribute(it, byte);
const selfClosing: State = (it, byte) => {
  if (byte !== ascii.GREATER) return beforeAttribute(it, byte);
  it.empty = true;
  return it.sink.tag(it);
};

/** Remembers the attributes of the one tag whose attributes matter, or of all where that is wanted; of a name that comes twice the first counts. */
function keep(it: Scan, from: number, to: number, quote: number): void {
  const name = it.attribute;
  it.attribute = "";
  if (name === "" || (it.name !== "meta" && !it.keepsAll)) return;
  if (!it.keepsAll && it.attributes.some((known) => known.name === name)) return;
  it.attributes.push({ name, from, to, quote });
}
