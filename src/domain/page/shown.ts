import { valuesOf } from "../raw-headers.ts";
/** How a browser shows an answer in a tab. `type` is the one `Content-Type` that makes browsers show it so. */
export type Shown =
  /** A document with a body, which can be written to. */
  | { readonly kind: "page"; readonly syntax: "html" | "xml"; readonly type: string }
  /** A drawing that is also a document, in which scripts and HTML may stand. */
  | { readonly kind: "drawing" }
  /** Other XML: what is in it makes it a page or a list of data, so only its source may be seen. */
  | { readonly kind: "source"; readonly type: string }
  /** Pictures, films, plain text, data: browsers read no markup in it. */
  | { readonly kind: "passive" }
  /** A download: declared as one, or of a type that browsers may treat in different ways. */
  | { readonly kind: "saved" };

/** An essence is read as browsers read it: it ends with the first space, semicolon or parenthesis. */
const ESSENCE = /^[\t ]*([^\t ;(]*)/;
const XHTML = "application/xhtml+xml";
const XML = /^(?:application\/xml|text\/xml|text\/xsl|.*\+xml)$/;
const PASSIVE =
  /^(?:(?:image|audio|video|font|text)\/.*|.*\+json|application\/(?:json|pdf|javascript|x-javascript|ecmascript))$/;
/** A text of this form is no type; browsers that must not guess show the answer as text. */
const UNTYPED = /^(?:[^/]*|\*\/\*)$/;
/** Anything else that begins like this, `attachment=1` say, is none to a browser. */
const ATTACHMENT = /^[\t ]*attachment[\t ]*(?:;|$)/i;

/** How browsers show an answer, by its headers. Of several types the most dangerous counts: browsers differ in which one they take. */
export function shownAs(headers: readonly string[]): Shown {
  const dispositions = valuesOf(headers, "content-disposition");
  if (dispositions.length > 0 && dispositions.every((value) => ATTACHMENT.test(value)))
    return { kind: "saved" };
  const types = valuesOf(headers, "content-type")
    .flatMap((value) => value.split(","))
    .map((value) => ({ value, essence: (ESSENCE.exec(value)?.[1] ?? "").toLowerCase() }));
  const last = (is: (essence: string) => boolean) => types.findLast(({ essence }) => is(essence));
  const page = last((it) => it === "text/html") ?? last((it) => it === XHTML);
  if (page !== undefined) {
    const type = `${page.essence}${charsetOf(page.value)}`;
    return { kind: "page", syntax: page.essence === XHTML ? "xml" : "html", type };
  }
  const xml = last((it) => it !== "image/svg+xml" && XML.test(it));
  if (xml !== undefined)
    return { kind: "source", type: `text/plain${charsetOf(xml.value) || "; charset=utf-8"}` };
  if (last((it) => XML.test(it)) !== undefined) return { kind: "drawing" };
  const passive = types.every(({ essence }) => PASSIVE.test(essence) || UNTYPED.test(essence));
  return { kind: passive ? "passive" : "saved" };
}

/** The one parameter that browsers heed, or nothing. */
function charsetOf(type: string): string {
  const label = /;[\t ]*charset[\t ]*=[\t ]*["']?([A-Za-z0-9!#$%&^_`{}~+.:-]+)/i.exec(type)?.[1];
  return label === undefined ? "" : `; charset=${label}`;
}
