import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { pino } from "pino";
import type { Page } from "playwright-core";
import t, { type Test } from "tap";
import { app } from "../../../src/app.ts";
import { browser } from "../../fixtures/browser/browser.ts";
import { frontConfig, frontFolder, recordsOf } from "../../fixtures/gateway/front.ts";
import { freePort } from "../../fixtures/servers/port.ts";
import { redisServer } from "../../fixtures/servers/redis.ts";

const MORE = `console: { origin: "http://guise.localhost:PORT" }
administrators: { groups: [admin] }
keys: { data: { fromFile: data.key } }
store: { redis: { url: { fromEnv: TEST_STORE } } }
`;

/** Two gateways before one app, with one Redis; a person is known by the headers of their browser. */
async function two(t: Test) {
  const behind = createServer((request, response) => {
    const who = request.headers["x-guise-user"] ?? request.headers["x-user"];
    response.setHeader("content-type", "text/html").end(`<!doctype html><h1>${who} at ${request.url}</h1>`);
  });
  behind.listen(0, "127.0.0.1");
  await once(behind, "listening");
  t.teardown(() => behind.close());
  const redis = await redisServer();
  t.teardown(() => redis.stop());
  const key = randomBytes(32).toString("hex");
  const upstream = `http://127.0.0.1:${(behind.address() as AddressInfo).port}`;
  const gateways = [];
  for (const port of [await freePort(), await freePort()]) {
    const { data, config } = frontFolder(t, frontConfig(upstream, MORE.replace("PORT", String(port))));
    writeFileSync(join(data, "data.key"), key);
    const env = { ...process.env, TEST_STORE: redis.url };
    const log = pino({ level: "silent" });
    const one = await app({ config, data, env, log, host: "127.0.0.1", port, adminPort: 0 });
    t.teardown(() => one.close());
    gateways.push({ url: `http://localhost:${port}`, console: `http://guise.localhost:${port}`, data });
  }
  const chromium = await browser();
  t.teardown(() => chromium.close());
  const person = async (id: string, group: string): Promise<Page> => {
    const extraHTTPHeaders = { "x-user": id, "x-groups": group };
    const context = await chromium.newContext({ extraHTTPHeaders });
    context.setDefaultTimeout(15_000);
    return await context.newPage();
  };
  return { gateways, person };
}

/** A click on a link to a customer's page, as in a ticket. */
async function begins(page: Page, url: string, site: string): Promise<void> {
  await page.goto(`${url}/mine`);
  await page.evaluate(
    `document.body.append(Object.assign(document.createElement("a"), { id: "go", href: "/site/${site}", textContent: "go" }))`,
  );
  await page.click("#go");
}

t.test("what runs at one gateway is seen, ended and blocked at the other, live at both", async (t) => {
  const { gateways, person } = await two(t);
  const [one, other] = gateways as [(typeof gateways)[number], (typeof gateways)[number]];
  const [here, there] = [await person("ada", "admin"), await person("ada", "admin")];
  for (const [page, { console }] of [
    [here, one],
    [there, other],
  ] as const) {
    await page.goto(`${console}/.guise/sessions`);
    await page.locator("#running", { hasText: "Nothing is running" }).waitFor();
  }
  const alice = await person("alice", "support");
  await begins(alice, one.url, "1");
  await alice.getByRole("heading", { name: "17 at /site/1" }).waitFor();
  const row = (page: Page) => page.locator(".running tbody tr", { hasText: "Nuno" });
  await row(here).waitFor();
  await row(there).waitFor();

  await row(there).getByRole("button", { name: /^End/ }).click();
  await row(there).waitFor({ state: "detached" });
  await row(here).waitFor({ state: "detached" });
  await alice.goto(`${one.url}/site/1`);
  t.match(await alice.locator("main").innerText(), /ended by an administrator/);
  t.equal(await alice.locator("text=Start again").count(), 0);
  t.match(
    recordsOf(other.data, "impersonation.ended"),
    [{ user: { id: "ada", target: { id: "alice" } } }],
    "the gateway at which it was ended has who did it on record, and whose it was",
  );

  await here.click("text=Keep an agent from impersonating");
  await here.fill("#agent", "alice");
  await here.selectOption("#lasts", { label: "1 hour" });
  await here.fill("#why", "odd searches");
  await here.click("text=End theirs and block");
  for (const page of [here, there]) await page.locator("#running", { hasText: "odd searches" }).waitFor();
  const again = await person("alice", "support");
  await begins(again, other.url, "2");
  t.match(await again.locator("main").innerText(), /An administrator keeps you from viewing/);

  await there.reload();
  await there.click("text=Let alice impersonate again");
  await here.locator("#running", { hasText: "odd searches" }).waitFor({ state: "detached" });
  await begins(again, one.url, "2");
  await again.getByRole("heading", { name: "23 at /site/2" }).waitFor();
});
