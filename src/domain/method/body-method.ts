import { jsonIn } from "../text/json-in.ts";
import { mentionsMethod, methodInFields, namesMethod, theOneMethod, UNKNOWN_METHOD } from "./method.ts";

/**
 * The method that a framework may make of a body with a `_method` field in it; null where it has none. The body is read as a
 * form, as parts and as JSON, whatever its type says: which of two types counts is the app's own matter. `UNKNOWN_METHOD`
 * where nobody can tell.
 */
export function methodInBody(text: string): string | null {
  const readings = [methodInFields(text), inParts(text), inJson(text)];
  const [method = null, ...others] = readings.filter((it) => it !== null);
  return others.some((it) => it !== method) ? UNKNOWN_METHOD : method;
}

/**
 * The name in the head of a part, quoted in either way or not at all; what follows up to the empty line is the rest of the
 * head. A head may be folded, also between a name and its value.
 */
const NAME = /\bname\*?\s*=\s*(?:"([^"]{0,200})"|'([^']{0,200})'|([^\s;"]{0,200}))/gi;
const LONGEST_HEAD = 2_000;

function inParts(text: string): string | null {
  // Some servers read a backslash anywhere as the quote of the next character.
  const plain = text.replaceAll("\\", "");
  if (!mentionsMethod(plain)) return null;
  const values: string[] = [];
  for (const found of plain.matchAll(NAME)) {
    if (!namesMethod(decoded(found[1] ?? found[2] ?? found[3] ?? ""))) continue;
    const end = found.index + found[0].length;
    const [, value] = /\r?\n\r?\n([^\r\n]*)/.exec(plain.slice(end, end + LONGEST_HEAD)) ?? [];
    if (value !== undefined) values.push(value);
  }
  return theOneMethod(values);
}

/** Also as RFC 8187 writes it: `UTF-8''%5Fmethod`. */
function decoded(name: string): string {
  const value = name.replace(/^[\w-]*'[\w-]*'/, "");
  return value.includes("%") ? (new URLSearchParams(`_=${value}`).get("_") ?? value) : value;
}

function inJson(text: string): string | null {
  // A byte order mark, read as latin1.
  const json = text.replace(/^\s*\u00ef\u00bb\u00bf/, "");
  if (!/^\s*\{/.test(json) || !/method|\\u00/i.test(json)) return null;
  const object = jsonIn(json) ?? null;
  if (object === null) return UNKNOWN_METHOD;
  const fields = Object.entries(object).filter(([name]) => namesMethod(name));
  return theOneMethod(fields.map(([, value]) => String(value)));
}
