/** From here on a record says what it is. */
const START = 60;
const ID = '"id":"';
const ACTION = '"action":"';
const INTENT = '"intent":"';
/** How the last record of a life says so. The bracket ends `event.type`: a captured header of that name has none before it. */
export const CLOSED = '],"action":"journal.closed"';
const STAMP = '{"@timestamp":"'.length;

/** A line's bytes without the line end, and the same as latin1: a character for each byte. */
export interface Line {
  readonly bytes: Buffer;
  readonly text: string;
}

/** What a record says it is, seen without reading its JSON; empty where it does not say so. A piece of the line: see `kept`. */
export function actionOf({ text }: Line): string {
  return text.slice(...quoted(text, text.indexOf(ACTION, START) + ACTION.length));
}

/** The id of the intent that an outcome belongs to. A piece of the line: see `kept`. */
export function intentOf({ text }: Line): string {
  // Near the end of the line, behind all that others may have written.
  return text.slice(...quoted(text, text.lastIndexOf(INTENT) + INTENT.length));
}

/** The id of what happened, to be kept. */
export function idOf({ bytes, text }: Line): string {
  return bytes.toString("latin1", ...quoted(text, text.indexOf(ID, START) + ID.length));
}

/** A piece of a line to be kept: as it was cut it would keep the whole line in memory. */
export function kept(piece: string): string {
  return Buffer.from(piece, "latin1").toString("latin1");
}

/** The time that a record's bytes tell. */
export function timeOf(line: Buffer): string {
  return line.toString("latin1", STAMP, STAMP + 24);
}

/** Where it stands what is quoted from there on; nothing where there is no name before. */
function quoted(text: string, from: number): readonly [number, number] {
  return from < START ? [0, 0] : [from, text.indexOf('"', from)];
}
