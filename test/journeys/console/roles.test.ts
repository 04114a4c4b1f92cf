import type { Page } from "playwright-core";
import t from "tap";
import { journey } from "../../fixtures/browser/journey.ts";

const it = await journey();
t.teardown(() => it.close());
const url = `${it.stack.url}/.guise`;

const pagesOf = async (page: Page) => (await page.locator("nav.pages-of-ours a").allInnerTexts()).join(", ");

/** Alice looks at one of Nuno's pages, Lena at one of Mia's: each is what the other roles look for. */
const alice = await it.person("alice@demo.test");
const viewed = await it.fromTicket(alice, "/site/9421/overview");
await viewed.locator("guise-banner").waitFor();
const lena = await it.person("lena@demo.test");
await (await it.fromTicket(lena, "/site/9511/overview")).locator("guise-banner").waitFor();

t.test("an agent begins at the search, sees what they did themselves and nothing of others", async (t) => {
  const page = await alice.newPage();
  await page.goto(`${url}/`);
  t.equal(new URL(page.url()).pathname, "/.guise/start");
  t.equal(await pagesOf(page), "View as, Activity, Links");
  await page.goto(`${url}/activity?customer=23`);
  t.equal(await page.locator(".records tbody tr").count(), 0, "nothing of Lena's");
  await page.goto(`${url}/sessions`);
  t.match(await page.locator("main").innerText(), /You may not do this/);
});

t.test("a team lead sees what their agents did, and that they looked is on record", async (t) => {
  const page = await lena.newPage();
  await page.goto(`${url}/activity?agent=1`);
  t.equal(await pagesOf(page), "View as, Activity, Links");
  t.match(await page.locator(".records").innerText(), /Alice Support[\s\S]*Nuno Almeida/);
  await page.goto(`${url}/sessions`);
  t.match(await page.locator("main").innerText(), /You may not do this/, "what runs is for others");
});

t.test("an auditor reads all, views nobody, and ends nothing", async (t) => {
  const page = await (await it.person("otto@demo.test")).newPage();
  await page.goto(`${url}/`);
  t.equal(new URL(page.url()).pathname, "/.guise/sessions", "begins where there is something to see");
  t.equal(await pagesOf(page), "Running, Activity");
  t.equal(await page.locator("main button").count(), 0);
  t.equal(await page.locator(".running tbody tr").count(), 2);
  await page.goto(`${url}/activity?action=audit.read`);
  t.match(await page.locator(".records").innerText(), /Lena Lead/, "who looked at records");
  await page.goto(`${url}/as/17`);
  t.match(await page.locator("main").innerText(), /You may not view the app as somebody else/);
});

t.test("an administrator ends one of two, and the other goes on", async (t) => {
  const page = await (await it.person("ada@demo.test")).newPage();
  await page.goto(`${url}/`);
  t.equal(await pagesOf(page), "Running, Activity");
  const row = page.locator(".running tbody tr", { hasText: "Nuno Almeida" });
  await row.getByRole("button", { name: /^End/ }).click();
  await row.waitFor({ state: "detached" });
  t.equal(await page.locator(".running tbody tr", { hasText: "Mia Lindqvist" }).count(), 1);
  await viewed.reload();
  t.match(await viewed.locator("main").innerText(), /ended by an administrator/);
  await page.goto(`${url}/activity?action=impersonation.ended`);
  t.match(await page.locator(".records").innerText(), /Ada/, "it is on record who did it");
});

t.test("who is none of these is led to the app", async (t) => {
  const page = await (await it.person("nuno@example.com")).newPage();
  for (const path of ["/start", "/sessions", "/activity", "/why"]) {
    await page.goto(url + path);
    t.match(await page.locator("main").innerText(), /may not/, path);
    t.ok((await page.locator("main a[href]").count()) > 0, `${path} has a way on`);
  }
});
