/** The length of a credential: shorter values are words, longer ones fit into no header. */
const LEAST = 8;
const MOST = 8_192;
/** How many characters before a credential are kept in `rest`, so that its beginning can be recognised. */
const BEFORE = 48;

/** The characters of which credentials are made: RFC 6750's, and the `|` of some. */
const OF_A_VALUE = latin1(/[A-Za-z0-9._~+/|-]/);
/** What bounds a value in JSON, HTML, scripts, headers and addresses. */
const IN_FRONT = latin1(/["'`=>;#(]/);
const BEHIND = latin1(/["'`&<>;,\\\s)]/);
const SCHEME = "earer ";
/** In a page or script, where many names stand between quotes, the name of a credential stands shortly before it. */
const CALLED = /(?:token|bearer|jwt|auth|secret|key)[^;{}<]{0,24}$/i;
const ESCAPED = /\\\/|\\u00(2[bdf]|3d|7[ce]|5f)|&#(?:x(2[bdf]|3d)|(4[357]|61));/gi;

/** `data`: each value counts. `markup`: pages and scripts, of whose values only those count that look or are called like one. */
export type Haystack = "data" | "markup";

/** The values in a piece of text that a script could send as a credential. Put `rest` before the next piece. */
export function credentialsIn(
  text: string,
  kind: Haystack,
  last: boolean,
): { readonly found: readonly string[]; readonly rest: string } {
  const end = last ? text.length : lastBound(text);
  // What begins in the middle of something is not taken for the beginning of the text.
  const from = Math.max(0, end - BEFORE, text.length - 2 * MOST);
  const rest = from === 0 ? text : `\0${text.slice(from)}`;
  const plain = unescaped(text.slice(0, end));
  return { found: valuesIn(plain, kind), rest };
}

/**
 * By hand: a pattern spends ten times as long on a page, for all the words that are too short. Of these only each eighth character is
 * looked at: what is long enough and begins within eight characters has the last of them.
 */
function valuesIn(text: string, kind: Haystack): readonly string[] {
  const found: string[] = [];
  for (let from = 0; from + LEAST <= text.length; ) {
    const inside = from + LEAST - 1;
    if (OF_A_VALUE[text.charCodeAt(inside)] !== true) {
      from = inside + 1;
      continue;
    }
    let start = inside;
    while (start > from && OF_A_VALUE[text.charCodeAt(start - 1)] === true) start -= 1;
    let at = inside + 1;
    while (OF_A_VALUE[text.charCodeAt(at)] === true) at += 1;
    from = at + 1;
    if (at - start < LEAST || at - start > MOST) continue;
    const end = paddedTo(text, at);
    if (!isBehind(text, end) || !isInFront(text, start)) continue;
    const value = text.slice(start, at);
    if (kind === "markup" && !isLikely(value) && !isCalled(text, start)) continue;
    found.push(value);
    if (end > at) found.push(text.slice(start, end));
  }
  return found;
}

function paddedTo(text: string, at: number): number {
  return text.startsWith("==", at) ? at + 2 : text.startsWith("=", at) ? at + 1 : at;
}

function isBehind(text: string, at: number): boolean {
  return at === text.length || (BEHIND[text.charCodeAt(at)] ?? /\s/.test(text.charAt(at)));
}

function isInFront(text: string, at: number): boolean {
  if (at === 0 || IN_FRONT[text.charCodeAt(at - 1)] === true) return true;
  return text.endsWith(SCHEME, at) && /[Bb]/.test(text.charAt(at - SCHEME.length - 1));
}

function isLikely(value: string): boolean {
  return value.length >= 2 * LEAST && /\d/.test(value);
}

function isCalled(text: string, at: number): boolean {
  return CALLED.test(text.slice(Math.max(0, at - BEFORE), at));
}

/** Where the last value begins that may go on in the next piece. */
function lastBound(text: string): number {
  let at = text.length;
  while (at > 0 && GOES_ON[text.charCodeAt(at - 1)] === true) at -= 1;
  return at;
}

/** Also what an escape of one of them is written with. */
const GOES_ON = latin1(/[A-Za-z0-9._~+/|=\\&#;-]/);

function latin1(letters: RegExp): readonly boolean[] {
  return Array.from({ length: 256 }, (_, code) => letters.test(String.fromCharCode(code)));
}

function unescaped(text: string): string {
  if (!text.includes("\\") && !text.includes("&#")) return text;
  return text.replace(ESCAPED, (it, hex?: string, hexOfHtml?: string, decimal?: string) => {
    if (it === "\\/") return "/";
    return String.fromCharCode(Number(decimal ?? `0x${hex ?? hexOfHtml}`));
  });
}

type Authorization =
  /** Browsers send it by themselves, so it is the agent's; or it can't be read. */
  | { readonly kind: "browser" }
  /** A script has set it. */
  | { readonly kind: "script"; readonly credential: string };

const BROWSERS = /^\s*(?:basic|digest|negotiate|ntlm|hoba|mutual|vapid|scram-[\w-]+)\b/i;

/** Who can have set this `Authorization`, and the credential in it: `Bearer x`, `Token x`, or nothing but `x`. */
export function authorizationOf(value: string): Authorization {
  const [, credential = ""] = /^\s*(?:[A-Za-z][\w-]*\s+)?(\S+)\s*$/.exec(value) ?? [];
  return BROWSERS.test(value) || credential === "" ? { kind: "browser" } : { kind: "script", credential };
}
