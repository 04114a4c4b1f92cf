import { createHmac } from "node:crypto";

/**
 * Query names whose values are never written down. A name is split where a letter changes case and at everything that
 * is no letter or digit (`resetToken`, `user[password]`); one part that is in the list is enough.
 */
export const SECRET_WORDS: ReadonlySet<string> = new Set([
  ..."apikey assertion auth authorization bearer code credential credentials csrf hmac jwt key mac nonce oauth".split(
    " ",
  ),
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

/** Takes secrets out of a raw query string; everything else stays byte for byte. */
export function redactor(options: RedactOptions): (query: string) => string {
  const further = new Set((options.names ?? []).map((name) => name.toLowerCase()));
  const hashed = new Set((options.hash ?? []).map((name) => name.toLowerCase()));
  return (query) =>
    query
      .split("&")
      .map((pair) => {
        const at = pair.indexOf("=");
        const name = decoded(at < 0 ? pair : pair.slice(0, at));
        if (at < 0) return withoutJwt(pair);
        const value = pair.slice(at + 1);
        const lower = name.toLowerCase();
        if (hashed.has(lower)) return `${pair.slice(0, at)}=${keyedHash(options.key, decoded(value))}`;
        if (further.has(lower) || isSecretName(name)) return `${pair.slice(0, at)}=${REDACTED}`;
        return withoutJwt(pair);
      })
      .join("&");
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
