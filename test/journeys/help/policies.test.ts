import t from "tap";
import { bodyOf, httpApp } from "../../fixtures/apps/upstream.ts";
import { browser } from "../../fixtures/browser/browser.ts";
import { POLICIES } from "../../fixtures/browser/policies.ts";
import { frontConfig, frontOf } from "../../fixtures/gateway/front.ts";

const tickets: string[] = [];
const helpdesk = await httpApp(t, async (request, response) => {
  tickets.push((await bodyOf(request)).toString("utf8"));
  response.end();
});
/** A page whose policy its address says. */
const app = await httpApp(t, (request, response) => {
  const { searchParams } = new URL(request.url ?? "/", "http://app.invalid");
  const [policy, where] = [searchParams.get("policy") ?? "", searchParams.get("where")];
  const escaped = policy.replaceAll("'", "&#39;");
  const head = where === "meta" ? `<meta http-equiv="Content-Security-Policy" content="${escaped}">` : "";
  if (where === "header") response.setHeader("content-security-policy", policy);
  response.setHeader("content-type", "text/html; charset=utf-8");
  response.end(
    `<!doctype html><html lang="en"><head>${head}<title>Nuno</title></head><body><h1>Nuno</h1><script>window.inline = 1</script></body></html>`,
  );
});
const yaml = frontConfig(
  app.origin,
  `help: { webhooks: [ { url: "${helpdesk.origin}/" } ], perMinute: 60 }\n`,
).replace("owner: site }", "owner: site, help: true }");
const it = await frontOf(t, yaml);
const chromium = await browser();
t.teardown(() => chromium.close());

t.test(
  "under every policy of the banner's, in a header or a meta, the button is there and what is asked arrives with its picture",
  async (t) => {
    const nuno = await chromium.newContext({ extraHTTPHeaders: { "x-user": "17", "x-groups": "customer" } });
    for (const [name, policy] of POLICIES)
      for (const where of ["header", "meta"]) {
        const called = `${name}, in a ${where}`;
        const page = await nuno.newPage();
        await page.goto(`${it.url}/site/1/x?${new URLSearchParams({ policy, where })}`);
        await page.waitForSelector("guise-help", { state: "attached" });
        const box = await page.locator("guise-help").boundingBox();
        await page.mouse.click((box?.x ?? 0) + (box?.width ?? 0) / 2, (box?.y ?? 0) + (box?.height ?? 0) / 2);
        await page.keyboard.type(called);
        await page.keyboard.press("Tab");
        const before = (await page.locator("guise-help").boundingBox())?.height ?? 0;
        await page.keyboard.press("Space");
        // The form grows by the picture; the page may run no script of ours that would wait for it.
        while (((await page.locator("guise-help").boundingBox())?.height ?? 0) <= before) await page.title();
        await page.keyboard.press("Tab");
        await page.keyboard.press("Tab");
        const sent = page.waitForResponse((response) => response.url().endsWith("/.guise/ask-for-help"));
        await page.keyboard.press("Enter");
        const answer = await sent;
        t.equal(answer.status(), 200, called);
        const said = answer.request().postDataJSON() as { readonly screenshot: string | null };
        t.match(said.screenshot, /^data:image\/jpeg;base64,/, `${called}: with its picture`);
        const forbids = /script-src|default-src/.test(policy);
        t.equal(
          await page.evaluate("typeof window.inline"),
          forbids ? "undefined" : "number",
          "the app's own rules hold",
        );
        await page.close();
      }
    await nuno.close();
  },
);

t.test("in a frame and in print there is none", async (t) => {
  const nuno = await chromium.newContext({ extraHTTPHeaders: { "x-user": "17", "x-groups": "customer" } });
  const page = await nuno.newPage();
  await page.goto(`${it.url}/site/1/x`);
  await page.waitForSelector("guise-help", { state: "attached" });
  await page.emulateMedia({ media: "print" });
  t.equal(await page.locator("guise-help").boundingBox(), null, "nothing of it is printed");
  await page.evaluate(`new Promise((loaded) => {
    const frame = document.createElement("iframe");
    frame.onload = loaded;
    frame.src = "/site/1/framed";
    document.body.append(frame);
  })`);
  const [, framed] = page.frames();
  t.equal(await framed?.locator("script[data-guise-help]").count(), 0, "a frame's document is as it came");
  t.equal(await framed?.evaluate("window.inline"), 1);
  await nuno.close();
});
