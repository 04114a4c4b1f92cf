export const REDACTED = "[redacted]";

/** What is written instead of the value of this name; null: the value itself. */
export type Instead = (name: string, value: string) => string | null;

/** Three base64url parts of which the first begins like a JSON object: a JWT, whatever its name is. */
const JWT = /eyJ[\w-]{5,}\.[\w-]*\.?[\w-]*/g;
/** The name and password of an address. */
const USERINFO = /(:\/\/|%(?:25)*3a%(?:25)*2f%(?:25)*2f)(?:(?!%(?:25)*2f)[^/?#@\s]){1,500}(@|%(?:25)*40)/gi;
const ESCAPES = /(?:%[0-9a-f]{2})+/gi;
const ESCAPE = /%[0-9a-f]{2}/i;
/** Parameters begin behind one of the first four, and a value ends before any of them. */
const MARKS = /([?&;#\s])/;
/** Where there is nothing of this, nothing can be inside. */
const ANYTHING = /[?&;#%":]/;
/** A name of JSON, or of a language like it where the value is in quotes. */
const KEY = /"((?:[^"\\]|\\.){1,200})"\s{0,20}:\s{0,20}|(?<![\w$"-])([\w$-]{1,100})\s{0,20}:\s{0,20}(?=")/g;
const QUOTED = /"(?:[^"\\]|\\.)*"?/y;
const BARE = /[^\s,;&}\]]*/y;
/** Text in quotes that has something escaped. */
const ESCAPED = /"(?:[^"\\]|\\.)*(?:"|\\?$)/g;
/** A quote that ends a text in JSON. */
const QUOTE = /(?<!\\)"/;
/** What was written instead of a value before. */
const HASHED = /^hmac:[0-9a-f]{32}$/;
const JSON_START = /^\s*(?:\[\s*)*[{"]/;
/** Levels that are read: a value decoded once, and decoded again. Of what is encoded deeper nothing is written. */
const DEEPEST = 2;

/** A raw query string or urlencoded form. */
export function inQuery(text: string, instead: Instead): string {
  const it = new Within(instead);
  if (JSON_START.test(decoded(text))) return it.text(text, 0);
  return text
    .split("&")
    .map((pair) => it.pair(pair, 0))
    .join("&");
}

/** A path: a parameter in it ends with its segment. */
export function inPath(text: string, instead: Instead): string {
  const it = new Within(instead);
  return withoutNames(withoutJwt(text))
    .split("/")
    .map((part) => it.text(part, 0))
    .join("/");
}

/** Any other text: a header, what a person wrote. */
export function inText(text: string, instead: Instead): string {
  return new Within(instead).text(text, 0);
}

/** Any text without the JSON web tokens in it. */
export function withoutJwt(text: string): string {
  return text.includes("eyJ") ? text.replace(JWT, REDACTED) : text;
}

function withoutNames(text: string): string {
  return text.replace(USERINFO, `$1${REDACTED}$2`);
}

/**
 * Looks for secrets in a text, in addresses and JSON within it, and in what is encoded there: `depth` counts how often
 * something was decoded or unquoted on the way. What has no secret in it stays as it is, letter for letter.
 */
class Within {
  readonly #instead: Instead;

  constructor(instead: Instead) {
    this.#instead = instead;
  }

  /** `paired`: it begins with a parameter, as what stands behind a mark. */
  text(text: string, depth: number, paired = false): string {
    const plain = withoutJwt(text);
    if (!paired && !ANYTHING.test(plain)) return plain;
    // JSON that is encoded as a whole may have marks in it.
    if (ESCAPE.test(plain) && JSON_START.test(decoded(plain))) return this.#encoded(plain, depth, paired);
    const it = this.#json(withoutNames(plain), depth);
    const quoted = JSON_START.test(it);
    let mark = paired ? "?" : " ";
    return it
      .split(MARKS)
      .map((part, at) => {
        if (at % 2 === 0) return /\s/.test(mark) ? this.#part(part, depth) : this.pair(part, depth, quoted);
        mark = part;
        return part;
      })
      .join("");
  }

  /** `name=value`, as it stands in an address or a form; `quoted`: in a text of JSON, which ends with a quote. */
  pair(text: string, depth: number, quoted = false): string {
    const at = text.indexOf("=");
    if (at < 0) return this.#part(text, depth, true);
    const [name, value] = [text.slice(0, at), text.slice(at + 1)];
    const stop = quoted ? value.slice(1).search(QUOTE) + 1 : 0;
    const [mine, rest] = stop === 0 ? [value, ""] : [value.slice(0, stop), value.slice(stop)];
    const written = this.#written(nameIn(name), decoded(mine));
    const shown = written === null ? this.text(value, depth) : `${written}${rest}`;
    return `${this.#part(name, depth, true)}=${shown}`;
  }

  /** What has no marks in it. */
  #part(text: string, depth: number, paired = false): string {
    return ESCAPE.test(text) ? this.#encoded(text, depth, paired) : text;
  }

  #encoded(text: string, depth: number, paired: boolean): string {
    if (depth >= DEEPEST) return REDACTED;
    const inner = decoded(text);
    const written = this.text(inner, depth + 1, paired);
    return written === inner ? text : encodedLike(text, written);
  }

  /** What is written instead; a hash is not hashed again. */
  #written(name: string | null, value: string): string | null {
    if (name === null) return REDACTED;
    const written = this.#instead(name, value);
    return written !== REDACTED && written !== null && HASHED.test(value) ? value : written;
  }

  /** Values of names in JSON, whole or cut, anywhere in the text; other texts in it are looked into where they are escaped. */
  #json(text: string, depth: number): string {
    if (!text.includes('"')) return text;
    let out = "";
    let done = 0;
    for (const found of text.matchAll(KEY)) {
      const from = found.index + found[0].length;
      const name = unquoted(found[1] ?? found[2] ?? "");
      // Only of what is replaced the end is looked for, or the time would grow with the square of the depth.
      if (found.index < done || this.#instead(name, "") === null) continue;
      const to = endOf(text, from);
      const value = text.slice(from, to);
      const whole = value.startsWith('"') ? unquoted(value.replace(/^"|"$/g, "")) : value;
      const written = this.#written(name, whole);
      out += `${text.slice(done, from)}"${written}"`;
      done = to;
    }
    out += text.slice(done);
    if (!out.includes("\\")) return out;
    return out.replace(ESCAPED, (literal) => {
      if (!literal.includes("\\")) return literal;
      if (depth >= DEEPEST) return `"${REDACTED}"`;
      const inner = unquoted(literal.replace(/^"|"$/g, ""));
      const written = this.text(inner, depth + 1);
      return written === inner ? literal : JSON.stringify(written);
    });
  }
}

/** The name that a parameter has once nothing of it is encoded; null: it is encoded too often. */
function nameIn(raw: string): string | null {
  let name = raw.replaceAll("+", " ");
  for (let depth = 0; depth <= DEEPEST; depth += 1) {
    if (!ESCAPE.test(name)) return name.split(/[?&;#]/).at(-1) ?? "";
    name = decoded(name);
  }
  return null;
}

/** Where a value of JSON ends: behind its quote or bracket, or with the text. */
function endOf(text: string, from: number): number {
  const first = text[from];
  if (first !== "{" && first !== "[") return endBy(first === '"' ? QUOTED : BARE, text, from);
  let open = 0;
  for (let at = from; at < text.length; at += 1) {
    const letter = text[at];
    if (letter === '"') at = endBy(QUOTED, text, at) - 1;
    else if (letter === "{" || letter === "[") open += 1;
    else if (letter === "}" || letter === "]") open -= 1;
    if (open === 0) return at + 1;
  }
  return text.length;
}

function endBy(pattern: RegExp, text: string, from: number): number {
  pattern.lastIndex = from;
  return from + (pattern.exec(text)?.[0].length ?? 0);
}

/** What stands between two quotes of JSON, even if it is cut. */
function unquoted(text: string): string {
  if (!text.includes("\\")) return text;
  try {
    return JSON.parse(`"${text}"`);
  } catch (error) {
    if (error instanceof SyntaxError) return text.replace(/\\(.)/g, "$1");
    throw error;
  }
}

/** As in an urlencoded form; what is no letter in any encoding is as good as none. */
function decoded(text: string): string {
  const spaced = text.replaceAll("+", " ");
  try {
    return decodeURIComponent(spaced);
  } catch (error) {
    if (!(error instanceof URIError)) throw error;
    return spaced.replace(ESCAPES, (run) => Buffer.from(run.replaceAll("%", ""), "hex").toString());
  }
}

/** Encodes again what the text before had encoded. */
function encodedLike(before: string, text: string): string {
  const plain = new Set(before.replace(/[%+]/g, ""));
  return encodeURIComponent(text.toWellFormed())
    .replaceAll("%5Bredacted%5D", REDACTED)
    .replace(/hmac%3A([0-9a-f]{32})/g, "hmac:$1")
    .replace(/%[2-7][0-9A-F]/g, (hidden) => {
      const letter = decodeURIComponent(hidden);
      return plain.has(letter) ? letter : hidden;
    });
}
