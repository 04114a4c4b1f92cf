import { Readable, Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import fc from "fast-check";
import { type DefaultTreeAdapterTypes, parse, serialize } from "parse5";
import { rewriter } from "../../src/page/rewriter.ts";

export type RewriterOptions = Parameters<typeof rewriter>[0];

export const INSERT = "<guise-banner><template>b</template></guise-banner>";

/** Sends the pieces through a rewriter and gives what comes out. */
export async function through(
  pieces: readonly Buffer[],
  options: Partial<RewriterOptions> = {},
): Promise<Buffer> {
  const out: Buffer[] = [];
  const sink = new Writable({
    write(chunk: Buffer, _, done) {
      out.push(chunk);
      done();
    },
  });
  const transform = rewriter({
    insert: INSERT,
    title: null,
    transcode: true,
    syntax: "html",
    charset: "utf-8",
    pageHead: 1 << 20,
    amendMeta: null,
    ...options,
  });
  await pipeline(Readable.from(pieces), transform, sink);
  return Buffer.concat(out);
}

export async function rewrite(html: string, options: Partial<RewriterOptions> = {}): Promise<string> {
  return (await through([Buffer.from(html, "latin1")], options)).toString("latin1");
}

export function cut(bytes: Buffer, sizes: readonly number[]): Buffer[] {
  const pieces: Buffer[] = [];
  let from = 0;
  for (const size of sizes) {
    if (from >= bytes.length) break;
    pieces.push(bytes.subarray(from, from + size));
    from += size;
  }
  if (from < bytes.length) pieces.push(bytes.subarray(from));
  return pieces;
}

export type Element = DefaultTreeAdapterTypes.Element;

export type Node = DefaultTreeAdapterTypes.Node;

export function bodyOf(html: string): {
  readonly document: DefaultTreeAdapterTypes.Document;
  readonly body: Element | null;
} {
  const document = parse(html.replace(/^\xef\xbb\xbf/, ""));
  const root = document.childNodes.find((node): node is Element => node.nodeName === "html");
  const body = root?.childNodes.find((node): node is Element => node.nodeName === "body");
  return { document, body: body ?? null };
}

export function isElement(node: Node): node is Element {
  return "tagName" in node;
}

/** The tree of the document as HTML, with the banner taken out of it; says where the banner was. */
export function withoutBanner(html: string): { readonly tree: string; readonly first: boolean } {
  const { document, body } = bodyOf(html);
  const banner = body?.childNodes.find(isElement);
  const first = banner?.nodeName === "guise-banner";
  if (first && body !== null) body.childNodes = body.childNodes.filter((node) => node !== banner);
  return { tree: serialize(document), first };
}

export const sizes = fc.array(fc.integer({ min: 1, max: 9 }), { maxLength: 60 });
