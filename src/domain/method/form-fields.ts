import { jsonIn } from "../text/json-in.ts";

/** Fields of one body at the most, and how deep they may lie. */
const MOST = 200;
const DEEPEST = 8;
const BOUNDARY = /^\s*multipart\/form-data\s*;(?:.*;)?\s*boundary=(?:"([^"]+)"|([^\s;"]+))/i;
const PART = /^\r?\n([\s\S]*?)\r?\n\r?\n([\s\S]*?)\r?\n$/;

/**
 * The fields of a body as urlencoded text: a form's as they were sent, those in parts by their names (a file as
 * `photo[filename]=me.png`, never what is in it), a JSON object's as `address[city]=Paris`; null for bodies of any other
 * kind, and for JSON that can't be read.
 */
export function formFields(contentType: string, text: string): string | null {
  if (/^\s*application\/x-www-form-urlencoded/i.test(contentType)) return text;
  const boundary = BOUNDARY.exec(contentType);
  if (boundary !== null) return parts(text, boundary[1] ?? boundary[2] ?? "");
  if (!/^\s*application\/(?:[\w.-]+\+)?json\b/i.test(contentType)) return null;
  const value = jsonIn(text);
  if (value === undefined) return null;
  const pairs: string[] = [];
  flatten("", value, 0, pairs);
  return pairs.join("&");
}

/** The fields of parts that are there whole. */
function parts(text: string, boundary: string): string {
  const pairs: string[] = [];
  // The text before the first boundary is no part, nor is one without a boundary behind it.
  for (const part of text.split(`--${boundary}`).slice(1, -1)) {
    const [, head, value] = PART.exec(part) ?? [];
    if (head === undefined || value === undefined || pairs.length >= MOST) continue;
    const name = parameter(head, "name");
    if (name === null) continue;
    const file = parameter(head, "filename");
    pairs.push(file === null ? pair(name, value) : pair(`${name}[filename]`, file));
  }
  return pairs.join("&");
}

function parameter(head: string, name: string): string | null {
  const disposition = /^content-disposition:(.*)$/im.exec(head)?.[1] ?? "";
  const [, quoted, bare] =
    new RegExp(`;\\s*${name}\\s*=\\s*(?:"([^"]*)"|([^\\s;"]+))`, "i").exec(disposition) ?? [];
  return quoted ?? bare ?? null;
}

function pair(name: string, value: string): string {
  return `${encodeURIComponent(name.toWellFormed())}=${encodeURIComponent(value.toWellFormed())}`;
}

function flatten(name: string, value: unknown, depth: number, pairs: string[]): void {
  if (pairs.length >= MOST) return;
  if (typeof value !== "object" || value === null) {
    pairs.push(pair(name, String(value)));
    return;
  }
  if (depth >= DEEPEST) return;
  for (const [key, inner] of Object.entries(value)) {
    const below = key.toWellFormed();
    flatten(name === "" ? below : `${name}[${below}]`, inner, depth + 1, pairs);
  }
}
