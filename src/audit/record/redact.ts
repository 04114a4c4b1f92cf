import { createHmac } from "node:crypto";
import { type Instead, inPath, inQuery, inText, REDACTED } from "./nested-secrets.ts";

/**
 * Query names whose values are never written down. A name is split where a letter changes case and at everything that
 * is no letter or digit (`resetToken`, `user[password]`); one part that is in the list is enough.
 */
const SECRET_WORDS: ReadonlySet<string> = new Set(
  `apikey assertion auth authorization bearer code cookie credential credentials csrf hmac jwt key mac nonce
  oauth otp pass passcode passphrase passwd password pin pwd saml samlresponse secret session sessionid sid
  sig signature state token totp xsrf csc cvc cvv ssn`.split(/\s+/),
);

/** Parts that tell also inside of a longer word: `accesstoken`, `newpassword`. */
const SECRET_PARTS =
  /token|passw|secret|signature|credential|apikey|accesskey|privatekey|authoriz|jwt|sess(?:ion)?id|cardnumber|creditcard/;

interface RedactOptions {
  /** Further names, compared without regard to case. */
  readonly names?: readonly string[];
  /** Names whose values are written as a keyed hash: equal values can be recognised, but not read. */
  readonly hash?: readonly string[];
  readonly key: Buffer;
}

/**
 * Takes secrets out of text. Without a name the text is a raw query string or urlencoded form, of which everything else
 * stays byte for byte; with a name it is the value of that header, and with `:path` a path. With an empty name it is what a
 * person wrote.
 */
export type Redact = (text: string, name?: string) => string;

export function redactor(options: RedactOptions): Redact {
  const further = new Set((options.names ?? []).map((name) => name.toLowerCase()));
  const hashed = new Set((options.hash ?? []).map((name) => name.toLowerCase()));
  const instead: Instead = (name, value) => {
    if (isAmong(hashed, name)) return keyedHash(options.key, value);
    return isAmong(further, name) || isSecretName(name) ? REDACTED : null;
  };
  return (text, name) => {
    if (name === undefined) return inQuery(text, instead);
    return name === ":path" ? inPath(text, instead) : (instead(name, text) ?? inText(text, instead));
  };
}

/** `user[email]` is meant by `email` as well. */
function isAmong(names: ReadonlySet<string>, name: string): boolean {
  const lower = name.toLowerCase();
  return names.has(lower) || (lower.includes("[") && lower.split(/[[\]]+/).some((part) => names.has(part)));
}

/** Whether values under this name are secrets. */
function isSecretName(name: string): boolean {
  if (SECRET_PARTS.test(name.toLowerCase().replace(/[_\-. ]/g, ""))) return true;
  const words = name
    .replace(/([a-z0-9])([A-Z])/g, "$1 $2")
    .toLowerCase()
    .split(/[^a-z0-9]+/);
  return words.some((word) => SECRET_WORDS.has(word.replace(/\d+$/, "")));
}

/** `hmac:` and 32 hex digits. */
function keyedHash(key: Buffer, value: string): string {
  return `hmac:${createHmac("sha256", key).update(value).digest("hex").slice(0, 32)}`;
}
