import { percentDecoded } from "./percent-decoded.ts";

/** The closed list of what makes a request target unreadable, with the sentence for the log and for `explain`. */
export const URL_REFUSALS = {
  "not-a-path": "The address does not begin with a slash.",
  "too-long": "The address is longer than `limits.url`.",
  "too-many-segments": "The path has more segments than `limits.segments`.",
  "segment-too-long": "A segment of the path is longer than `limits.segment`.",
  fragment: "The address has a `#`, which never travels.",
  backslash: "The path has a backslash, which some servers read as a slash.",
  control: "The address has a control character or a space.",
  "encoded-slash": "The path has an encoded slash; see `upstream.encodedSlash`.",
  "bad-escape": "A `%` in the path is not followed by two hex digits.",
  "not-utf8": "The path is not UTF-8 once it is decoded.",
  "dot-segment": "The path has a `.` or `..` segment.",
} as const satisfies Record<string, string>;

type UrlRefusal = keyof typeof URL_REFUSALS;

/** Lengths in bytes. `encodedSlash` says whether `%2F` in a path may stay. */
export interface UrlLimits {
  readonly url: number;
  readonly segments: number;
  readonly segment: number;
  readonly encodedSlash: "refuse" | "keep";
}

/** `target` is `path`, or `path?query`: what is matched, judged, logged and sent. `query` is null without a `?`. */
type CanonicalUrl =
  | {
      readonly kind: "canonical";
      readonly target: string;
      readonly path: string;
      readonly query: string | null;
    }
  | { readonly kind: "refused"; readonly why: UrlRefusal };

const SLASH = 0x2f;
const DOT = 0x2e;
const PERCENT = 0x25;
const QUESTION = 0x3f;

const UNRESERVED = tableOf("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~");
/** Characters that a path may have unencoded; `;` too, but with it the path is read with more care. */
const PATH = tableOf("!$&'()*+,;=:@", UNRESERVED);
const PLAIN_PATH = tableOf("!$&'()*+,=:@", UNRESERVED);
/** Everything printable but `#`: a query is the app's own matter. */
const QUERY = tableOf(
  "!\"$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghijklmnopqrstuvwxyz{|}~",
);
/** A dot segment, also in front of `;params` and between kept encoded slashes. */
const DOT_SEGMENT = /(?:\/|%2F)\.{1,2}(?:;|%3B|\/|%2F|$)/;

function tableOf(characters: string, base?: Uint8Array): Uint8Array {
  const table = base === undefined ? new Uint8Array(256) : base.slice();
  for (let i = 0; i < characters.length; i++) table[characters.charCodeAt(i)] = 1;
  return table;
}

/**
 * The one reading of a request target. `raw` is what stood in the request line, one character a byte (Node's `req.url`).
 * Never throws; doing it twice changes nothing.
 */
export function canonicalUrl(raw: string, limits: UrlLimits): CanonicalUrl {
  if (raw.charCodeAt(0) !== SLASH) return refused("not-a-path");
  if (raw.length > limits.url) return refused("too-long");
  const end = plainPathEnd(raw, limits);
  if (end === raw.length) return { kind: "canonical", target: raw, path: raw, query: null };
  if (end !== -1 && isPlainQuery(raw, end + 1)) {
    return { kind: "canonical", target: raw, path: raw.slice(0, end), query: raw.slice(end + 1) };
  }
  return careful(raw, limits);
}

/** `http://authority/rest` in its two parts, for comparing the authority with `Host`; null when it is not of this form. */
export function absoluteForm(raw: string): { readonly authority: string; readonly rest: string } | null {
  const found = /^https?:\/\/([^/?#\\@\s]+)(?=[/?#]|$)/i.exec(raw);
  const authority = found?.[1];
  if (found === null || authority === undefined) return null;
  const rest = raw.slice(found[0].length);
  return { authority, rest: rest.startsWith("/") ? rest : `/${rest}` };
}

function refused(why: UrlRefusal): Refused {
  return { kind: "refused", why };
}

/** Where a path ends that needs no change (at `?` or at the end); -1 when it has to be looked at with care. */
function plainPathEnd(raw: string, limits: UrlLimits): number {
  let start = 1;
  let segments = 0;
  let i = 1;
  for (; i < raw.length; i++) {
    const code = raw.charCodeAt(i);
    if (code === SLASH) {
      if (i === start || i - start > limits.segment) return -1;
      segments++;
      start = i + 1;
    } else if (code === QUESTION) {
      break;
    } else if (PLAIN_PATH[code] !== 1 || (code === DOT && i === start)) {
      return -1;
    }
  }
  if (i > start) segments++;
  return i - start > limits.segment || segments > limits.segments ? -1 : i;
}

function isPlainQuery(raw: string, from: number): boolean {
  for (let i = from; i < raw.length; i++) if (QUERY[raw.charCodeAt(i)] !== 1) return false;
  return true;
}

function careful(raw: string, limits: UrlLimits): CanonicalUrl {
  if (raw.includes("#")) return refused("fragment");
  const mark = raw.indexOf("?");
  const path = canonicalPath(mark === -1 ? raw : raw.slice(0, mark), limits);
  if (typeof path !== "string") return path;
  if (mark === -1) return bounded(path, null, limits);
  const query = canonicalQuery(raw.slice(mark + 1));
  return query === null ? refused("control") : bounded(path, query, limits);
}

/** Encoding makes an address longer, so the limit is asked again. */
function bounded(path: string, query: string | null, limits: UrlLimits): CanonicalUrl {
  const target = query === null ? path : `${path}?${query}`;
  return target.length > limits.url ? refused("too-long") : { kind: "canonical", target, path, query };
}

type Refused = Extract<CanonicalUrl, { readonly kind: "refused" }>;

function canonicalPath(raw: string, limits: UrlLimits): string | Refused {
  let text = "";
  for (let i = 0; i < raw.length; i++) {
    const code = raw.charCodeAt(i);
    if (code === SLASH) {
      if (!text.endsWith("/")) text += "/";
    } else if (code === PERCENT) {
      const value = hexPair(raw, i + 1);
      const why = value === -1 ? "bad-escape" : unfitEscape(value, limits);
      if (why !== null) return refused(why);
      text += UNRESERVED[value] === 1 ? String.fromCharCode(value) : escapeOf(value);
      i += 2;
    } else {
      const why = unfitRaw(code);
      if (why !== null) return refused(why);
      text += PATH[code] === 1 ? raw[i] : escapeOf(code);
    }
  }
  const why = unfitPath(text, limits);
  return why === null ? text : refused(why);
}

function unfitEscape(value: number, limits: UrlLimits): UrlRefusal | null {
  if (value < 0x20 || value === 0x7f) return "control";
  if (value === 0x5c) return "backslash";
  return value === SLASH && limits.encodedSlash === "refuse" ? "encoded-slash" : null;
}

function unfitRaw(code: number): UrlRefusal | null {
  if (code <= 0x20 || code === 0x7f) return "control";
  if (code === 0x5c) return "backslash";
  return code > 0xff ? "not-utf8" : null;
}

function unfitPath(text: string, limits: UrlLimits): UrlRefusal | null {
  if (DOT_SEGMENT.test(text)) return "dot-segment";
  const segments = text.split("/");
  // The first is empty, and so is the last behind a slash at the end.
  const count = segments.length - (text.endsWith("/") ? 2 : 1);
  if (count > limits.segments) return "too-many-segments";
  if (segments.some((segment) => segment.length > limits.segment)) return "segment-too-long";
  // Overlong forms, surrogates and cut sequences are refused, as they must be.
  return percentDecoded(text) === null ? "not-utf8" : null;
}

/** Null when a control character or a space is in it; bytes above ASCII are encoded, whatever they mean. */
function canonicalQuery(raw: string): string | null {
  let text = "";
  for (let i = 0; i < raw.length; i++) {
    const code = raw.charCodeAt(i);
    if (code <= 0x20 || code === 0x7f || code > 0xff) return null;
    text += code < 0x7f ? raw[i] : escapeOf(code);
  }
  return text;
}

function hexPair(raw: string, at: number): number {
  const high = hexDigit(raw.charCodeAt(at));
  const low = hexDigit(raw.charCodeAt(at + 1));
  return high === -1 || low === -1 ? -1 : high * 16 + low;
}

function hexDigit(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  const letter = code | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1;
}

function escapeOf(value: number): string {
  return `%${value < 16 ? "0" : ""}${value.toString(16).toUpperCase()}`;
}
