/**
 * What the search for a place has to know of a charset. `ascii`: every byte below 0x80 that stands where markup may
 * stand is that ASCII character (true of every charset of the web that isn't named here). `unmarkable`: text hides markup (ISO-2022-JP), or browsers
 * show nothing of it.
 */
export type Reading = "ascii" | "utf-16le" | "utf-16be" | "unmarkable";

/** The labels of the Encoding Standard for everything that isn't read as ASCII; and that of most pages, so that no decoder is made to find that out. */
const READINGS: Readonly<Record<string, Reading>> = {
  "utf-8": "ascii",
  "iso-2022-jp": "unmarkable",
  csiso2022jp: "unmarkable",
  "utf-16": "utf-16le",
  "utf-16le": "utf-16le",
  "ucs-2": "utf-16le",
  "iso-10646-ucs-2": "utf-16le",
  csunicode: "utf-16le",
  unicode: "utf-16le",
  unicodefeff: "utf-16le",
  "utf-16be": "utf-16be",
  unicodefffe: "utf-16be",
  "hz-gb-2312": "unmarkable",
  "iso-2022-kr": "unmarkable",
  csiso2022kr: "unmarkable",
  "iso-2022-cn": "unmarkable",
  "iso-2022-cn-ext": "unmarkable",
  replacement: "unmarkable",
};

/** How a document with this charset label is read; null where browsers don't know the label and look further. */
export function readingOf(label: string): Reading | null {
  const name = label.trim().toLowerCase();
  if (Object.hasOwn(READINGS, name)) return READINGS[name] ?? null;
  try {
    new TextDecoder(name);
    return "ascii";
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

/** A label in a `<meta>` can be read, so the document is no UTF-16: browsers take it for UTF-8. */
export function readingOfMeta(label: string): Reading | null {
  const reading = readingOf(label);
  return reading === "utf-16le" || reading === "utf-16be" ? "ascii" : reading;
}

/** The charset parameter of a `Content-Type`, or of the `content` of a `<meta http-equiv=content-type>`. */
export function charsetOf(contentType: string): string | null {
  const match = /charset\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s;"',]+))/i.exec(contentType);
  return match?.[1] ?? match?.[2] ?? match?.[3] ?? null;
}

/** The `Content-Type` that a rewritten document leaves with: UTF-16 has become UTF-8. */
export function outgoingContentType(contentType: string): string {
  const charset = charsetOf(contentType);
  const reading = charset === null ? null : readingOf(charset);
  if (reading !== "utf-16le" && reading !== "utf-16be") return contentType;
  return `${contentType.slice(0, contentType.indexOf(";"))}; charset=utf-8`;
}

/** The byte order mark that a document begins with; it outranks every label. Three bytes are enough to tell. */
export function byteOrderMark(
  bytes: Uint8Array,
): { readonly reading: Reading; readonly length: number } | null {
  const [first, second, third] = bytes;
  if (first === 0xef && second === 0xbb && third === 0xbf) return { reading: "ascii", length: 3 };
  if (first === 0xff && second === 0xfe) return { reading: "utf-16le", length: 2 };
  if (first === 0xfe && second === 0xff) return { reading: "utf-16be", length: 2 };
  return null;
}
