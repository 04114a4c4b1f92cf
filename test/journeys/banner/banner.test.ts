import t from "tap";
import { PEOPLE } from "../../fixtures/apps/hostile-app.ts";
import { pressInBanner } from "../../fixtures/browser/banner.ts";
import { hostile } from "../../fixtures/browser/hostile.ts";
import { asNuno, html, open, stands } from "../../fixtures/browser/impersonated-tab.ts";
import { POLICIES } from "../../fixtures/browser/policies.ts";
import { inside } from "../../page/inside.ts";
import { ready } from "../../page/stage.ts";

const NAMES = [
  `<img src=x onerror="window.pwned=1">`,
  "</bdi></template></guise-banner></title><script>window.pwned=1</script>",
  `"><svg/onload=window.pwned=1><style>*{display:none}</style>`,
  "\u202etnegA troppuS\u202c \u2066\u2067\u200b\u200d\ufeffNuno",
  "Z\u0351\u036b\u0343\u036a\u0342\u036b\u033d\u034f\u0334\u0319\u0324\u031e\u0349\u035a\u032f\u031e\u0320\u034da\u036b\u0357\u0334\u0362\u0335\u031c\u0330\u0354".repeat(
    8,
  ),
  "A".repeat(320),
  "\u0645\u062d\u0645\u062f \u0639\u0628\u062f \u0627\u0644\u0644\u0647 (Support)",
  "\u200b\u2060\u3164",
  "{{constructor.constructor('window.pwned=1')()}} $1 %s &lt;b&gt;",
];
const people = {
  ...PEOPLE,
  ...Object.fromEntries(
    NAMES.map((name, at) => [`h${at}`, { name, email: `h${at}@x.example`, groups: ["customer"] }]),
  ),
};
const it = await hostile({ people });
t.teardown(() => it.close());
it.app.page("/", html(""));
const LINES = "<p>Lorem ipsum dolor sit amet.</p>".repeat(60);

/** What is on record of banners that could not be kept. */
async function losses(): Promise<readonly string[]> {
  const denied = await it.recorded("impersonation.denied");
  return denied.map(({ message }) => message ?? "").filter((message) => message.startsWith("banner-lost"));
}

t.test("HTML-01: nobody's name gets out of its place, in the banner or on our own pages", async (t) => {
  const context = await it.person("alice", { viewport: { width: 390, height: 700 } });
  const page = await context.newPage();
  for (const at of NAMES.keys()) {
    await page.goto(`${it.url}/.guise/as/h${at}`);
    t.equal(
      await page.evaluate("document.documentElement.scrollWidth"),
      390,
      `${at}: the page that asks stays in its frame`,
    );
    t.notMatch(await page.title(), /[\u202a-\u202e\u2066-\u2069\u200b]/u, `${at}: no turned title`);
    if (at === 5) await it.shot(page, "40-long-name-asked");
    await page.click("main button");
    await page.waitForURL(`${it.url}/`);
    await ready(page);
    await stands(t, page, String(at));
    t.equal(await page.evaluate("document.documentElement.scrollWidth"), 390);
    t.equal(await page.evaluate("typeof window.pwned"), "undefined");
    t.equal(await page.evaluate("document.querySelectorAll('guise-banner').length"), 1);
    await it.shot(page, `41-name-${at}`);
  }
  await page.goto(`${it.url}/.guise/elevate`);
  await page.goto(`${it.url}/.guise/start?q=x.example`);
  t.equal(await page.locator("main li").count(), NAMES.length);
  t.equal(
    await page.evaluate("document.documentElement.scrollWidth"),
    390,
    "the list of people stays in its frame",
  );
  t.equal(await page.evaluate("typeof window.pwned"), "undefined");
  await page.screenshot({ path: "test/journeys/screenshots/42-names-found.png", fullPage: true });
  await context.close();
});

t.test(
  "HTML-02: under every policy, in a header or a meta, the banner is whole and the app's own rules hold",
  async (t) => {
    const { context, page } = await asNuno(it);
    const own = "<script>window.inline=1</script><p onclick='1' style='color:rgb(1,2,3)'>styled</p>";
    for (const [name, policy] of POLICIES) {
      for (const where of ["header", "meta"]) {
        const escaped = policy.replaceAll("'", "&#39;");
        const head =
          where === "meta" ? `<meta http-equiv="Content-Security-Policy" content="${escaped}">` : "";
        const headers = where === "header" ? { "content-security-policy": policy } : {};
        await open(it, page, "/policy", { body: html(own, head), headers });
        await ready(page);
        await stands(t, page, `${name} in a ${where}`);
        const forbids = /script-src|default-src/.test(policy);
        t.equal(
          await page.evaluate("typeof window.inline"),
          forbids ? "undefined" : "number",
          "the app's inline script is as before",
        );
        const styled = await page.evaluate("getComputedStyle(document.querySelector('p')).color");
        t.equal(styled === "rgb(1, 2, 3)", !/style-src|default-src/.test(policy), "so is its inline style");
      }
    }
    await pressInBanner(page, "Stop");
    await page.locator("h1", { hasText: "alice" }).waitFor();
    await context.close();
  },
);

t.test("a policy that only reports stays as it was, and nobody is told of the banner", async (t) => {
  const { context, page } = await asNuno(it);
  const policy = "default-src 'self'; report-uri /csp";
  await open(it, page, "/report-only", {
    body: html(""),
    headers: { "content-security-policy-report-only": policy },
  });
  await ready(page);
  const response = await page.reload();
  t.equal(response?.headers()["content-security-policy-report-only"], policy);
  await context.close();
});

t.test("in a sandbox the banner leads out, with and without scripts allowed", async (t) => {
  for (const policy of ["sandbox", "sandbox allow-scripts", "sandbox allow-scripts allow-same-origin"]) {
    const { context, page } = await asNuno(it);
    await open(it, page, "/sandbox", { body: html(LINES), headers: { "content-security-policy": policy } });
    const banner = await inside(page);
    await stands(t, page, policy);
    await banner.click("summary");
    await banner.click(".way");
    await page.locator("h1", { hasText: "Stop viewing as somebody else?" }).waitFor();
    await page.click("main button");
    await page.locator("h1", { hasText: "alice" }).waitFor();
    await context.close();
  }
});

t.test("isolation headers of the app don't keep the banner out", async (t) => {
  const { context, page } = await asNuno(it);
  const headers = {
    "cross-origin-embedder-policy": "require-corp",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "integrity-policy": "blocked-destinations=(script)",
    "origin-agent-cluster": "?1",
    "permissions-policy": "fullscreen=(), publickey-credentials-get=()",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
  };
  await open(it, page, "/isolated", { body: html(""), headers });
  await ready(page);
  await stands(t, page, "isolated");
  await pressInBanner(page, "Stop");
  await page.locator("h1", { hasText: "alice" }).waitFor();
  t.pass("and Stop works without a referrer");
  await context.close();
});

t.test("HTML-03: an app that hides it by every style and throws it out keeps it all the same", async (t) => {
  const { context, page } = await asNuno(it);
  const css = `<style>body, body *, guise-banner { display: none !important; visibility: hidden !important; opacity: 0 !important; all: initial }
    guise-banner { position: static !important; transform: translateX(-9999px) !important; clip-path: inset(50%) !important }
    html { filter: opacity(0.99); overflow: hidden } body { display: block !important; visibility: visible !important }
    #cover { display: block !important; visibility: visible !important; opacity: 1 !important; position: fixed !important; inset: 0; z-index: 2147483647; background: red }</style>`;
  await open(it, page, "/hides", html(`<div id="cover">covered</div>${LINES}`, css));
  await ready(page);
  await stands(t, page, "over all styles");
  await page.evaluate("document.querySelector('guise-banner').remove()");
  await ready(page);
  await page.evaluate(
    "document.documentElement.innerHTML = '<head></head><body><h1>rendered anew</h1></body>'",
  );
  await ready(page);
  await stands(t, page, "after a new document");
  await it.shot(page, "43-hides");
  await context.close();
});

t.test("HTML-03: a page that hides all of itself, with whatever is in it, is left", async (t) => {
  const { context, page } = await asNuno(it);
  await open(it, page, "/blank", html("", "<style>html { display: none !important }</style>"));
  await page.locator("h1", { hasText: "Stop viewing as somebody else?" }).waitFor();
  t.match(await losses(), ["banner-lost: /blank"]);
  await context.close();
});

t.test("HTML-03: where it can't be kept the page is covered or left, and that is on record", async (t) => {
  const { context, page } = await asNuno(it);
  const lost = page.waitForResponse("**/.guise/lost");
  const fight = `<script>addEventListener("load", () => setInterval(() => {
    const it = document.querySelector("guise-banner");
    if (it?.matches(":popover-open")) { it.hidePopover(); it.setAttribute("x", Math.random()); } }, 5))</script>`;
  await open(it, page, "/fights?secret=1", html(fight));
  t.equal((await lost).status(), 204);
  await page.waitForFunction(
    "document.activeElement?.localName === 'guise-banner' || location.pathname === '/.guise/stop'",
  );
  await it.shot(page, "44-covered");
  const record = (await it.recorded("impersonation.denied")).at(-1);
  t.match(record, { message: "banner-lost: /fights", user: { id: "alice", effective: { id: "17" } } });
  await page.goto(`${it.url}/.guise/stop`);
  await page.click("main button");
  await page.locator("h1", { hasText: "alice" }).waitFor();
  await context.close();
});

t.test("nobody else's page can say that a banner was lost", async (t) => {
  const { context } = await asNuno(it);
  const before = await losses();
  const foreign = await context.request.post(`${it.url}/.guise/lost`, {
    form: { path: "/x" },
    headers: { origin: "http://evil.example" },
  });
  t.equal(foreign.status(), 403);
  t.strictSame(await losses(), before);
  await context.close();
});

t.test("fixed headers, right to left, print, forced colours and 320 px", async (t) => {
  const app = `<style>body{margin:0}header{position:fixed;inset:0 0 auto;height:56px;background:#223;color:#fff}main{padding-top:56px}</style>
    <header><a id="brand" href="/">Brand</a></header><main>${LINES}</main>`;
  for (const [name, options, attributes] of [
    ["desktop", {}, ""],
    ["right-to-left", {}, ' dir="rtl"'],
    ["phone", { viewport: { width: 320, height: 560 } }, ""],
    ["forced-colours", { forcedColors: "active" }, ""],
    ["dark", { colorScheme: "dark" }, ""],
  ] as const) {
    const { context, page } = await asNuno(it, options);
    await open(
      it,
      page,
      "/fixed",
      `<!doctype html><html lang="en"${attributes}><meta name="viewport" content="width=device-width"><title>a</title><body>${app}`,
    );
    await ready(page);
    await page.waitForFunction("(document.querySelector('header')?.getBoundingClientRect().top ?? 0) > 30");
    const { box } = await (await inside(page)).uppermost();
    t.equal(
      Math.round((await page.locator("header").boundingBox())?.y ?? 0),
      Math.round(box.height),
      `${name}: the app's header is below`,
    );
    t.equal(
      await page.evaluate("document.documentElement.scrollWidth <= innerWidth"),
      true,
      `${name}: nothing runs over`,
    );
    await page.click("#brand", { trial: true });
    await it.shot(page, `45-${name}`);
    if (name === "desktop") {
      await page.emulateMedia({ media: "print" });
      await page.waitForFunction("document.querySelector('guise-banner:popover-open') === null");
      const [bar, text] = [
        await (await inside(page)).box(".bar"),
        await page.locator("main p").first().boundingBox(),
      ];
      t.ok(bar.height > 20 && bar.y + bar.height <= (text?.y ?? 0), "on paper it stands before the text");
      await page.screenshot({ path: "test/journeys/screenshots/46-print.png" });
    }
    await context.close();
  }
});
