import type { Page } from "playwright-core";
import t from "tap";
import { hostile } from "../../fixtures/browser/hostile.ts";
import { inside } from "../../page/inside.ts";
import { ready } from "../../page/stage.ts";

const it = await hostile({
  config: `rules:
  - { path: "/pay{/*rest}", methods: [POST], deny: "Bezahlen darf nur {effectiveUser.name} – „selbst“." }`,
});
t.teardown(() => it.close());

/** An app whose scripts say nothing of an error: one waits for ever, one puts into its page whatever comes. */
const PAGE = `<!doctype html><html lang="en"><head><title>App</title></head><body><h1>{who} at x</h1><div id="spot"></div>
<script>
  window.byFetch = (path, init) => fetch(path, { method: "POST", ...init }).then(async (answer) => [answer.status, answer.headers.get("content-type"), await answer.text()]);
  window.byXhr = (path) => new Promise((resolve) => {
    const request = new XMLHttpRequest();
    request.open("DELETE", path);
    request.setRequestHeader("Accept", "text/html, */*; q=0.01");
    request.setRequestHeader("X-Requested-With", "XMLHttpRequest");
    request.onload = () => { document.querySelector("#spot").innerHTML = request.responseText; resolve(request.status); };
    request.send();
  });
</script></body></html>`;
it.app.page("/u/17/x", PAGE);
it.app.page("/forged", {
  body: "{}",
  type: "application/json",
  headers: { "x-guise-refused": "denied Pay%20here" },
});

async function opened(): Promise<Page> {
  const page = await it.fromTicket(await it.person("alice"), "/u/17/x");
  await ready(page);
  return page;
}

/** What the banner says of refusals; null if it says nothing. */
async function said(page: Page): Promise<string | null> {
  return await (await inside(page)).call<string | null>(
    ".refused",
    "return this.hidden ? null : this.querySelector('span').textContent;",
  );
}

t.test("a script's request that is refused is problem JSON, and the banner says why", async (t) => {
  const page = await opened();
  t.equal(await said(page), null);
  const [status, type, body] = (await page.evaluate("byFetch('/cart')")) as [number, string, string];
  t.equal(status, 403);
  t.match(type, /^application\/problem\+json/);
  t.match(JSON.parse(body), { code: "read-only", detail: /Only looking is allowed/ });
  t.match(await said(page), /^Not done: Only looking is allowed/);
  await it.shot(page, "60-refused");
  const box = await (await inside(page)).box(".refused");
  t.ok(box.height > 0 && box.width > 0, "where it can be seen");
  await page.evaluate("byFetch('/cart')");
  t.match(await said(page), /^Not done \(2 requests\): /);
  await (await inside(page)).click(".refused button");
  t.equal(await said(page), null);
  await page.context().close();
});

t.test("a rule's own sentence is said in its own letters", async (t) => {
  const page = await opened();
  await page.evaluate("byFetch('/pay/now')");
  t.equal(await said(page), "Not done: Bezahlen darf nur Nuno Almeida – „selbst“.");
  await page.context().close();
});

t.test("a script that puts HTML into its page gets a few words that fit there", async (t) => {
  const page = await opened();
  t.equal(await page.evaluate("byXhr('/items/7')"), 403);
  const spot = page.locator("#spot .guise-refused");
  t.match(await spot.innerText(), /Only looking is allowed while you view the app as somebody else/);
  t.equal(await spot.getAttribute("data-guise-refused"), "read-only");
  t.match(await said(page), /^Not done: Only looking is allowed/);
  for (const headers of [{ Accept: "text/html" }, { "HX-Request": "true" }, { "Turbo-Frame": "cart" }]) {
    const init = JSON.stringify({ headers });
    const [status, type, body] = (await page.evaluate(`byFetch('/cart', ${init})`)) as [
      number,
      string,
      string,
    ];
    t.same([status, type], [403, "text/html; charset=utf-8"], init);
    t.notMatch(body, /<guise-banner|<html|<script/);
    t.equal(body.startsWith('<turbo-frame id="cart">'), "Turbo-Frame" in headers);
  }
  await page.context().close();
});

t.test("the app can put no words into the banner, and what succeeds is not spoken of", async (t) => {
  const page = await opened();
  const header = await page.evaluate(
    "fetch('/forged').then((answer) => answer.headers.get('x-guise-refused'))",
  );
  t.equal(header, null);
  t.equal(await said(page), null);
  await page.context().close();
});
