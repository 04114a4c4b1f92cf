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
const SCHEME = /[Bb]earer $/;
/** In a page or script, where many names stand between quotes, the name of a credential stands shortly before it. */
const CALLED = /(?:token|bearer|jwt|auth|secret|key)[^;{}<]{0,24}$/i;
/** What stands between such a word and the value has none of these, and the word neither. */
const PARTS = latin1(/[;{}<]/);
/** The shortest of these words, with what bounds the value in front of it. */
const SHORTEST = "key=".length;
const DIGIT = latin1(/\d/);
const ESCAPED = /\\\/|\\u00(2[bdf]|3d|7[ce]|5f)|&#(?:x(2[bdf]|3d)|(4[357]|61));/gi;

/** `data`: each value counts. `markup`: pages and scripts, of whose values only those count that look or are called like one. */
export type Haystack = "data" | "markup";

/** The values in a piece of text, a byte for each character, that a script could send as a credential. Put `rest` before the next piece. */
export function credentialsIn(
  text: Buffer,
  kind: Haystack,
  last: boolean,
): { readonly found: readonly string[]; readonly rest: Buffer } {
  const end = last ? text.length : lastBound(text);
  // What begins in the middle of something is not taken for the beginning of the text.
  const from = Math.max(0, end - BEFORE, text.length - 2 * MOST);
  // A copy, since the bytes go on and may be used again.
  const rest = Buffer.concat(from === 0 ? [text] : [BEGUN, text.subarray(from)]);
  const plain = unescaped(text.subarray(0, end));
  return { found: valuesIn(plain, kind), rest };
}

/** In no value, and nothing that bounds one. */
const BEGUN = Buffer.from([0]);

/**
 * By hand: a pattern spends ten times as long on a page, for all the words that are too short. Of these only each eighth character is
 * looked at: what is long enough and begins within eight characters has the last of them.
 */
function valuesIn(text: Buffer, kind: Haystack): readonly string[] {
  const found: string[] = [];
  for (let from = 0; from + LEAST <= text.length; ) {
    const inside = from + LEAST - 1;
    if (!is(OF_A_VALUE, text, inside)) {
      from = inside + 1;
      continue;
    }
    let start = inside;
    while (start > from && is(OF_A_VALUE, text, start - 1)) start -= 1;
    let at = inside + 1;
    while (is(OF_A_VALUE, text, at)) at += 1;
    from = at + 1;
    if (at - start < LEAST || at - start > MOST) continue;
    const end = paddedTo(text, at);
    if (!isBehind(text, end) || !isInFront(text, start)) continue;
    if (kind === "markup" && !isLikely(text, start, at) && !isCalled(text, start)) continue;
    found.push(text.toString("latin1", start, at));
    if (end > at) found.push(text.toString("latin1", start, end));
  }
  return found;
}

/** Whether there is one of these characters. */
function is(letters: readonly boolean[], text: Buffer, at: number): boolean {
  const code = text[at];
  return code !== undefined && letters[code] === true;
}

function paddedTo(text: Buffer, at: number): number {
  let end = at;
  while (end < at + 2 && text[end] === 0x3d) end += 1;
  return end;
}

function isBehind(text: Buffer, at: number): boolean {
  return at === text.length || is(BEHIND, text, at);
}

function isInFront(text: Buffer, at: number): boolean {
  if (at === 0 || is(IN_FRONT, text, at - 1)) return true;
  return text[at - 1] === 0x20 && SCHEME.test(text.toString("latin1", Math.max(0, at - 7), at));
}

function isLikely(text: Buffer, start: number, end: number): boolean {
  if (end - start < 2 * LEAST) return false;
  for (let at = start; at < end; at += 1) if (is(DIGIT, text, at)) return true;
  return false;
}

/** Nothing is cut out where no such word fits between what can't stand before the value: in a page that is so of most. */
function isCalled(text: Buffer, at: number): boolean {
  const least = Math.max(0, at - BEFORE);
  let from = at;
  while (from > least && !is(PARTS, text, from - 1)) from -= 1;
  return at - from >= SHORTEST && CALLED.test(text.toString("latin1", from, at));
}

/** Where the last value begins that may go on in the next piece. */
function lastBound(text: Buffer): number {
  let at = text.length;
  while (at > 0 && is(GOES_ON, text, at - 1)) at -= 1;
  return at;
}

/** Also what an escape of one of them is written with. */
const GOES_ON = latin1(/[A-Za-z0-9._~+/|=\\&#;-]/);

function latin1(letters: RegExp): readonly boolean[] {
  return Array.from({ length: 256 }, (_, code) => letters.test(String.fromCharCode(code)));
}

function unescaped(text: Buffer): Buffer {
  if (!text.includes(0x5c) && !text.includes("&#")) return text;
  const plain = text
    .toString("latin1")
    .replace(ESCAPED, (it, hex?: string, hexOfHtml?: string, decimal?: string) => {
      if (it === "\\/") return "/";
      return String.fromCharCode(Number(decimal ?? `0x${hex ?? hexOfHtml}`));
    });
  return Buffer.from(plain, "latin1");
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
