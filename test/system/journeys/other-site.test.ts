import { connect } from "node:net";
import { createServer } from "node:tls";
import t from "tap";
import { pressInBanner } from "../../fixtures/browser/banner.ts";
import { hostile } from "../../fixtures/browser/hostile.ts";
import { freePort } from "../../fixtures/servers/port.ts";
import { certificateFor } from "../../fixtures/servers/tunnel-certificate.ts";

// What ends TLS in front of the gateway: browsers take cookies that come from everywhere over https alone.
const front = await freePort();
const url = `https://localhost:${front}`;
const it = await hostile({
  grant: "mode: write",
  config: `publicUrl: ${url}\ntrustedProxies: [127.0.0.1]`,
});
t.teardown(() => it.close());
const ended = createServer(certificateFor(t, "DNS:localhost"), (socket) => {
  const inner = connect(Number(new URL(it.url).port), "127.0.0.1");
  socket.pipe(inner).pipe(socket);
  socket.once("error", () => inner.destroy());
  inner.once("error", () => socket.destroy());
}).listen(front, "127.0.0.1");
t.teardown(() => void ended.close());

const html = (path: string) => `<!doctype html><title>${path}</title><h1>{who} at ${path}</h1>`;
for (const path of ["/", "/payment/return"]) it.app.page(path, html(path));
it.app.page("/u/17/x", {
  body: html("/u/17/x"),
  headers: { "set-cookie": "promo=for17; Path=/; SameSite=None; Secure" },
});
const bank = await hostile({ browser: it.browser });
t.teardown(() => bank.close());
bank.app.page(
  "/",
  `<!doctype html><title>bank</title><a href="${url}/u/17/x">shop</a>
<form method="post" action="${url}/payment/return"><input name="ok" value="1"><button>back to the shop</button></form>`,
);
// Another site is another host: `localhost` is one with every port.
const BANK = `http://127.0.0.1:${bank.app.port}/`;

t.test(
  "SES-05: a form of another site that leads back to the customer's tab doesn't run as the agent",
  async (t) => {
    const context = await it.browser.newContext({ ignoreHTTPSErrors: true });
    await context.addCookies([
      { name: "app", value: "alice", url, httpOnly: true, sameSite: "None", secure: true },
    ]);
    const page = await context.newPage();
    await page.goto(BANK);
    await page.click("a");
    await page.locator("h1", { hasText: "17 at /u/17/x" }).waitFor();
    await page.goto(BANK);
    await page.click("button");
    await page.locator("h1", { hasText: "This tab was opened as somebody else" }).waitFor();
    await it.shot(page, "70-back-from-another-site");
    const asked = it.app.requests.filter(({ path }) => path === "/payment/return");
    t.same(asked, [], "it was sent as nobody");
    await page.click("main a:has-text('To the app')");
    await page.locator("h1", { hasText: "17 at /" }).waitFor();
    await pressInBanner(page, "Stop");
    await page.locator("h1", { hasText: "alice at /" }).waitFor();
    t.same(
      (await context.cookies(url))
        .map(({ name }) => name)
        .filter((name) => !/-(?:notice|before)$/.test(name)),
      ["app"],
      "nothing is left of it but that it was, by which forms of left pages are told",
    );
    await page.goto(BANK);
    await page.click("button");
    await page.locator("h1", { hasText: "alice at /payment/return" }).waitFor();
    await context.close();
  },
);
