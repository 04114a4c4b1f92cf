import { jsonParameters } from "./json-parameters.ts";
import { hasCodedPart, multipartParameters } from "./multipart-parameters.ts";
import { type Parameter, urlencoded } from "./parameters.ts";

/** The body of a request as far as it was read. */
export interface BodyText {
  /** UTF-8 where the bytes are, else a character for each of them. */
  readonly text: string;
  readonly utf8: boolean;
  /** There is no more of it. */
  readonly whole: boolean;
  /** The lines of `Content-Type` and `Content-Encoding`. */
  readonly types: readonly string[];
  readonly codings: readonly string[];
}

/** What a body says. `kind`: what every server takes it for; `other` where servers differ. */
export interface BodyParameters {
  readonly kind: "form" | "json" | "other";
  readonly parameters: readonly Parameter[];
  /** Some server may read more in it than is known here. */
  readonly dark: boolean;
}

const NO_BODY: BodyParameters = Object.freeze({ kind: "other", parameters: [], dark: false });

/** Charsets whose bytes below 128 are ASCII. */
export const ASCII_CHARSET = /^(?:utf-?8|us-ascii|ascii|iso-8859-\d+|latin1|windows-125\d)$/i;
const FORM = /^application\/x-www-form-urlencoded$/;
const PARTS = /^multipart\//;
const JSON_TYPE = /^application\/(?:[\w.-]+\+)?json$/;
/** What nobody reads parameters from. */
const BYTES =
  /^(?:(?:image|audio|video|font)\/|application\/(?:octet-stream|offset\+octet-stream|pdf|zip|gzip)$)/;

/** In each way in which a server may read it, whatever its type says: which of them counts is the app's own matter. */
export function bodyParameters(body: BodyText | null): BodyParameters {
  if (body === null || body.text === "") return NO_BODY;
  const type = mediaType(body);
  if (BYTES.test(type)) return NO_BODY;
  const { text } = body;
  const isJson = JSON_TYPE.test(type);
  const json = isJson || /^\s*[[{]/.test(text) ? jsonParameters(text) : [];
  const parts = PARTS.test(type) || /\bname\*?\s*=/i.test(text);
  // JSON that is whole is nobody's form, and of parts an urlencoded reading finds only the noise of their heads.
  const maybeForm = isJson ? json === null : !PARTS.test(type);
  const parameters = [
    ...(maybeForm ? urlencoded(text) : []),
    ...(parts ? multipartParameters(body.types[0] ?? "", text) : []),
    ...(json ?? []),
  ];
  const known = type === "" || FORM.test(type) || PARTS.test(type) || isJson || type === "text/plain";
  const dark =
    !known || !isPlainText(body, parameters) || (isJson && json === null) || (parts && hasCodedPart(text));
  return { kind: kindOf(body, type, dark), parameters, dark };
}

function isPlainText(body: BodyText, parameters: readonly Parameter[]): boolean {
  const [coding = "identity", ...codings] = body.codings;
  const [, charset = "utf-8"] = /;\s*charset\s*=\s*"?([^\s";]+)/i.exec(body.types[0] ?? "") ?? [];
  const named = parameters.find(({ name }) => name === "_charset_")?.value ?? "utf-8";
  return (
    body.whole &&
    body.types.length < 2 &&
    codings.length === 0 &&
    coding.trim().toLowerCase() === "identity" &&
    ASCII_CHARSET.test(charset) &&
    (named === "" || ASCII_CHARSET.test(named))
  );
}

function mediaType({ types }: BodyText): string {
  return (types[0]?.split(";", 1)[0] ?? "").trim().toLowerCase();
}

/** Only what is plain to everybody has a kind. */
function kindOf({ types, utf8 }: BodyText, type: string, dark: boolean): BodyParameters["kind"] {
  if (dark || !utf8) return "other";
  const [line = ""] = types;
  if (PARTS.test(type)) return "form";
  const rest = line.slice(line.indexOf(";") + 1);
  const plain = !line.includes(";") || /^\s*charset="?utf-?8"?\s*$/i.test(rest);
  if (!plain) return "other";
  if (FORM.test(type)) return "form";
  return JSON_TYPE.test(type) ? "json" : "other";
}
