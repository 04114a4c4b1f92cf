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
  ..."sid sig signature state token xsrf".split(" "),
]);

/** Parts that tell also inside of a longer word: `accesstoken`, `newpassword`. */
const SECRET_PARTS = /token|passw|secret|signature|credential|apikey|authoriz|jwt|sessionid/;

/** Three base64url parts of which the first begins like a JSON object: a JWT, whatever its name is. */
const JWT = /eyJ[\w-]{5,}\.[\w-]*\.?[\w-]*/g;

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
    if (hashed.has(name.toLowerCase())) return keyedHash(options.key, value);
    return further.has(name.toLowerCase()) || isSecretName(name) ? REDACTED : null;
  };
  const inPair = (pair: string): string => {
    const at = pair.indexOf("=");
    if (at < 0) return withoutJwt(pair);
    const written = instead(decoded(pair.slice(0, at)), decoded(pair.slice(at + 1)));
    return written === null ? withoutJwt(pair) : `${pair.slice(0, at)}=${written}`;
  };
  return (text, name) =>
    name === undefined ? text.split("&").map(inPair).join("&") : (instead(name, text) ?? withoutJwt(text));
}

/** Whether values under this name are secrets. */
export function isSecretName(name: string): boolean {
  if (SECRET_PARTS.test(name.toLowerCase())) return true;
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
