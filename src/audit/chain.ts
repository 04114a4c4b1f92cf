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
const CHAIN = /,"chain":\{"id":"([A-Za-z0-9-]{1,80})","previous":"([0-9a-f]{64})"$/;
const LONGEST_CHAIN = 200;

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

/** The place of a line, without reading the JSON; null when it is no record, not whole, or not as it was written. */
export function linkOf(line: string): Link | null {
  if (!line.endsWith(END) || line.slice(-TAIL, -TAIL + HASH_PART.length) !== HASH_PART) return null;
  const body = line.slice(0, -TAIL);
  const claimed = line.slice(-END.length - 64, -END.length);
  if (hash("sha256", body, "hex") !== claimed) return null;
  const chain = CHAIN.exec(body.slice(-LONGEST_CHAIN));
  const sequence = Number.parseInt(line.slice(HEAD, HEAD + 16), 10);
  const [, producer, previous] = chain ?? [];
  if (producer === undefined || previous === undefined || !(sequence > 0)) return null;
  return { producer, sequence, previous, hash: claimed };
}
