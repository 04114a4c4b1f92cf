import { charsetOf } from "./charset.ts";
import type { Attribute } from "./tokenizer.ts";

/** A stretch of a document and what stands there instead. */
export interface Edit {
  readonly from: number;
  readonly to: number;
  readonly bytes: Buffer;
}

/** Reads the source of a stretch of the document, one character for each byte. */
type Source = (from: number, to: number) => string;

/** Named references that a policy may be written with; a value with any other one is left alone. */
const NAMED: Readonly<Record<string, string>> = {
  amp: "&",
  apos: "'",
  quot: '"',
  lt: "<",
  gt: ">",
  semi: ";",
  colon: ":",
  comma: ",",
  period: ".",
  sol: "/",
  ast: "*",
  equals: "=",
  plus: "+",
  lowbar: "_",
  Tab: "\t",
  NewLine: "\n",
};

/** An attribute's value with its character references resolved; null if one of them isn't known here. */
function decodeReferences(source: string): string | null {
  let known = true;
  const value = source.replace(
    /&(?:#x([0-9a-f]+);?|#([0-9]+);?|([a-z][a-z0-9]*);?)/gi,
    (all, hex, dec, name) => {
      const code = hex !== undefined ? Number.parseInt(hex, 16) : Number.parseInt(dec ?? "-1", 10);
      if (code > 0 && code < 0x80) return String.fromCharCode(code);
      if (name !== undefined && all.endsWith(";") && Object.hasOwn(NAMED, name)) return NAMED[name] ?? "";
      known = false;
      return all;
    },
  );
  return known ? value : null;
}

/** The same value for between double or single quotes. */
function encodeValue(value: string, quote: string): string {
  return value.replaceAll("&", "&amp;").replaceAll(quote, quote === '"' ? "&quot;" : "&#39;");
}

function read(attributes: readonly Attribute[], name: string, source: Source): string | null {
  const attribute = attributes.find((each) => each.name === name);
  return attribute === undefined ? null : decodeReferences(source(attribute.from, attribute.to));
}

/** The label that a meta element gives the document; null if it gives none. */
export function charsetOfMeta(attributes: readonly Attribute[], source: Source): string | null {
  const label = read(attributes, "charset", source);
  if (label !== null) return label;
  if (read(attributes, "http-equiv", source)?.toLowerCase() !== "content-type") return null;
  const content = read(attributes, "content", source);
  return content === null ? null : charsetOf(content);
}

/** What has to change in a meta element that holds a policy; null if it holds none, or nothing has to change. */
export function amendedMeta(
  attributes: readonly Attribute[],
  source: Source,
  amend: (policy: string) => string,
): Edit | null {
  if (read(attributes, "http-equiv", source)?.toLowerCase() !== "content-security-policy") return null;
  const content = attributes.find((each) => each.name === "content");
  const policy = read(attributes, "content", source);
  if (content === undefined || policy === null) return null;
  const amended = amend(policy);
  if (amended === policy) return null;
  const single = content.quote === 0x27;
  const value = encodeValue(amended, single ? "'" : '"');
  const bytes = Buffer.from(content.quote === 0 ? `"${value}"` : value, "latin1");
  return { from: content.from, to: content.to, bytes };
}
