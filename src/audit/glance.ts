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

/** What a record says it is, seen without reading its JSON; empty where it does not say so. */
export function actionOf(line: Line): string {
  return quoted(line, ACTION);
}

/** The id of what happened. */
export function idOf(line: Line): string {
  return quoted(line, ID);
}

/** The id of the intent that an outcome belongs to. */
export function intentOf(line: Line): string {
  return quoted(line, INTENT);
}

/** The time that a record's bytes tell. */
export function timeOf(line: Buffer): string {
  return line.toString("latin1", STAMP, STAMP + 24);
}

/** What stands in quotes behind a name. It is cut from the bytes: a piece of the text would keep the whole line in memory. */
function quoted({ bytes, text }: Line, name: string): string {
  const at = text.indexOf(name, START);
  const from = at + name.length;
  return at < 0 ? "" : bytes.toString("latin1", from, text.indexOf('"', from));
}
