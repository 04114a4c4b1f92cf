import { latin1, MOST_PARAMETERS, type Parameter, parameter, UNREAD } from "./parameters.ts";

/** The name in the head of a part, in the ways in which servers look for it. */
const NAME = /\bname\*?\s*=\s*(?:"([^"]{0,400})"|'([^']{0,400})'|([^\s;"]{0,400}))/gi;
const LONGEST_HEAD = 4_000;
/** Of a longer one nobody asks what it says. */
const LONGEST_VALUE = 65_536;
const BOUNDARY = /^multipart\/form-data;\s*boundary=(?:"([\w'()+,./:=? -]{1,70})"|([\w'()+./:=?-]{1,70}))$/i;
const PART = /^\r\nContent-Disposition: form-data; name="([^"\\%\r\n]*)"\r\n\r\n([\s\S]*)\r\n$/i;

/** The fields of a body in parts, however its marks are read; plain are those that a strict reading finds as well. */
export function multipartParameters(type: string, text: string): readonly Parameter[] {
  const strict = strictFields(type, text);
  const found = looseFields(text);
  const parameters = found.slice(0, MOST_PARAMETERS).map(({ name, value }) => {
    const values = strict?.get(name);
    const [only = null] = values ?? [];
    const plain = values?.length === 1 && only !== null && only === value;
    return parameter(name, value, plain);
  });
  return found.length > MOST_PARAMETERS ? [...parameters, UNREAD] : parameters;
}

/** Without files, which have no value; null where the text isn't what every server takes for parts. */
function strictFields(type: string, text: string): ReadonlyMap<string, readonly string[]> | null {
  const [, quoted, bare] = BOUNDARY.exec(type.trim()) ?? [];
  const mark = `--${quoted ?? bare ?? ""}`;
  if (mark === "--" || !text.startsWith(`${mark}\r\n`)) return null;
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

function looseFields(text: string): readonly Found[] {
  const found: Found[] = [];
  for (const match of text.matchAll(NAME)) {
    if (found.length > MOST_PARAMETERS) break;
    const raw = match[1] ?? match[2] ?? match[3] ?? "";
    const end = match.index + match[0].length;
    const value = valueBehind(text, end);
    for (const name of new Set([raw, raw.replaceAll("\\", ""), unescaped(raw)])) found.push({ name, value });
  }
  return found;
}

/** What follows the empty line behind a head, up to the next mark. Null: there is no such line, or too much. */
function valueBehind(text: string, from: number): string | null {
  const head = text.slice(from, from + LONGEST_HEAD);
  const empty = /\r?\n\r?\n/.exec(head);
  if (empty === null) return null;
  const start = from + empty.index + empty[0].length;
  const rest = text.slice(start, start + LONGEST_VALUE);
  const end = rest.indexOf("\n--");
  if (end < 0) return rest.length === LONGEST_VALUE ? null : rest;
  return rest.slice(0, end).replace(/\r$/, "");
}

/** As RFC 8187 writes it (`UTF-8''%5Fmethod`), and as browsers write quotes in names. */
function unescaped(name: string): string {
  return latin1(name.replace(/^[\w-]*'[\w-]*'/, ""));
}
