/**
 * ISO-2022-JP writes Japanese with bytes that look like ASCII, between escape sequences. This turns them into what a
 * tokenizer of ASCII may see: bytes of the double-byte and katakana sets become 0x80, escape sequences nothing.
 */
export interface Shift {
  /** Outside of ASCII and Roman. */
  wide: boolean;
  /** Offset of the escape sequence that led out of ASCII. */
  openedAt: number;
  /** Nothing was given since the last escape sequence; another one at once is an error that shows. */
  fresh: boolean;
  pending: readonly number[];
}

const ESCAPE = 0x1b;
const OPAQUE = 0x80;
const ENDS_WIDE = new Set(["(B", "(J"]);
const BEGINS_WIDE = new Set(["(I", "$@", "$B"]);

export function shift(): Shift {
  return { wide: false, openedAt: 0, fresh: false, pending: [] };
}

/**
 * Reads a byte and gives what it means, with the offset that it comes from: where ASCII may be put in before it, so
 * outside of ASCII the offset of the escape sequence that led there.
 */
export function unshift(it: Shift, byte: number, at: number, give: (byte: number, at: number) => void): void {
  if (it.pending.length === 0 && byte !== ESCAPE) {
    it.fresh = false;
    if (it.wide) give(OPAQUE, it.openedAt);
    else give(byte, at);
    return;
  }
  it.pending = [...it.pending, byte];
  const [, first, second] = it.pending;
  if (first === undefined || ((first === 0x28 || first === 0x24) && second === undefined)) return;
  const sequence = second === undefined ? "" : String.fromCharCode(first, second);
  const start = at - it.pending.length + 1;
  const rest = it.pending.slice(1);
  it.pending = [];
  if (ENDS_WIDE.has(sequence) || BEGINS_WIDE.has(sequence)) {
    if (it.fresh) give(OPAQUE, it.wide ? it.openedAt : start);
    if (!it.wide) it.openedAt = start;
    it.wide = BEGINS_WIDE.has(sequence);
    it.fresh = true;
  } else {
    it.fresh = false;
    give(OPAQUE, it.wide ? it.openedAt : start);
    for (const [index, value] of rest.entries()) unshift(it, value, start + 1 + index, give);
  }
}

/** Where ASCII may be put in when the document ends at `at`. */
export function asciiAtEnd(it: Shift, at: number): number {
  return it.wide ? it.openedAt : at - it.pending.length;
}
