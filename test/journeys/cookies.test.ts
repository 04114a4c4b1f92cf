import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { BrowserContext } from "playwright-core";
import t from "tap";
import { pressInBanner } from "../fixtures/browser/banner.ts";
import { lastingBrowser } from "../fixtures/browser/browser.ts";
import { front, frontConfig } from "../fixtures/gateway/front.ts";

/** What came to the app: who it was told is there, and with which cookies. */
const seen: { readonly who: string; readonly cookie: string }[] = [];
const YEARS = "Max-Age=15552000; Path=/";

const behind = createServer((request, response) => {
  const who = String(request.headers["x-guise-user"] ?? "self");
  seen.push({ who, cookie: request.headers.cookie ?? "" });
  response.setHeader("set-cookie", [
    `sid=OF-${who}; HttpOnly; ${YEARS}`,
    `remember=OF-${who}; ${YEARS}`,
    `xsrf=OF-${who}; ${YEARS}`,
  ]);
  response.setHeader("content-type", "text/html");
  response.end(`<!doctype html><title>app</title><h1>${who}</h1>`);
});
behind.listen(0, "127.0.0.1");
await once(behind, "listening");
t.teardown(() => behind.close());
const origin = `http://127.0.0.1:${(behind.address() as AddressInfo).port}`;
const profile = await mkdtemp(join(tmpdir(), "guise-profile-"));
t.teardown(() => rm(profile, { recursive: true, force: true }));
const gateway = await front(t, origin);

const open = () => lastingBrowser(profile, { "X-User": "alice", "X-Groups": "support" });
const heading = async (context: BrowserContext, path: string) => {
  const page = await context.newPage();
  await page.goto(`${gateway.url}${path}`);
  return { page, text: await page.locator("h1").first().innerText() };
};
/** No request of the one had a cookie of the other. */
const apart = () =>
  seen.splice(0).every(({ who, cookie }) => !cookie.includes(who === "self" ? "OF-17" : "OF-self"));

t.test("a browser that is closed while viewing is still viewing when it is opened again", async (t) => {
  const first = await open();
  t.equal((await heading(first, "/")).text, "self");
  t.equal((await heading(first, "/site/1")).text, "17");
  t.equal((await heading(first, "/")).text, "17");
  await first.close();

  const second = await open();
  const { page, text } = await heading(second, "/");
  t.equal(text, "17");
  t.equal(await page.evaluate("document.cookie"), "remember=OF-17; xsrf=OF-17", "scripts see what they may");
  t.ok(apart());
  await pressInBanner(page, "Stop");
  // The address is the same before and after.
  await page.locator("h1", { hasText: /^self$/ }).waitFor();
  t.equal((await heading(second, "/")).text, "self");
  t.match(seen.at(-1)?.cookie, /sid=OF-self/, "the agent's own session was never touched");
  t.ok(apart());
  await second.close();
});

t.test("what ended meanwhile is over, and leaves nothing with the agent's own requests", async (t) => {
  const first = await open();
  t.equal((await heading(first, "/site/1")).text, "17");
  t.equal((await heading(first, "/")).text, "17");
  await first.close();
  await writeFile(gateway.config, frontConfig(origin).replace("impersonation: on", "impersonation: off"));
  await gateway.gateway.reload();

  const second = await open();
  const { page, text } = await heading(second, "/");
  t.match(text, /You are no longer viewing as/);
  await page.click("button:has-text('Go on as yourself')");
  await page.locator("h1", { hasText: /^self$/ }).waitFor();
  t.equal(await page.evaluate("document.cookie"), "remember=OF-self; xsrf=OF-self");
  t.match(seen.at(-1), { who: "self", cookie: /^(?!.*OF-17)/ });
  t.ok(apart());
  await second.close();
});
