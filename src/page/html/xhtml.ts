import * as ascii from "./ascii.ts";
import { type Place, Reading } from "./body-start.ts";
import { beginTag, Scan, type State } from "./tokenizer.ts";

const NO_BODY: Place = { kind: "unmarkable", why: "XHTML without a body" };
const TRANSFORMED: Place = { kind: "unmarkable", why: "a stylesheet could make another document of it" };
/** Whatever isn't plainly a stylesheet of CSS; a reference may hide what it is. */
const TRANSFORMS = /^xml-stylesheet\b.*(?:xsl|xml|&)/is;

/** A new reading of an XHTML document: its body is always written, and nothing in it is raw text. */
export function xmlReading(meta: Reading["meta"], title: Reading["title"]): Reading {
  const sink = { text: () => undefined, bracket: () => undefined, tag: (tag: Scan) => tagInXml(it, tag) };
  const it: Reading = new Reading(new Scan(sink, text), meta, title, () => NO_BODY);
  return it;
}

function tagInXml(it: Reading, tag: Scan): State {
  if (tag.name.startsWith("?")) return instructionInXml(it, tag);
  const name = tag.name.slice(tag.name.indexOf(":") + 1);
  if (!tag.end && it.depth === 1 && name === "body") {
    it.place ??= tag.empty ? NO_BODY : { kind: "found", at: tag.at + 1 };
  }
  if (!tag.end && it.depth === 2 && name === "meta") it.meta(tag.attributes);
  if (!tag.end && !tag.empty && it.depth === 2 && name === "title") it.title(tag.at + 1);
  if (!tag.empty) it.depth += tag.end ? -1 : 1;
  return text;
}

function instructionInXml(it: Reading, { name }: Scan): State {
  if (TRANSFORMS.test(name.slice(1))) it.place ??= TRANSFORMED;
  return text;
}

const text: State = (it, byte) => {
  it.token = it.at;
  return byte === ascii.LESS ? open : text;
};

const open: State = (it, byte) => {
  if (byte === ascii.SLASH) return close;
  if (byte === ascii.QUESTION) {
    it.name = "?";
    return instruction;
  }
  return byte === ascii.BANG ? declaration : beginTag(it, byte, false);
};

const close: State = (it, byte) => beginTag(it, byte, true);

/** Told as a tag whose name is all of it, from its first question mark on. */
const instruction: State = (it, byte) => {
  it.name += String.fromCharCode(byte);
  return byte === ascii.QUESTION ? instructionEnd : instruction;
};
const instructionEnd: State = (it, byte) =>
  byte === ascii.GREATER ? it.sink.tag(it) : instruction(it, byte);

const declaration: State = (it, byte) => {
  if (byte === ascii.DASH) return commentOpen;
  if (byte === OPEN) return section;
  return doctype(it, byte);
};

const commentOpen: State = (_, byte) => (byte === ascii.DASH ? comment : text);
const comment: State = (_, byte) => (byte === ascii.DASH ? commentDash : comment);
const commentDash: State = (_, byte) => (byte === ascii.DASH ? commentEnd : comment);
const commentEnd: State = (_, byte) => (byte === ascii.GREATER ? text : comment);

const OPEN = 0x5b;
const CLOSE = 0x5d;

/** `<![CDATA[`: up to `]]>`. */
const section: State = (_, byte) => (byte === CLOSE ? sectionClose : section);
const sectionClose: State = (_, byte) => (byte === CLOSE ? sectionEnd : section);
const sectionEnd: State = (_, byte) => {
  if (byte === ascii.GREATER) return text;
  return byte === CLOSE ? sectionEnd : section;
};

/** Quotes, and an internal subset in brackets, may have `>` in them. */
const doctype: State = (it, byte) => {
  if (byte === ascii.GREATER) return text;
  if (byte === OPEN) return subset;
  return quoted(it, byte, doctype);
};

const subset: State = (it, byte) => {
  if (byte === CLOSE) return doctype;
  if (byte === ascii.LESS) return subsetOpen;
  return quoted(it, byte, subset);
};

const subsetOpen: State = (it, byte) => (byte === ascii.BANG ? subsetBang : subset(it, byte));
const subsetBang: State = (it, byte) => (byte === ascii.DASH ? subsetDash : subset(it, byte));
const subsetDash: State = (it, byte) => (byte === ascii.DASH ? subsetComment : subset(it, byte));
const subsetComment: State = (_, byte) => (byte === ascii.DASH ? subsetCommentDash : subsetComment);
const subsetCommentDash: State = (_, byte) => (byte === ascii.DASH ? subsetCommentEnd : subsetComment);
const subsetCommentEnd: State = (_, byte) => (byte === ascii.GREATER ? subset : subsetComment);

function quoted(it: Scan, byte: number, after: State): State {
  it.back = after;
  if (byte === ascii.DOUBLE) return doubleQuoted;
  return byte === ascii.SINGLE ? singleQuoted : after;
}

const doubleQuoted: State = (it, byte) => (byte === ascii.DOUBLE ? it.back : doubleQuoted);
const singleQuoted: State = (it, byte) => (byte === ascii.SINGLE ? it.back : singleQuoted);
