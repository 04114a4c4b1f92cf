import { brotliCompressSync, gzipSync } from "node:zlib";
import t from "tap";
import type { Impersonation } from "../../../src/domain/impersonation.ts";
import type { HeadPlan } from "../../../src/gateway/http/exchange.ts";
import type { Signed } from "../../../src/gateway/request.ts";
import { impersonatedPlan, inTab, noticePlan } from "../../../src/gateway/response/document.ts";
import { bodyAfter, head } from "../../fixtures/apps/plan.ts";
import { aConsent, HOUR } from "../../fixtures/gateway/consent.ts";
import { ALICE, CLICK, FETCH, impersonate, signed, valuesOf } from "../../fixtures/gateway/stages.ts";
import { type TestServices, testServices, YAML } from "../../fixtures/gateway/test-services.ts";

const PAGE = "<!doctype html><html><head><title>x</title></head><body><p>hi</p></body></html>";

function plan(status: number, ...headers: readonly string[]): HeadPlan {
  return { ...head(status, ...headers), transform: null };
}

async function impersonatedRequest(
  it: TestServices,
  request: readonly string[] = ["GET /x?y", ...CLICK],
): Promise<Signed> {
  const { cookie } = await impersonate(it);
  return await signed(it, [...request, ...ALICE, cookie]);
}

function isDocument(request: Signed, answer: HeadPlan): boolean {
  return inTab(request, answer)?.kind === "page";
}

/** The document under the banner. */
async function marked(it: TestServices, request: Signed, answer: HeadPlan, body: string | Uint8Array = PAGE) {
  if (request.effects.impersonation === null) throw new Error("there is no impersonation");
  const made = impersonatedPlan(it.services, request, request.effects.impersonation, answer);
  return { ...made, text: await bodyAfter(made, body) };
}

t.test("a document is HTML that a navigation shows in the tab itself", async (t) => {
  const it = await testServices(t);
  const request = await impersonatedRequest(it);
  const is = (...headers: readonly string[]) => isDocument(request, plan(200, ...headers));
  for (const type of [
    "text/html",
    "TEXT/HTML; charset=x",
    " text/html ;x",
    "application/xhtml+xml",
    "text/html,",
  ])
    t.equal(is("Content-Type", type), true, type);
  for (const type of [
    "text/plain",
    "application/json",
    "text/htmlx",
    "x-text/html",
    "application/xml",
    "image/svg+xml",
  ])
    t.equal(is("Content-Type", type), false, type);
  t.equal(is(), false);
});

t.test("of several types one that is HTML is enough", async (t) => {
  const it = await testServices(t);
  const request = await impersonatedRequest(it);
  t.equal(isDocument(request, plan(200, "Content-Type", "text/plain, text/html")), true);
  t.equal(isDocument(request, plan(200, "Content-Type", "text/plain", "content-type", "text/html")), true);
  const made = await marked(
    it,
    request,
    plan(200, "Content-Type", "text/plain", "content-type", "text/html"),
  );
  t.match(made.text, "guise-banner");
});

t.test("an attachment is no page, an inline one is", async (t) => {
  const it = await testServices(t);
  const request = await impersonatedRequest(it);
  const is = (disposition: string) =>
    isDocument(request, plan(200, "Content-Type", "text/html", "Content-Disposition", disposition));
  t.equal(is('attachment; filename="a.html"'), false);
  t.equal(is("Attachment"), false);
  t.equal(is("inline"), true);
  t.equal(is("inline; filename=attachment.html"), true);
});

t.test("each status that a browser shows is a page, also errors and odd redirects", async (t) => {
  const it = await testServices(t);
  const request = await impersonatedRequest(it);
  const is = (status: number, ...more: readonly string[]) =>
    isDocument(request, plan(status, "Content-Type", "text/html", ...more));
  for (const status of [200, 201, 206, 400, 404, 500, 503]) t.equal(is(status), true, String(status));
  for (const status of [204, 304]) t.equal(is(status), false, String(status));
  for (const status of [301, 302, 303, 307, 308]) {
    t.equal(is(status, "Location", "/a"), false, `${status} is followed`);
    t.equal(is(status), true, `${status} without a Location is shown`);
    t.equal(is(status, "Location", " "), true, `${status} with an empty one as well`);
  }
  for (const status of [300, 305, 306, 399])
    t.equal(is(status, "Location", "/a"), true, `${status} is never followed`);
});

t.test("what a script or a frame asked for is none", async (t) => {
  const it = await testServices(t);
  const is = async (lines: readonly string[]) =>
    isDocument(await impersonatedRequest(it, ["GET /x", ...lines]), plan(200, "Content-Type", "text/html"));
  t.equal(await is(CLICK), true);
  t.equal(await is(["Accept: text/html,*/*;q=0.8"]), true, "an old browser's navigation");
  t.equal(await is(FETCH), false);
  t.equal(await is(CLICK.map((line) => line.replace("document", "iframe"))), false);
  t.equal(await is(["Accept: text/html,*/*;q=0.8", "X-Requested-With: XMLHttpRequest"]), false);
});

t.test("the banner says who is who, and its forms work without anything else", async (t) => {
  const it = await testServices(t);
  const request = await impersonatedRequest(it);
  const { text } = await marked(it, request, plan(200, "Content-Type", "text/html"));
  t.match(text, "Nuno Almeida");
  t.match(text, "alice");
  t.match(text, 'action="//app.example.com/.guise/stop"');
  t.match(text, "/.guise/elevate?to=%2Fx%3Fy");
  t.notMatch(text, /_csrf|name="to"/, "there is nothing in it that a script of the page could use");
  t.ok(text.endsWith("<p>hi</p></body></html>"), "the page itself is as it was");
});

t.test("changes can be allowed where the config lets them be, and given back while they are", async (t) => {
  const it = await testServices(t);
  const offers = async (request: Signed) => {
    const { text } = await marked(it, request, plan(200, "Content-Type", "text/html"));
    return [/\/elevate\?to=/.test(text), /\/lower\?to=/.test(text)];
  };
  const request = await impersonatedRequest(it);
  t.same(await offers(request), [true, false]);
  const { impersonation } = request.effects;
  if (impersonation === null) throw new Error("there is no impersonation");
  const under = (more: Partial<Impersonation>) => ({
    ...request,
    effects: { ...request.effects, impersonation: { ...impersonation, ...more } },
  });
  t.same(await offers(under({ writeUntil: it.clock.now() + 60_000 })), [false, true]);
  t.same(await offers(under({ mode: "write" })), [false, false]);
  const strict = await testServices(t, YAML.replace("    elevate: { for: 10m }\n", ""));
  const without = await marked(
    strict,
    await impersonatedRequest(strict),
    plan(200, "Content-Type", "text/html"),
  );
  t.notMatch(without.text, /\/elevate\?to=/);
});

t.test("what would be wrong once the page is written to is gone", async (t) => {
  const it = await testServices(t);
  const wrong = [
    "Content-Length",
    "Content-MD5",
    "Digest",
    "Content-Digest",
    "Repr-Digest",
    "Accept-Ranges",
    "ETag",
    "Last-Modified",
  ];
  const answer = plan(200, ...wrong.flatMap((name) => [name, "1"]), "Content-Type", "text/html", "X-A", "1");
  const { headers } = await marked(it, await impersonatedRequest(it), answer);
  t.same(headers, ["X-A", "1", "Content-Type", "text/html", "Accept-Ranges", "none"]);
});

t.test("a page that comes compressed all the same is decoded", async (t) => {
  const it = await testServices(t);
  const request = await impersonatedRequest(it);
  const codings = { gzip: gzipSync(PAGE), br: brotliCompressSync(PAGE) };
  for (const [coding, bytes] of Object.entries(codings)) {
    const made = await marked(
      it,
      request,
      plan(200, "Content-Type", "text/html", "Content-Encoding", coding),
      bytes,
    );
    t.same(valuesOf(made.headers, "content-encoding"), []);
    t.match(made.text, /guise-banner.*<p>hi<\/p>/s, coding);
  }
});

t.test("a page that can't be marked is not shown", async (t) => {
  const it = await testServices(t);
  const request = await impersonatedRequest(it);
  const answer = (coding: string) => plan(200, "Content-Type", "text/html", "Content-Encoding", coding);
  await t.rejects(marked(it, request, answer("compress")), { code: "page-unmarkable" });
  await t.rejects(marked(it, request, answer("gzip"), PAGE), { code: "upstream-protocol" });
  const small = await testServices(t, `${YAML}limits: { pageHead: 1024B }\n`);
  const late = `<!doctype html><head><style>${"x".repeat(5_000)}</style></head><body>hi`;
  await t.rejects(
    marked(small, await impersonatedRequest(small), plan(200, "Content-Type", "text/html"), late),
    {
      code: "page-unmarkable",
    },
  );
});

t.test("HEAD is answered as GET would be, without a body", async (t) => {
  const it = await testServices(t);
  const request = await impersonatedRequest(it, ["HEAD /x", ...CLICK]);
  const made = await marked(it, request, plan(200, "Content-Type", "text/html", "Content-Length", "7"), "");
  t.same([made.headers, made.transform], [["Content-Type", "text/html", "Accept-Ranges", "none"], null]);
});

t.test("the page's policy allows the banner, and nothing else more", async (t) => {
  const it = await testServices(t);
  const policy = "default-src 'none'; form-action 'none'";
  const { headers } = await marked(
    it,
    await impersonatedRequest(it),
    plan(200, "Content-Type", "text/html", "Content-Security-Policy", policy),
  );
  const [amended = ""] = valuesOf(headers, "content-security-policy");
  t.match(amended, /form-action app\.example\.com\/\.guise\//);
  t.match(amended, /script-src-elem app\.example\.com\/\.guise\/client\.js/);
  t.notMatch(amended, /unsafe|\*/);
});

t.test("UTF-16 leaves as UTF-8, and its type says so", async (t) => {
  const it = await testServices(t);
  const body = Buffer.from(`\ufeff${PAGE}`, "utf16le");
  const made = await marked(
    it,
    await impersonatedRequest(it),
    plan(200, "Content-Type", "text/html; charset=utf-16le"),
    body,
  );
  t.same(valuesOf(made.headers, "content-type"), ["text/html; charset=utf-8"]);
  t.match(made.text, /guise-banner.*<p>hi/s);
});

t.test("a name can't break out of the banner", async (t) => {
  const it = await testServices(t);
  const name = `</script><img src=x onerror=alert(1)>"'\u202e\u200b${"x".repeat(500)}`;
  const { cookie } = await impersonate(it, { effectiveUser: { id: "17", name, email: null, groups: [] } });
  const { text } = await marked(
    it,
    await signed(it, ["GET /x", ...CLICK, ...ALICE, cookie]),
    plan(200, "Content-Type", "text/html"),
  );
  t.notMatch(text, /<img|x{201}|\u202e|\u200b/);
});

async function withNotice(it: TestServices, notice: string): Promise<Signed> {
  return await signed(it, ["GET /x", ...CLICK, ...ALICE, `Cookie: guise-notice=${notice}`]);
}

t.test("a notice of ours is shown once; one that is not is only taken away", async (t) => {
  const it = await testServices(t);
  const html = plan(200, "Content-Type", "text/html", "ETag", "x");
  const shown = noticePlan(
    it.services,
    await withNotice(it, it.services.forms.seal("Nuno <b>", it.clock.now())),
    html,
  );
  t.match(valuesOf(shown.headers, "set-cookie"), [/^guise-notice=; Path=\/; Max-Age=0/]);
  t.match(await bodyAfter(shown, PAGE), /Nuno &#60;b&#62;|Nuno &lt;b/);
  for (const notice of ["forged", "a.b.c", it.services.forms.seal("Nuno", it.clock.now() - 400_000)]) {
    const plain = noticePlan(it.services, await withNotice(it, notice), html);
    t.match(valuesOf(plain.headers, "set-cookie"), [/^guise-notice=; Path=\/; Max-Age=0/]);
    t.equal(plain.transform, null);
    t.same(valuesOf(plain.headers, "etag"), ["x"]);
  }
});

t.test("one's own page is never held back for a notice", async (t) => {
  const it = await testServices(t);
  const request = await withNotice(it, it.services.forms.seal("Nuno", it.clock.now()));
  const coded = noticePlan(
    it.services,
    request,
    plan(200, "Content-Type", "text/html", "Content-Encoding", "dcb", "ETag", "x"),
  );
  t.equal(coded.transform, null);
  t.same([valuesOf(coded.headers, "content-encoding"), valuesOf(coded.headers, "etag")], [["dcb"], ["x"]]);
  const part = noticePlan(
    it.services,
    request,
    plan(206, "Content-Type", "text/html", "Content-Range", "bytes 0-1/9"),
  );
  t.equal(part.transform, null, "a part of a page is no page");
  const wide = noticePlan(it.services, request, plan(200, "Content-Type", "text/html; charset=utf-16"));
  t.same([wide.transform, valuesOf(wide.headers, "content-type")], [null, ["text/html; charset=utf-16"]]);
  const small = await testServices(t, `${YAML}limits: { pageHead: 1024B }\n`);
  const late = `<!doctype html><head><style>${"x".repeat(5_000)}</style></head><body>hi`;
  const again = await withNotice(small, small.services.forms.seal("Nuno", small.clock.now()));
  const whole = noticePlan(small.services, again, plan(200, "Content-Type", "text/html"));
  t.equal(await bodyAfter(whole, late), late);
});

t.test("a drawing is a picture in a page of ours", async (t) => {
  const it = await testServices(t);
  const drawing = '<svg xmlns="http://www.w3.org/2000/svg"><script>1</script></svg>';
  const policy = ["Content-Security-Policy", "script-src *", "ETag", "x", "Content-Length", "7"];
  const answer = plan(200, "Content-Type", "image/svg+xml", "Content-Encoding", "gzip", ...policy);
  const made = await marked(it, await impersonatedRequest(it), answer, gzipSync(drawing));
  t.match(
    made.text,
    /^<!doctype html>.*<guise-banner.*src="data:image\/svg\+xml;base64,([A-Za-z0-9+/=]+)">\n$/s,
  );
  const [, encoded = ""] = /base64,([^"]+)/.exec(made.text) ?? [];
  t.equal(Buffer.from(encoded, "base64").toString(), drawing);
  t.same(valuesOf(made.headers, "content-type"), ["text/html; charset=utf-8"]);
  t.match(valuesOf(made.headers, "content-security-policy"), [
    /^default-src 'none'; img-src data:; script-src-elem /,
  ]);
  t.same([valuesOf(made.headers, "etag"), valuesOf(made.headers, "content-encoding")], [[], []]);
  const asked = await impersonatedRequest(it, ["HEAD /x", ...CLICK]);
  t.equal((await marked(it, asked, answer, "")).transform, null);
});

t.test("other XML is shown as its source, and what nobody knows is saved", async (t) => {
  const it = await testServices(t);
  const request = await impersonatedRequest(it);
  const feed = await marked(it, request, plan(200, "Content-Type", "application/xml", "X-A", "1"), "<a/>");
  t.same(feed.headers, [
    "X-A",
    "1",
    "X-Content-Type-Options",
    "nosniff",
    "Content-Type",
    "text/plain; charset=utf-8",
  ]);
  t.equal(feed.text, "<a/>");
  const sxg = await marked(it, request, plan(200, "Content-Type", "application/signed-exchange;v=b3"));
  t.same(valuesOf(sxg.headers, "content-disposition"), ["attachment"]);
  const named = plan(
    200,
    "Content-Type",
    "application/zip",
    "Content-Disposition",
    'inline; filename="a.zip"',
  );
  const zip = await marked(it, request, named);
  t.same(valuesOf(zip.headers, "content-disposition"), ['attachment; filename="a.zip"']);
  const text = plan(200, "Content-Type", "text/plain", "X-Content-Type-Options", "no");
  const plain = await marked(it, request, text);
  t.same(plain.headers, ["Content-Type", "text/plain", "X-Content-Type-Options", "nosniff"]);
});

t.test("a frame is shown in the app's own pages alone, and stays as it is besides", async (t) => {
  const it = await testServices(t);
  const answer = plan(200, "Content-Type", "text/html", "Content-Security-Policy", "default-src *");
  for (const kind of ["iframe", "frame", "object", "embed"]) {
    const request = await impersonatedRequest(it, [
      "GET /x",
      ...CLICK.map((line) => line.replace("document", kind)),
    ]);
    const { headers, text } = await marked(it, request, answer);
    t.same(valuesOf(headers, "content-security-policy"), ["default-src *", "frame-ancestors 'self'"], kind);
    t.equal(text, PAGE);
  }
  const script = await marked(it, await impersonatedRequest(it, ["GET /x", ...FETCH]), answer);
  t.same(script.headers, answer.headers);
});

t.test(
  "the banner says whose yes it runs by: the customer's, a second agent's, or an emergency",
  async (t) => {
    const it = await testServices(t);
    const now = it.clock.now();
    for (const [origin, breakGlass, says] of [
      ["asked", false, "by the customer, until"],
      ["approval", false, "by a second agent, until"],
      ["break-glass", true, "none: an emergency, until"],
    ] as const) {
      const request = await impersonatedRequest(it);
      const { impersonation } = request.effects;
      if (impersonation === null) throw new Error("there is no impersonation");
      const one = aConsent({ id: origin, origin, state: "granted", answeredAt: now, until: now + HOUR });
      const consent = { kind: "known", said: { optedOutAt: null, consents: [one] } } as const;
      const made = impersonatedPlan(
        it.services,
        { ...request, session: { ...request.session, consent } },
        { ...impersonation, consent: { id: origin, breakGlass } },
        plan(200, "Content-Type", "text/html"),
      );
      t.match(await bodyAfter(made, PAGE), says);
    }
  },
);
