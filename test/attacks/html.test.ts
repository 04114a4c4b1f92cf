import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from "node:zlib";
import t from "tap";
import { page, saying, usual } from "../fixtures/attack-app.ts";
import {
  AS,
  CLICK,
  CONFIG,
  INSIDE,
  type Reply,
  request,
  send,
  stand,
  values,
  wear,
} from "../fixtures/attack-stand.ts";

const it = await stand(t);
const cookie = await wear(t, it);
const PAGE = "<!doctype html><html><head><title>x</title></head><body><p>hello</p></body></html>";

/** The page as it is shown under a disguise, unchunked. */
async function shown(fields: readonly string[] = INSIDE): Promise<Reply & { readonly html: string }> {
  const reply = await send(t, it.port, request("GET /page", [...AS.alice, cookie, ...fields]));
  return { ...reply, html: unchunked(reply) };
}

function unchunked({ head, body }: Reply): string {
  if (!/^transfer-encoding: chunked\r$/im.test(head)) return body;
  let text = "";
  for (let at = 0; ; ) {
    const end = body.indexOf("\r\n", at);
    const size = Number.parseInt(body.slice(at, end), 16);
    if (!(size > 0)) return text;
    text += body.slice(end + 2, end + 2 + size);
    at = end + 2 + size + 2;
  }
}

const banners = (html: string) => html.match(/<guise-banner/g)?.length ?? 0;

t.test("HTML-01: a display name is text wherever it is shown", async (t) => {
  const names = [
    "<img src=x onerror=alert(1)>",
    "</script></template></guise-banner><script>alert(1)</script>",
    '"\' onload=alert(1) x="',
    "\u202eevil\u200b",
    "N".repeat(5_000),
  ];
  for (const name of names) {
    const other = await stand(t, {
      config: CONFIG.replace("name: Nuno Almeida", `name: ${JSON.stringify(name.slice(0, 200))}`),
    });
    other.app.answer = () => page(PAGE);
    const started = await send(t, other.port, request("GET /site/1/x", [...AS.alice, ...CLICK]));
    const asked = await send(t, other.port, request("GET /.guise/as/17", [...AS.alice, ...CLICK]));
    for (const reply of [started, asked]) {
      const html = unchunked(reply);
      t.notMatch(html, /<img src=x|<script>alert| onload=alert\(1\) x="/, name.slice(0, 30));
      t.notMatch(Buffer.from(html, "latin1").toString(), /\u202e|\u200b/, "nothing turns or hides text");
    }
  }
});

t.test("HTML-02: the app's policy is widened by what the banner needs and by nothing else", async (t) => {
  const policies = [
    "script-src 'nonce-abc'",
    "default-src 'none'",
    "style-src 'none'",
    "require-trusted-types-for 'script'; trusted-types none",
    "script-src 'strict-dynamic' 'nonce-x'",
  ];
  for (const policy of policies) {
    it.app.answer = () =>
      page(PAGE, `Content-Security-Policy: ${policy}`, `Content-Security-Policy-Report-Only: ${policy}`);
    const { head, html } = await shown();
    const [amended = ""] = values(head, "Content-Security-Policy");
    t.equal(banners(html), 1, policy);
    t.notMatch(amended, /unsafe-|\*|data:|https?:(?:\s|;|$)/, policy);
    t.same(values(head, "Content-Security-Policy-Report-Only"), [policy], "what only reports stays");
  }
  it.app.answer = () =>
    page(
      PAGE.replace(
        "<title>",
        `<meta http-equiv="Content-Security-Policy" content="default-src 'none'"><title>`,
      ),
    );
  t.equal(banners((await shown()).html), 1, "a policy in the page");
});

t.test("HTML-04: only a document in the tab itself is written to", async (t) => {
  const json = '{"a":"<html><body>"}';
  const untouched: readonly (readonly [what: string, answer: string, fields: readonly string[]])[] = [
    ["JSON", saying(json, "Content-Type: application/json"), INSIDE],
    [
      "a fragment for a script",
      page("<p>part"),
      ["Sec-Fetch-Dest: empty", "Sec-Fetch-Mode: cors", "Accept: text/html"],
    ],
    ["htmx", page("<p>part"), ["HX-Request: true", "X-Requested-With: XMLHttpRequest", "Accept: text/html"]],
    ["an attachment", page(PAGE, 'Content-Disposition: attachment; filename="x.html"'), INSIDE],
    ["PDF", saying("%PDF-1.7", "Content-Type: application/pdf"), INSIDE],
    ["plain text", saying(PAGE, "Content-Type: text/plain"), INSIDE],
  ];
  for (const [what, answer, fields] of untouched) {
    it.app.answer = () => answer;
    const { html } = await shown(fields);
    t.equal(html, answer.slice(answer.indexOf("\r\n\r\n") + 4), what);
  }
  const xhtml =
    '<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"><head><title>x</title></head><body><p/></body></html>';
  it.app.answer = () => saying(xhtml, "Content-Type: application/xhtml+xml");
  const { html } = await shown();
  t.equal(banners(html), 1);
  t.notMatch(html, /<[a-z-]+ [^>]*\s(?:hidden|open|disabled)[\s>]/, "no attribute without a value in XHTML");
});

t.test("HTML-05: a compressed page is unpacked within limits, or not shown", async (t) => {
  const codings = { gzip: gzipSync, br: brotliCompressSync, deflate: deflateSync, zstd: zstdCompressSync };
  for (const [name, pack] of Object.entries(codings)) {
    it.app.answer = () => page(pack(Buffer.from(PAGE)).toString("latin1"), `Content-Encoding: ${name}`);
    const { head, html } = await shown();
    t.equal(banners(html), 1, name);
    t.same(values(head, "Content-Encoding"), [], name);
  }
  const small = await stand(t, { config: `${CONFIG}limits: { pageDecoded: 1MB }\n` });
  const worn = await wear(t, small);
  const spoilt = {
    "many layers": page("x", `Content-Encoding: ${new Array(50).fill("gzip").join(", ")}`),
    "an unknown coding": page("x", "Content-Encoding: rot13"),
    "bytes that are none": page("not gzip", "Content-Encoding: gzip"),
  };
  for (const [what, answer] of Object.entries(spoilt)) {
    small.app.answer = () => answer;
    const reply = await send(t, small.port, request("GET /page", [...AS.alice, worn, ...INSIDE]));
    t.equal(reply.status, 502, what);
    t.match(reply.body, /page-unmarkable|upstream-protocol/, what);
  }
  // What is too long is found out when its beginning is shown already: it is cut off, and never looks whole.
  small.app.answer = () =>
    page(gzipSync(Buffer.alloc(30_000_000)).toString("latin1"), "Content-Encoding: gzip");
  const cut = await send(t, small.port, request("GET /page", [...AS.alice, worn, ...INSIDE]));
  t.ok(cut.body.length < 3_000_000, "no more than the limit");
  t.notOk(cut.body.endsWith("0\r\n\r\n"), "and not as a whole page");
});

t.test("HTML-06: one banner in whatever is a page, and not a byte changed besides", async (t) => {
  const documents = [
    PAGE,
    "<p>no body",
    "",
    "<!-- <body> --><title>x</title><p>y",
    "<script>'<body>'</script><p>y",
    "<template><body></template><p>z",
    "\xef\xbb\xbf<!doctype html><body>bom",
    "<body data-x='>'>q",
    `<title>${"t".repeat(100_000)}</title><body>long`,
  ];
  for (const document of documents) {
    it.app.answer = () => page(document);
    const { html } = await shown();
    t.equal(banners(html), 1, document.slice(0, 40));
    const at = html.indexOf("<guise-banner");
    const tail = html.slice(html.lastIndexOf("</guise-banner>") + "</guise-banner>".length);
    t.ok(document.startsWith(html.slice(0, at)), `${document.slice(0, 40)}: what is before is the app's`);
    t.ok(
      document.endsWith(tail.trimStart()) || tail.endsWith(document.slice(-3)),
      `${document.slice(0, 40)}: and what is behind`,
    );
  }
});

t.test(
  "HTML-07: lengths and digests of the old bytes are gone, and a page carries no secret twice the same",
  async (t) => {
    it.app.answer = () =>
      page(PAGE, 'ETag: "x"', "Digest: sha-256=x", "Content-MD5: x", "Repr-Digest: sha-256=:x:");
    const { head, html } = await shown();
    t.notMatch(head, /^(?:etag|digest|content-md5|repr-digest|content-encoding):/im);
    t.ok(html.length > PAGE.length);
    t.notMatch(html, cookie.slice("Cookie: guise=".length), "the secret of the cookie is in no page");
    t.notMatch(html, /eyJ[\w-]+\.eyJ/, "nor is a token");
    it.app.answer = usual;
  },
);
