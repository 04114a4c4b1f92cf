import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from "node:zlib";
import t from "tap";
import { page, saying, usual } from "../fixtures/apps/attack-app.ts";
import { json, service } from "../fixtures/apps/service.ts";
import { pressStop } from "../fixtures/client/attack-requests.ts";
import {
  AS,
  CLICK,
  CONFIG,
  INSIDE,
  impersonate,
  type Reply,
  request,
  send,
  stand,
  values,
} from "../fixtures/gateway/attack-stand.ts";

const it = await stand(t);
const cookie = await impersonate(t, it);
const PAGE = "<!doctype html><html><head><title>x</title></head><body><p>hello</p></body></html>";

/** The page as it is shown under an impersonation, unchunked. */
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
    `${"N".repeat(290)}\u{1f600}end`,
  ];
  for (const name of names) {
    const directory = await service(
      json({ id: "17", name: name.slice(0, 300), email: "n@x", groups: ["customer"] }),
    );
    t.teardown(() => directory.close());
    const other = await stand(t, {
      config: CONFIG.replace(
        /^users:[\s\S]*/m,
        `users: { http: { url: "${directory.url}/{id}" } }\n`,
      ).replace("rules:\n", 'rules:\n  - { path: /sure, confirm: "Do it for {effectiveUser.name}?" }\n'),
    });
    other.app.answer = () => page(PAGE);
    const open = async (target: string, fields: readonly string[]) =>
      await send(t, other.port, request(`GET ${target}`, [...AS.alice, ...fields]));
    const started = await open("/site/1/x", CLICK);
    const cookie = /^Set-Cookie: (guise=[\w-]{43});/im.exec(started.head)?.[1] ?? "";
    const asked = await open("/.guise/as/17", CLICK);
    const sure = await open("/sure", [...INSIDE, `Cookie: ${cookie}`]);
    t.equal(sure.status, 428);
    const ended = await pressStop(t, other, `Cookie: ${cookie}`);
    const notice = /^Set-Cookie: (guise-notice=[^;]+);/im.exec(ended.head)?.[1] ?? "";
    const after = await open("/page", [...INSIDE, `Cookie: ${notice}`]);
    t.match(after.body, /guise/, "the page after tells whom one was");
    const list = await open("/.guise/activity", CLICK);
    t.match(list.body, /17|evil|NNN|img/, "the list of what was done");
    for (const reply of [started, asked, sure, after, list]) {
      const html = unchunked(reply);
      t.notMatch(html, /<img src=x|<script>alert| onload=alert\(1\) x="/, name.slice(0, 30));
      t.notMatch(Buffer.from(html, "latin1").toString(), /\u202e|\u200b/, "nothing turns or hides text");
      t.notMatch(html, /&#8238;|&#x202e;|&#8203;|&#x200b;/i, "not as a reference either");
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

/** As a browser that sends no Fetch Metadata asks for a document. */
const ANY = "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";

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
    ...["Turbo-Frame: x", "X-Up-Version: 3.14.3", "HX-Request: true", "X-Livewire: ", "X-PJAX: true"].map(
      (field) => [`without Fetch Metadata, ${field}`, page("<p>part"), [field, ANY]] as const,
    ),
    ["without Fetch Metadata, a script that wants HTML", page("<p>part"), ["Accept: text/html"]],
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

t.test(
  "HTML-04: what might be shown as a page, and can't be written to, is shown as its source or saved",
  async (t) => {
    const xhtml = '<html xmlns="http://www.w3.org/1999/xhtml"><body>unmarked</body></html>';
    const parts = "--x\r\nContent-Type: text/html\r\n\r\n<p>unmarked</p>\r\n--x--";
    for (const [type, body, disposition] of [
      ["application/xml", xhtml, "inline"],
      ["text/xml; charset=utf-8", xhtml, "inline"],
      ["APPLICATION/RSS+XML", xhtml, "inline"],
      ["multipart/x-mixed-replace; boundary=x", parts, "attachment"],
      ["multipart/x-mixed-replace;boundary=x, image/png", parts, "attachment"],
    ] as const) {
      it.app.answer = () => saying(body, `Content-Type: ${type}`, "Content-Disposition: inline");
      const shownAs = await shown();
      t.same(values(shownAs.head, "Content-Disposition"), [disposition], type);
      t.same(values(shownAs.head, "X-Content-Type-Options"), ["nosniff"]);
      const types = values(shownAs.head, "Content-Type");
      t.same(types, disposition === "inline" ? ["text/plain; charset=utf-8"] : [type], type);
      t.equal(shownAs.html, body, `${type}: as it was`);
      const fetched = await shown(["Sec-Fetch-Dest: empty", "Sec-Fetch-Mode: cors"]);
      t.same(values(fetched.head, "Content-Disposition"), ["inline"], `${type}: a script gets it as ever`);
      const framed = await shown(["Sec-Fetch-Dest: iframe", "Sec-Fetch-Mode: navigate", "Accept: text/html"]);
      t.same(
        values(framed.head, "Content-Disposition"),
        ["inline"],
        `${type}: in a frame the tab has its banner`,
      );
      const own = await send(t, it.port, request("GET /page", [...AS.alice, ...INSIDE]));
      t.same(values(own.head, "Content-Disposition"), ["inline"], `${type}: one's own is shown`);
    }
    it.app.answer = () => saying("<svg xmlns='http://www.w3.org/2000/svg'/>", "Content-Type: image/svg+xml");
    const picture = await shown();
    t.same(
      values(picture.head, "Content-Type"),
      ["text/html; charset=utf-8"],
      "a drawing is a picture in a page",
    );
    t.equal(banners(picture.html), 1, "under the banner");
  },
);

t.test("HTML-05: a compressed page is unpacked within limits, or not shown", async (t) => {
  const codings = { gzip: gzipSync, br: brotliCompressSync, deflate: deflateSync, zstd: zstdCompressSync };
  for (const [name, pack] of Object.entries(codings)) {
    it.app.answer = () => page(pack(Buffer.from(PAGE)).toString("latin1"), `Content-Encoding: ${name}`);
    const { head, html } = await shown();
    t.equal(banners(html), 1, name);
    t.same(values(head, "Content-Encoding"), [], name);
  }
  const small = await stand(t, { config: `${CONFIG}limits: { pageDecoded: 1MB }\n` });
  const cookie = await impersonate(t, small);
  const spoilt = {
    "many layers": page("x", `Content-Encoding: ${new Array(50).fill("gzip").join(", ")}`),
    "an unknown coding": page("x", "Content-Encoding: rot13"),
    "bytes that are none": page("not gzip", "Content-Encoding: gzip"),
  };
  for (const [what, answer] of Object.entries(spoilt)) {
    small.app.answer = () => answer;
    const reply = await send(t, small.port, request("GET /page", [...AS.alice, cookie, ...INSIDE]));
    t.equal(reply.status, 502, what);
    t.match(reply.body, /page-unmarkable|upstream-protocol/, what);
  }
  // What is too long is found out when its beginning is shown already: it is cut off, and never looks whole.
  small.app.answer = () =>
    page(gzipSync(Buffer.alloc(30_000_000)).toString("latin1"), "Content-Encoding: gzip");
  const cut = await send(t, small.port, request("GET /page", [...AS.alice, cookie, ...INSIDE]));
  t.ok(cut.body.length < 3_000_000, "no more than the limit");
  t.notOk(cut.body.endsWith("0\r\n\r\n"), "and not as a whole page");
});

/** Without the words that its title begins with. */
const asTheApps = (html: string) => html.replace(/(<title>)as (?:[^<&]|&#(?!183)\d+;)+ &#183; /, "$1");

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
    const at = html.indexOf('<script async="" crossorigin="" src="//');
    const tail = html.slice(html.lastIndexOf("</guise-banner>") + "</guise-banner>".length);
    t.ok(
      document.startsWith(asTheApps(html.slice(0, at))),
      `${document.slice(0, 40)}: what is before is the app's`,
    );
    t.ok(
      document.endsWith(tail.trimStart()) || tail.endsWith(document.slice(-3)),
      `${document.slice(0, 40)}: and what is behind`,
    );
  }
});

t.test("HTML-06: nor does it matter where the chunks end, or in which charset", async (t) => {
  const wide = (text: string) => Buffer.from(`\ufeff${text}`, "utf16le").toString("latin1");
  const latin = PAGE.replace("hello", "caf\xe9");
  for (const [what, bytes, type] of [
    ["UTF-8", PAGE, "text/html; charset=utf-8"],
    ["windows-1252", latin, "text/html; charset=windows-1252"],
    ["UTF-16", wide(PAGE), "text/html"],
    ["plaintext", "<!doctype html><p>a<plaintext><body></body>", "text/html"],
  ] as const) {
    it.app.answer = (_arrived, socket) => {
      socket.write(`HTTP/1.1 200 OK\r\nContent-Type: ${type}\r\nTransfer-Encoding: chunked\r\n\r\n`);
      for (const byte of bytes) socket.write(`1\r\n${byte}\r\n`, "latin1");
      socket.write("0\r\n\r\n");
      return null;
    };
    const { html } = await shown();
    t.equal(banners(html), 1, what);
    const [before = "", ...rest] = html.split('<script async="" crossorigin="" src="//');
    const after = rest.join("").split("</guise-banner>").at(-1) ?? "";
    const expected = what === "UTF-16" ? PAGE : bytes;
    t.ok(
      expected.startsWith(asTheApps(before).replace(/^\xef\xbb\xbf/, "")),
      `${what}: what is before is the app's`,
    );
    t.ok(expected.endsWith(after.trimStart().slice(-20)), `${what}: and what is behind`);
  }
  const hidden = PAGE.replace("hello", "\x1b$B<body>\x1b(B");
  const fields = `Content-Type: text/html; charset=iso-2022-jp\r\nContent-Length: ${hidden.length}`;
  it.app.answer = () => `HTTP/1.1 200 OK\r\n${fields}\r\n\r\n${hidden}`;
  const { head, html } = await shown();
  t.match(head, /^HTTP\/1\.1 502 /, "ISO-2022-JP hides markup in text");
  t.notMatch(html, "<title>x</title>");
  it.app.answer = usual;
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
    t.notMatch(html, /_csrf/, "nor one of a form");
    it.app.answer = usual;
  },
);
