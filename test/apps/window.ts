import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { selectAll } from "css-select";
import { parse } from "parse5";
import { adapter, type Htmlparser2TreeAdapterMap } from "parse5-htmlparser2-tree-adapter";

type Node = Htmlparser2TreeAdapterMap["node"];
type ParentNode = Htmlparser2TreeAdapterMap["parentNode"];
type Element = Htmlparser2TreeAdapterMap["element"];

/** What one request of a window got. */
export interface Seen {
  readonly status: number;
  /** Where it leads to; empty where nowhere. */
  readonly location: string;
  readonly body: string;
  /** What a reader sees of it, without what differs from one origin or one visit to the next. */
  readonly text: string;
}

/** A browser's window without a screen: it keeps cookies and says of each request what a browser would. */
export interface Window {
  /** Goes there: by a link of the site itself, or `from` outside. */
  open(path: string, from?: "inside" | "outside"): Promise<Seen>;
  /** Sends a form of the page at `page`, with its hidden fields beside the given ones. */
  send(page: string, action: string, fields: Readonly<Record<string, string>>): Promise<Seen>;
}

/** One at `origin`; `headers` come with each request. */
export function plainWindow(origin: string, headers: Readonly<Record<string, string>> = {}): Window {
  const cookies = new Map<string, string>();
  const ask = async (method: string, path: string, more: Readonly<Record<string, string>>, body = "") => {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    const asking = request(origin + path, {
      method,
      headers: { ...CLICKED, ...headers, ...more, ...(cookie === "" ? {} : { cookie }) },
    });
    const [answer] = (await once(asking.end(body), "response")) as [IncomingMessage];
    for (const line of answer.headers["set-cookie"] ?? []) keep(cookies, line);
    const chunks: Buffer[] = [];
    for await (const chunk of answer) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString();
    const { statusCode: status = 0, headers: said } = answer;
    const location = (said.location ?? "").replace(origin, "");
    return { status, location, body: text, text: textOf(text, origin) };
  };
  return {
    open: (path, from = "inside") =>
      ask("GET", path, { "sec-fetch-site": from === "inside" ? "same-origin" : "cross-site" }),
    async send(page, action, fields) {
      const { body } = await ask("GET", page, { "sec-fetch-site": "same-origin" });
      const form = new URLSearchParams({ ...hiddenFor(body, page, action), ...fields }).toString();
      const sent = {
        "sec-fetch-site": "same-origin",
        origin,
        referer: origin + page,
        "content-type": "application/x-www-form-urlencoded",
        "content-length": String(Buffer.byteLength(form)),
      };
      return await ask("POST", action, sent, form);
    },
  };
}

const CLICKED = {
  accept: "text/html",
  "sec-fetch-dest": "document",
  "sec-fetch-mode": "navigate",
  "sec-fetch-user": "?1",
} as const;

function keep(cookies: Map<string, string>, line: string): void {
  const [pair = "", ...attributes] = line.split(";");
  const [name = "", ...value] = pair.split("=");
  const over = attributes.some((it) => /^\s*(?:max-age=0|expires=thu, 01[ -]jan[ -]1970)/i.test(it));
  if (over) cookies.delete(name.trim());
  else cookies.set(name.trim(), value.join("="));
}

/** What a page sends along to this address: the hidden fields of its form that leads there; where none does, what proves that it is a page of the site. */
function hiddenFor(html: string, page: string, action: string): Readonly<Record<string, string>> {
  const document = pageOf(html);
  const here = new URL(page, "http://site.test");
  const form = all("form", document).find((it) => {
    const { pathname, search } = new URL(it.attribs.action || page, here);
    return pathname + search === action;
  });
  return form === undefined ? tokensIn(document) : hiddenIn(form);
}

/** Those that scripts of the site read: of a page of Rails or Laravel, or hidden fields that are called so. */
function tokensIn(document: ParentNode): Readonly<Record<string, string>> {
  const named = (name: string) => all(`meta[name="${name}"]`, document)[0]?.attribs.content;
  const token = named("csrf-token");
  if (token !== undefined) return { [named("csrf-param") ?? "_token"]: token };
  return Object.fromEntries(Object.entries(hiddenIn(document)).filter(([name]) => /token/i.test(name)));
}

/** The fields that stand hidden there; of two with one name the last. */
function hiddenIn(place: ParentNode): Readonly<Record<string, string>> {
  const inputs = all('input[type="hidden" i][name]', place);
  return Object.fromEntries(inputs.map(({ attribs }) => [attribs.name, attribs.value ?? ""]));
}

/** A page as a browser without scripts has it, without the banner. */
function pageOf(html: string): ParentNode {
  const document = parse(html, { treeAdapter: adapter });
  for (const banner of all("guise-banner", document)) adapter.detachNode(banner);
  return document;
}

function all(selector: string, place: ParentNode): readonly Element[] {
  return selectAll<Node, Element>(selector, place);
}

/** What a reader sees of a page, the same on every origin and for everybody who looks. */
export function textOf(html: string, origin: string): string {
  const document = pageOf(html);
  for (const unseen of all("script, style, template", document)) adapter.detachNode(unseen);
  const pieces: string[] = [];
  const left: Node[] = [document];
  for (let node = left.pop(); node !== undefined; node = left.pop()) {
    if (adapter.isTextNode(node)) pieces.push(node.data);
    else if ("children" in node) left.push(...node.children.toReversed());
  }
  return (
    pieces
      .join(" ")
      // Whose page it is stands before the app's own title.
      .replace(/^(\s*)as [^·]*? · /i, "$1")
      .replaceAll(origin, "")
      .replaceAll(new URL(origin).host, "")
      .replace(/\s+/g, " ")
      .trim()
  );
}
