/** From here on a record says what it is. */
const START = 60;
const ID = '"id":"';
const ACTION = '"action":"';
const INTENT = '"intent":"';
const STAMP = '{"@timestamp":"'.length;

/** A line's bytes without the line end, and the same as latin1: a character for each byte. */
export interface Line {
  readonly bytes: Buffer;
  readonly text: string;
}

/** What a record says it is, seen without reading its JSON; empty where it does not say so. A piece of the line: see `kept`. */
export function actionOf({ text }: Line): string {
  return text.slice(...quoted(text, ACTION));
}

/** The id of the intent that an outcome belongs to. A piece of the line: see `kept`. */
export function intentOf({ text }: Line): string {
  return text.slice(...quoted(text, INTENT));
}

/** The id of what happened, to be kept. */
export function idOf({ bytes, text }: Line): string {
  return bytes.toString("latin1", ...quoted(text, ID));
}

/** A piece of a line to be kept: as it was cut it would keep the whole line in memory. */
export function kept(piece: string): string {
  return Buffer.from(piece, "latin1").toString("latin1");
}

/** The time that a record's bytes tell. */
export function timeOf(line: Buffer): string {
  return line.toString("latin1", STAMP, STAMP + 24);
}

/** Where it stands what stands in quotes behind a name: from, to. */
function quoted(text: string, name: string): readonly [number, number] {
  const at = text.indexOf(name, START);
  const from = at + name.length;
  return at < 0 ? [0, 0] : [from, text.indexOf('"', from)];
}
