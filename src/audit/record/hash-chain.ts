import { hash } from "node:crypto";

/** Where a chain stands: the number and the hash of its last record. */
export interface Tip {
  readonly sequence: number;
  readonly hash: string;
}

/** What comes before the first record of a life that follows no other. */
export const NO_HASH = "0".repeat(64);

/** A record's place as its line tells it. */
export interface Link {
  readonly producer: string;
  readonly sequence: number;
  readonly previous: string;
  readonly hash: string;
}

const HEAD = '{"@timestamp":"2026-01-01T00:00:00.000Z","event":{"sequence":'.length;
const END = '"}}}';
const HASH_PART = ',"hash":"';
/** A sealed line ends with `,"hash":"` + 64 hex digits + `"}}}`; the hash is taken of all that stands before. */
const TAIL = HASH_PART.length + 64 + END.length;
const CHAIN_PART = ',"chain":{"id":"';
const PREVIOUS_PART = '","previous":"';
const CHAIN = /^,"chain":\{"id":"([A-Za-z0-9-]{1,80})","previous":"([0-9a-f]{64})"$/;

/**
 * Numbers and chains a draft: one line of JSON without its line end, and the tip after it. The hash of a record is
 * the SHA-256 of its own line up to the comma before `"hash"`, and the line has the hash of the record before in it.
 */
export function seal(
  draft: string,
  producer: string,
  tip: Tip,
): { readonly line: string; readonly tip: Tip } {
  const sequence = tip.sequence + 1;
  const inside = `${draft.slice(0, HEAD)}${sequence}${draft.slice(HEAD + 1, -2)}`;
  const body = `${inside},"chain":{"id":"${producer}","previous":"${tip.hash}"`;
  const sealed = hash("sha256", body, "hex");
  return { line: `${body}${HASH_PART}${sealed}${END}`, tip: { sequence, hash: sealed } };
}

/**
 * The place of a line (its bytes, without the line end), without reading the JSON; null when it is no record, not whole,
 * or not as it was written. `text` is the line as latin1, for who has it already; `last` is the record that most likely
 * stands before it, whose words are then looked for instead of read.
 */
export function linkOf(
  line: Buffer,
  text: string = line.toString("latin1"),
  last: Link | null = null,
): Link | null {
  const end = line.length - TAIL;
  if (end <= HEAD || !text.startsWith(HASH_PART, end) || !text.endsWith(END)) return null;
  const right = hash("sha256", line.subarray(0, end), "hex");
  if (!text.startsWith(right, end + HASH_PART.length)) return null;
  const sequence = Number.parseInt(text.slice(HEAD, HEAD + 16), 10);
  if (!(sequence > 0)) return null;
  if (last !== null && follows(text, end, last))
    return { producer: last.producer, sequence, previous: last.hash, hash: right };
  const chain = text.lastIndexOf(CHAIN_PART, end);
  const [, producer, previous] = (chain < 0 ? null : CHAIN.exec(text.slice(chain, end))) ?? [];
  return producer === undefined || previous === undefined
    ? null
    : { producer, sequence, previous, hash: right };
}

/** Whether the chain that ends there says just this record before it. */
function follows(text: string, end: number, { producer, hash }: Link): boolean {
  const previous = end - 1 - hash.length;
  const id = previous - PREVIOUS_PART.length - producer.length;
  return (
    text.startsWith(hash, previous) &&
    text.startsWith(producer, id) &&
    text.startsWith(PREVIOUS_PART, previous - PREVIOUS_PART.length) &&
    text.startsWith(CHAIN_PART, id - CHAIN_PART.length) &&
    text.startsWith('"', end - 1)
  );
}
