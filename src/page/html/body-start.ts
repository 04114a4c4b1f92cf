import { content, MIXES, type Twin, withoutRawText, withoutScripts } from "./second-reading.ts";
import { type Attribute, data, Scan, type Sink, type State } from "./tokenizer.ts";

/** Where the body begins, in bytes from the start of the document, or why nothing may be put there. */
export type Place =
  | { readonly kind: "found"; readonly at: number }
  | { readonly kind: "unmarkable"; readonly why: string };

/** A reading of a document's head. It is over when `place` is not null. */
export class Reading {
  readonly scan: Scan;
  /** Gets the attributes of each meta element that counts. */
  readonly meta: (attributes: readonly Attribute[]) => void;
  /** Gets where the text of a title in the head begins. */
  readonly title: (at: number) => void;
  /** The place in a document that ends at `at` without one being found. */
  readonly end: (at: number) => Place;
  place: Place | null = null;
  twin: Twin | null = null;
  /** Where an element began that is still open. */
  rest: number | null = null;
  closed = false;
  depth = 0;
  mixed = false;

  constructor(scan: Scan, meta: Reading["meta"], title: Reading["title"], end: Reading["end"]) {
    this.scan = scan;
    this.meta = meta;
    this.title = title;
    this.end = end;
  }
}

const IN_HEAD = new Set(["html", "head", "base", "basefont", "bgsound", "link", "meta"]);
const RAW_IN_HEAD = new Set(["title", "style", "noframes", "script"]);
const OPENS_BODY_AT_END = new Set(["body", "html", "br"]);

/** A new reading. */
export function reading(meta: Reading["meta"], title: Reading["title"]): Reading {
  const sink: Sink = {
    text: (at) => {
      if (it.depth === 0) found(it, at);
    },
    tag: (tag) => (it.depth > 0 ? tagInTemplate(it, tag) : tagInHead(it, tag)),
    bracket: () => {
      if (it.depth > 0) unmarkable(it, "a CDATA section in a template");
    },
  };
  const it: Reading = new Reading(new Scan(sink), meta, title, (at) => atEnd(it, at));
  return it;
}

function found(it: Reading, at: number): State {
  it.place ??= { kind: "found", at };
  return data;
}

function unmarkable(it: Reading, why: string): State {
  it.place ??= { kind: "unmarkable", why };
  return data;
}

function tagInHead(it: Reading, tag: Scan): State {
  if (tag.end) return endTagInHead(it, tag);
  if (tag.name === "body") return found(it, tag.at + 1);
  if (tag.name === "frameset") return unmarkable(it, "a frameset has no body");
  if (tag.name === "meta") it.meta(tag.attributes);
  if (tag.name === "title") it.title(tag.at + 1);
  if (IN_HEAD.has(tag.name)) return data;
  if (tag.name === "template") return openTemplate(it, tag);
  const noscript = tag.name === "noscript" && !it.closed;
  if (!noscript && !RAW_IN_HEAD.has(tag.name)) return found(it, tag.token);
  it.rest = tag.token;
  if (noscript) it.twin = withoutScripts();
  return content(tag);
}

function endTagInHead(it: Reading, tag: Scan): State {
  if (it.twin !== null && it.twin.closedAt !== tag.at) return unmarkable(it, "a noscript with two readings");
  if (it.rest === null && OPENS_BODY_AT_END.has(tag.name)) return found(it, tag.token);
  if (tag.name === "head") it.closed = true;
  it.rest = null;
  it.twin = null;
  return data;
}

function openTemplate(it: Reading, tag: Scan): State {
  it.depth = 1;
  it.mixed = false;
  it.rest = tag.token;
  it.twin = withoutRawText();
  return data;
}

function tagInTemplate(it: Reading, tag: Scan): State {
  if (MIXES.has(tag.name)) it.mixed = true;
  if (tag.name === "template") it.depth += tag.end ? -1 : 1;
  if (it.depth > 0) return content(tag);
  if (it.mixed && it.twin?.closedAt !== tag.at) return unmarkable(it, "a template with two readings");
  it.rest = null;
  it.twin = null;
  return data;
}

/** Reads one byte. */
export function step(it: Reading, byte: number, at: number): void {
  const { scan } = it;
  if (it.twin !== null) {
    it.twin.scan.at = at;
    it.twin.scan.state = it.twin.scan.state(it.twin.scan, byte);
  }
  scan.at = at;
  scan.state = scan.state(scan, byte);
}

/** A document that ends before its body is marked before whatever was left open. */
function atEnd(it: Reading, at: number): Place {
  if (it.depth > 0 && it.mixed) return { kind: "unmarkable", why: "a template with two readings" };
  return { kind: "found", at: it.rest ?? (it.scan.state === data ? at : it.scan.token) };
}
