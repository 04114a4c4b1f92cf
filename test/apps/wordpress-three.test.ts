// Needs: WordPress
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import type { Page } from "playwright-core";
import t from "tap";
import { app } from "../../src/app.ts";
import { browser } from "../fixtures/browser/browser.ts";
import { wordPress } from "../fixtures/real-apps/wordpress.ts";
import { ear, toldOf } from "../fixtures/servers/ear.ts";
import { freePort } from "../fixtures/servers/port.ts";
import { ready } from "../page/stage.ts";
import { supportTool } from "./support-tool.ts";

const STEPS = 50;
const PATHS = ["/wp-admin/profile.php", "/wp-admin/", "/", "/?s=guise"];

const people = await supportTool(t, "staff=alice");
const blog = await wordPress();
t.teardown(() => blog.stop());
const { olga, nuno, rita } = blog.users;
const customers = [olga, nuno, rita];
const wire = await ear(Number(new URL(blog.origin).port));
t.teardown(() => wire.stop());
const chromium = await browser();
t.teardown(() => chromium.close());
const data = await mkdtemp(join(tmpdir(), "guise-test-"));
const [config, port] = [join(data, "routes.config.yaml"), await freePort()];
const url = `http://localhost:${port}`;
const users = customers.map(
  ({ id, name, email }) => `"${id}": { name: ${name}, email: ${email}, groups: [customer] }`,
);
await writeFile(
  config,
  `upstream: http://127.0.0.1:${wire.port}
token: { audience: blog }
isolation: { host: { parent: view.localhost } }
console: { origin: "http://guise.localhost:${port}", app: "${url}" }
identity: [{ whoami: { url: "${people}/", cookies: [staff], user: { id: /id, name: /name, groups: /groups } } }]
agents: [{ groups: [support], mayBe: { notInGroups: [support] }, mode: write }]
administrators: { groups: [support] }
users: { map: { ${users.join(", ")} } }
`,
);
const log = pino({ level: process.env.GUISE_LOG ?? "fatal" });
const gateway = await app({ config, port, host: "127.0.0.1", adminPort: 0, data, env: process.env, log });
t.teardown(async () => {
  await gateway.close();
  await rm(data, { recursive: true, force: true });
});
await blog.trust({ jwks: `${url}/.guise/jwks.json`, audience: "blog" });

t.test(`three people of WordPress in three tabs, ${STEPS} steps in turn, and nothing is mixed`, async (t) => {
  const context = await chromium.newContext();
  await context.addCookies([{ name: "staff", value: "alice", url, httpOnly: true, sameSite: "Lax" }]);
  const tabs: { readonly who: (typeof customers)[number]; readonly page: Page; readonly origin: string }[] =
    [];
  for (const who of customers) {
    const page = await context.newPage();
    await page.goto(`${url}/.guise/as/${who.id}?to=/wp-admin/profile.php`);
    await page.click("main button");
    await ready(page);
    await page.evaluate(`localStorage.setItem("whose", "${who.id}")`);
    tabs.push({ who, page, origin: new URL(page.url()).origin });
  }
  t.equal(new Set(tabs.map(({ origin }) => origin)).size, 3, "each has a host of its own");
  for (let n = 0; n < STEPS; n += 1) {
    const { who, page, origin } = tabs[(n * 7 + Math.floor(n / 5)) % 3] as (typeof tabs)[number];
    const path = PATHS[n % PATHS.length] ?? "/";
    const before = wire.heard.length;
    // What a page loads goes on while the next step is done in another tab.
    await page.goto(origin + path, { waitUntil: "domcontentloaded" });
    const own = wire.heard.slice(before).filter(({ line }) => line === `GET ${path}`);
    t.same(own.map(toldOf), [who.id], `step ${n}: GET ${path} of ${who.login}`);
    if (path === "/wp-admin/profile.php") t.equal(await page.inputValue("#email"), who.email);
    t.equal(await page.evaluate(`localStorage.getItem("whose")`), who.id, "its own storage");
  }
  for (const { who, page, origin } of tabs) {
    const other = tabs.find((it) => it.who !== who);
    await page.goto(`${origin}/wp-admin/profile.php`);
    t.notMatch(await page.locator("#wpbody").innerText(), other?.who.email ?? "?", "nobody else's page");
  }
  // WordPress names these cookies by the id of whose they are.
  const owned = wire.heard.flatMap((one) =>
    [...one.head.matchAll(/wp-settings-(?:time-)?(\d+)=/g)].map(([, id = ""]) => ({ id, sub: toldOf(one) })),
  );
  t.ok(owned.length >= STEPS / 2, `cookies of their own were sent (${owned.length})`);
  t.same(
    owned.filter(({ id, sub }) => id !== sub),
    [],
    "no cookie of one went with a request of another",
  );
  const sessions = await context.newPage();
  await sessions.goto(`http://guise.localhost:${port}/.guise/sessions`);
  t.equal(await sessions.locator(".running tbody tr").count(), 3, "the console shows them side by side");
  const row = sessions.locator(".running tbody tr", { hasText: nuno.name });
  await row.getByRole("button").click();
  await row.waitFor({ state: "detached" });
  for (const { who, page, origin } of tabs) {
    const answer = await page.goto(`${origin}/wp-admin/profile.php`);
    t.equal(answer?.status() === 200, who !== nuno, `${who.login} ${who === nuno ? "is ended" : "goes on"}`);
  }
  await context.close();
});
