import { latin1, MOST_PARAMETERS, type Parameter, parameter, UNREAD } from "./parameters.ts";

/** The name in the head of a part, in the ways in which servers look for it. */
const NAME = /\bname\*?\s*=\s*(?:"([^"]{0,400})"|'([^']{0,400})'|([^\s;"]{0,400}))/gi;
const LONGEST_HEAD = 4_000;
/** Longer values are not compared. */
const LONGEST_VALUE = 65_536;
/** The most bytes of all values together, or the length of the text if that is larger; only values that contain each other exceed it. Further values are unknown. */
const LONGEST_VALUES = 1_048_576;
const CODED = /^content-transfer-encoding[ \t]*:(?![ \t]*(?:7bit|8bit|binary)[ \t]*\r?$)/im;
const BOUNDARY = /^multipart\/form-data;\s*boundary=(?:"([\w'()+,./:=? -]{1,70})"|([\w'()+./:=?-]{1,70}))$/i;
const PARTS = /^\s*multipart\//i;
/** What servers want before a mark, and behind it. */
const BEFORE_MARK = ["(?:\\r?\\n)?", "\\r?\\n", "\\r\\n"];
const BEHIND_MARK = ["", "(?=--|[ \\t]*(?:\\r|\\n|$))"];
const PART = /^\r\nContent-Disposition: form-data; name="([^"\\%\r\n]*)"\r\n\r\n([\s\S]*)\r\n$/i;

/**
 * The fields of a body in parts, however its marks are read; plain are those that a strict reading finds as well. A type that says more
 * than one plain boundary (twice, extended, in pieces) may say anything: servers take different ones of these. Of another type some servers
 * read parts, too.
 */
export function multipartParameters(type: string, text: string): readonly Parameter[] {
  const [, quoted, bare] = BOUNDARY.exec(type.trim()) ?? [];
  const boundary = quoted ?? bare;
  if (boundary === undefined && PARTS.test(type)) return [UNREAD];
  const strict = boundary === undefined ? null : strictFields(boundary, text);
  const found = looseFields(text, marksOf(boundary));
  const parameters = found.slice(0, MOST_PARAMETERS).map(({ name, value }) => {
    const values = strict?.get(name);
    const [only = null] = values ?? [];
    const plain = values?.length === 1 && only !== null && only === value;
    return parameter(name, value, plain);
  });
  return found.length > MOST_PARAMETERS ? [...parameters, UNREAD] : parameters;
}

/** A part in base64 or the like, which Django decodes; others take it as it stands. No browser sends one. */
export function hasCodedPart(text: string): boolean {
  return CODED.test(text);
}

/** Without files, which have no value; null where the text isn't what every server takes for parts. */
function strictFields(boundary: string, text: string): ReadonlyMap<string, readonly string[]> | null {
  const mark = `--${boundary}`;
  if (!text.startsWith(`${mark}\r\n`)) return null;
  const parts = `\r\n${text}`.split(`\r\n${mark}`).slice(1);
  const end = parts.pop();
  if (end !== "--" && end !== "--\r\n") return null;
  const found = new Map<string, string[]>();
  for (const part of parts) {
    if (!part.startsWith("\r\n")) return null;
    const [, name, value] = PART.exec(`${part}\r\n`) ?? [];
    if (name !== undefined && value !== undefined) found.set(name, [...(found.get(name) ?? []), value]);
  }
  return found;
}

interface Found {
  readonly name: string;
  readonly value: string | null;
}

/**
 * What may end a value: any line that begins with hyphens, as servers that look for no certain mark have it, and the mark in each way in
 * which servers look for it. Values have lines with hyphens of their own, as comments in SQL are. Some cut the boundary at a comma, a
 * space or the like.
 */
function marksOf(boundary = ""): readonly RegExp[] {
  const cut = [boundary, ...[/[\s,]/, /,/].map((end) => boundary.split(end, 1)[0] ?? "")];
  const ends = [...new Set(cut)]
    .filter((mark) => mark !== "")
    .flatMap((mark) =>
      BEFORE_MARK.flatMap((before) =>
        BEHIND_MARK.map((behind) => `${before}--${RegExp.escape(mark)}${behind}`),
      ),
    );
  return [/\r?\n--/g, ...ends.map((end) => new RegExp(end, "g"))];
}

function looseFields(text: string, marks: readonly RegExp[]): readonly Found[] {
  const found: Found[] = [];
  // Where lines end with line feeds alone, some take the empty one for the end of a head, and Rack goes on to the next with both.
  const readings = [/\r?\n\r?\n/g, /\r\n\r\n/g].flatMap((empty) =>
    marks.map((mark) => valuesIn(text, new RegExp(empty), new RegExp(mark))),
  );
  let left = Math.max(LONGEST_VALUES, text.length);
  for (const match of text.matchAll(NAME)) {
    if (found.length > MOST_PARAMETERS) break;
    const raw = match[1] ?? match[2] ?? match[3] ?? "";
    const end = match.index + match[0].length;
    const behind = readings.map((valueBehind) => valueBehind(end)).filter((value) => value !== undefined);
    // A text that ends before such a line gives no value, in PHP too.
    const values = new Set(left <= 0 ? [null] : behind.length === 0 ? [""] : behind);
    for (const value of values) left -= value?.length ?? 0;
    for (const name of new Set([raw, raw.replaceAll("\\", ""), unescaped(raw)]))
      for (const value of values) found.push({ name, value });
  }
  return found;
}

/**
 * What follows the empty line behind a head, up to the next mark. Null: it is too much; undefined: there is no such line. Heads are asked
 * about in their order: then all of them together cost one pass over the text.
 */
function valuesIn(text: string, empty: RegExp, end: RegExp): (from: number) => string | null | undefined {
  const emptyLine = nextIn(text, empty);
  const mark = nextIn(text, end);
  return (from) => {
    const line = emptyLine(from);
    if (line === null) return undefined;
    if (line.end > from + LONGEST_HEAD) return null;
    const start = line.end;
    const next = mark(start);
    if (next !== null && next.end <= start + LONGEST_VALUE) return text.slice(start, next.index);
    return text.length - start < LONGEST_VALUE ? text.slice(start) : null;
  };
}

interface Place {
  readonly index: number;
  readonly end: number;
}

function nextIn(text: string, what: RegExp): (from: number) => Place | null {
  let known: Place | null = { index: -1, end: 0 };
  return (from) => {
    if (known === null || known.index >= from) return known;
    what.lastIndex = from;
    const found = what.exec(text);
    known = found === null ? null : { index: found.index, end: what.lastIndex };
    return known;
  };
}

/** As RFC 8187 writes it (`UTF-8''%5Fmethod`), and as browsers write quotes in names. */
function unescaped(name: string): string {
  return latin1(name.replace(/^[\w-]*'[\w-]*'/, ""));
}
