import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";

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
  const shown = html.replace(/<guise-banner\b[\s\S]*?<\/guise-banner>/gi, "");
  const forms = shown.match(/<form\b[\s\S]*?<\/form>/gi) ?? [];
  const here = new URL(page, "http://site.test");
  const leads = (form: string) => {
    const { pathname, search } = new URL(
      attributeOf(form.slice(0, form.indexOf(">")), "action") || page,
      here,
    );
    return pathname + search === action;
  };
  const form = forms.find(leads);
  return form === undefined ? tokensIn(shown) : hiddenIn(form);
}

/** Those that scripts of the site read: of a page of Rails or Laravel, or hidden fields that are called so. */
function tokensIn(html: string): Readonly<Record<string, string>> {
  const [, token] = /<meta name="csrf-token" content="([^"]+)"/.exec(html) ?? [];
  const [, name = "_token"] = /<meta name="csrf-param" content="([^"]+)"/.exec(html) ?? [];
  if (token !== undefined) return { [name]: token };
  return Object.fromEntries(Object.entries(hiddenIn(html)).filter(([name]) => /token/i.test(name)));
}

/** The fields that stand hidden in a page; of two with one name the last. */
function hiddenIn(html: string): Readonly<Record<string, string>> {
  const inputs = html.match(/<input[^>]*type=["']?hidden["']?[^>]*>/gi) ?? [];
  return Object.fromEntries(inputs.map((it) => [attributeOf(it, "name"), attributeOf(it, "value")]));
}

function attributeOf(tag: string, attribute: string): string {
  return new RegExp(`\\s${attribute}=["']([^"']*)["']`).exec(tag)?.[1]?.replaceAll("&amp;", "&") ?? "";
}

/** What a reader sees of a page, the same on every origin and for everybody who looks. */
export function textOf(html: string, origin: string): string {
  return (
    html
      .replace(/<!--[\s\S]*?-->/g, "")
      // Whose page it is stands before the app's own title.
      .replace(/(<title[^>]*>)as [^<]*? &#183; /i, "$1")
      .replace(/<(script|style|template|guise-banner)\b[\s\S]*?<\/\1>/gi, "")
      .replaceAll(origin, "")
      .replaceAll(new URL(origin).host, "")
      .replace(/<[^>]+>/g, " ")
      .replace(/\s+/g, " ")
      .trim()
  );
}
