import * as ascii from "./ascii.ts";
import { afterName, type Scan, type State } from "./tokenizer.ts";

/** The text of title, style, noscript and their like: it ends at its own end tag and nowhere else. */
export const rawText: State = (it, byte) => {
  it.back = rawText;
  return byte === ascii.LESS ? less : rawText;
};

/** After `<plaintext>` there is no markup any more. */
export const plainText: State = () => plainText;

/** The text of a script, where `<!--` and `<script` hide an end tag. */
export const scriptText: State = (it, byte) => {
  it.back = scriptText;
  return byte === ascii.LESS ? scriptLess : scriptText;
};

const less: State = (it, byte) => (byte === ascii.SLASH ? endOpen : it.back(it, byte));

const endOpen: State = (it, byte) => {
  it.name = "";
  return ascii.isAlpha(byte) ? endName(it, byte) : it.back(it, byte);
};

const endName: State = (it, byte) => {
  if (ascii.isAlpha(byte)) {
    if (it.name.length <= it.raw.length) it.name += ascii.lower(byte);
    return endName;
  }
  if (!ascii.endsName(byte) || it.name !== it.raw) return it.back(it, byte);
  it.end = true;
  return afterName(it, byte);
};

const scriptLess: State = (it, byte) => (byte === ascii.BANG ? escapeStart : less(it, byte));
const escapeStart: State = (it, byte) => (byte === ascii.DASH ? escapeStartDash : scriptText(it, byte));
const escapeStartDash: State = (it, byte) =>
  byte === ascii.DASH ? escapedDashDash(it, byte) : scriptText(it, byte);

export const escaped: State = (it, byte) => {
  it.back = escaped;
  if (byte === ascii.LESS) return escapedLess;
  return byte === ascii.DASH ? escapedDash : escaped;
};

const escapedDash: State = (it, byte) => (byte === ascii.DASH ? escapedDashDash : escaped(it, byte));

const escapedDashDash: State = (it, byte) => {
  if (byte === ascii.DASH) return escapedDashDash;
  return byte === ascii.GREATER ? scriptText : escaped(it, byte);
};

const escapedLess: State = (it, byte) => {
  it.name = "";
  return ascii.isAlpha(byte) ? doubleStart(it, byte) : less(it, byte);
};

const doubleStart: State = (it, byte) => innerName(it, byte, doubleStart, doubled, escaped);

export const doubled: State = (it, byte) => {
  it.back = doubled;
  if (byte === ascii.LESS) return doubledLess;
  return byte === ascii.DASH ? doubledDash : doubled;
};

const doubledDash: State = (it, byte) => (byte === ascii.DASH ? doubledDashDash : doubled(it, byte));

const doubledDashDash: State = (it, byte) => {
  if (byte === ascii.DASH) return doubledDashDash;
  return byte === ascii.GREATER ? scriptText : doubled(it, byte);
};

const doubledLess: State = (it, byte) => {
  it.name = "";
  return byte === ascii.SLASH ? doubleEnd : doubled(it, byte);
};

const doubleEnd: State = (it, byte) => innerName(it, byte, doubleEnd, escaped, doubled);

/** `<script` within an escaped script begins a deeper level, `</script` ends it; any other name leaves the level as it is. */
function innerName(it: Scan, byte: number, stay: State, match: State, other: State): State {
  if (ascii.isAlpha(byte)) {
    if (it.name.length <= "script".length) it.name += ascii.lower(byte);
    return stay;
  }
  if (!ascii.endsName(byte)) return other(it, byte);
  return it.name === "script" ? match : other;
}
