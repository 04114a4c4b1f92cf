import { createHmac } from "node:crypto";

/**
 * Query names whose values are never written down. A name is split where a letter changes case and at everything that
 * is no letter or digit (`resetToken`, `user[password]`); one part that is in the list is enough.
 */
export const SECRET_WORDS: ReadonlySet<string> = new Set([
  ..."apikey assertion auth authorization bearer code cookie credential credentials csrf hmac jwt key mac".split(
    " ",
  ),
  ..."nonce oauth".split(" "),
  ..."otp pass passcode passphrase passwd password pin pwd saml samlresponse secret session sessionid".split(
    " ",
  ),
  ..."sid sig signature state token totp xsrf".split(" "),
  ..."csc cvc cvv ssn".split(" "),
]);

/** Parts that tell also inside of a longer word: `accesstoken`, `newpassword`. */
const SECRET_PARTS =
  /token|passw|secret|signature|credential|apikey|accesskey|privatekey|authoriz|jwt|sess(?:ion)?id|cardnumber|creditcard/;

/** Three base64url parts of which the first begins like a JSON object: a JWT, whatever its name is. */
const JWT = /eyJ[\w-]{5,}\.[\w-]*\.?[\w-]*/g;

/** `name=value` behind one of `?&;#`, as it is or encoded: an address in a value, or parameters in a path. */
const INNER = /([?&;#]|%(?:25)*(?:3f|26|3b|23))([^=?&;#%/\s]{1,100})(=|%(?:25)*3d)/gi;
const INNER_END = /[?&;#\s]|%(?:25)*(?:3f|26|3b|23)/gi;
/** The name and password of an address. */
const USERINFO = /(:\/\/|%(?:25)*3a%(?:25)*2f%(?:25)*2f)(?:(?!%(?:25)*2f)[^/?#@\s]){1,500}(@|%(?:25)*40)/gi;

export const REDACTED = "[redacted]";

export interface RedactOptions {
  /** Further names, compared without regard to case. */
  readonly names?: readonly string[];
  /** Names whose values are written as a keyed hash, so that equal values can be told without being known. */
  readonly hash?: readonly string[];
  readonly key: Buffer;
}

/**
 * Takes secrets out of text. Without a name the text is a raw query string or urlencoded form, of which everything else
 * stays byte for byte; with a name it is the value of that header.
 */
export type Redact = (text: string, name?: string) => string;

export function redactor(options: RedactOptions): Redact {
  const further = new Set((options.names ?? []).map((name) => name.toLowerCase()));
  const hashed = new Set((options.hash ?? []).map((name) => name.toLowerCase()));
  /** What is written instead of a value; null: the value itself. */
  const instead = (name: string, value: string): string | null => {
    if (isAmong(hashed, name)) return keyedHash(options.key, value);
    return isAmong(further, name) || isSecretName(name) ? REDACTED : null;
  };
  const inPair = (pair: string): string => {
    const at = pair.indexOf("=");
    if (at < 0) return withoutSecrets(pair);
    const written = instead(decoded(pair.slice(0, at)), decoded(pair.slice(at + 1)));
    return written === null ? withoutSecrets(pair) : `${pair.slice(0, at)}=${written}`;
  };
  return (text, name) =>
    name === undefined
      ? text.split("&").map(inPair).join("&")
      : (instead(name, text) ?? withoutSecrets(text));
}

/** `user[email]` is meant by `email` as well. */
function isAmong(names: ReadonlySet<string>, name: string): boolean {
  const lower = name.toLowerCase();
  return names.has(lower) || (lower.includes("[") && lower.split(/[[\]]+/).some((part) => names.has(part)));
}

/** Whether values under this name are secrets. */
export function isSecretName(name: string): boolean {
  if (SECRET_PARTS.test(name.toLowerCase().replace(/[_\-. ]/g, ""))) return true;
  const words = name
    .replace(/([a-z0-9])([A-Z])/g, "$1 $2")
    .toLowerCase()
    .split(/[^a-z0-9]+/);
  return words.some((word) => SECRET_WORDS.has(word.replace(/\d+$/, "")));
}

/** Any text without the JSON web tokens in it. */
export function withoutJwt(text: string): string {
  return text.includes("eyJ") ? text.replace(JWT, REDACTED) : text;
}

/**
 * Any text without JSON web tokens, the passwords of addresses, and the values of secret-looking names in addresses, which
 * end before `stop` too.
 */
export function withoutSecrets(text: string, stop?: "/"): string {
  if (!/[?&;#]|:\/\/|%/.test(text)) return withoutJwt(text);
  const plain = withoutJwt(text).replace(USERINFO, `$1${REDACTED}$2`);
  let out = "";
  let done = 0;
  for (const found of plain.matchAll(INNER)) {
    const [all, , name = ""] = found;
    if (found.index < done || !isSecretName(name)) continue;
    const from = found.index + all.length;
    out += plain.slice(done, from) + REDACTED;
    done = endOf(plain, from, stop);
  }
  return out + plain.slice(done);
}

function endOf(text: string, from: number, stop: "/" | undefined): number {
  INNER_END.lastIndex = from;
  const end = INNER_END.exec(text)?.index ?? text.length;
  const slash = stop === undefined ? -1 : text.slice(from, end).indexOf(stop);
  return slash < 0 ? end : from + slash;
}

/** `hmac:` and 32 hex digits. */
export function keyedHash(key: Buffer, value: string): string {
  return `hmac:${createHmac("sha256", key).update(value).digest("hex").slice(0, 32)}`;
}

function decoded(text: string): string {
  const spaced = text.replaceAll("+", " ");
  try {
    return decodeURIComponent(spaced);
  } catch (error) {
    if (error instanceof URIError) return spaced;
    throw error;
  }
}
