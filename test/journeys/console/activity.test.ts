import type { Page } from "playwright-core";
import t from "tap";
import { pressInBanner } from "../../fixtures/browser/banner.ts";
import { journey, signIn } from "../../fixtures/browser/journey.ts";

t.test(
  "what was done as somebody else can be looked at: the list, one impersonation, one request",
  async (t) => {
    const it = await journey();
    t.teardown(() => it.close());
    const alice = await it.person("alice@demo.test");
    const page = await it.fromTicket(alice, "/site/9421/overview");
    await visit(page, it.stack.url);

    const mine = await alice.newPage();
    const complaints: string[] = [];
    mine.on("console", (message) => complaints.push(message.text()));
    await mine.goto(`${it.stack.url}/.guise/activity`);
    await it.shot(mine, "20-activity");
    const list = await mine.locator("main").innerText();
    t.match(list, /What you did as somebody else/);
    t.match(list, /Nuno Almeida/);
    t.match(list, /refused\s+Only looking is allowed/);
    t.match(list, /Opened \/site\/9421\/overview/);
    t.ok((await mine.locator("tr.changed").count()) === 1, "what was changed stands out");
    t.match(await mine.locator(".loaded summary").first().innerText(), /loaded \d+ more/);
    t.notMatch(list, /favicon|\.css/, "what pages load is folded");
    t.equal(await mine.locator("#agent").count(), 0, "agents are asked for by those alone who may see all");
    t.equal(await mine.locator("svg.drawing a").count(), 1, "one impersonation is drawn");

    await mine.selectOption("#action", "impersonation.denied");
    await mine.click(".filter button");
    t.equal(await mine.locator(".records tbody tr").count(), 1);
    await mine.click(".records .why");
    await it.shot(mine, "23-why");
    const why = await mine.locator("main").innerText();
    t.match(why, /Refused: Only looking is allowed/);
    t.match(why, /mode read; no rule matched/);
    t.match(why, /this may be done as somebody else/);
    t.match(why, /its hash fits/);
    t.ok((await mine.locator(".checks .no").count()) === 1, "it stopped at one question");

    await mine.click("text=this impersonation");
    await it.shot(mine, "21-impersonation");
    const story = (await mine.locator(".story").innerText()).replaceAll(/\s+/g, " ");
    t.match(story, /viewed the app as Nuno Almeida .* Opened .*\/site\/9421\/overview/);
    t.match(
      story,
      /Was refused: POST \/team\/invite.*Changing things was allowed until .*: “Asked to fix the interval”.*Changed something:/,
    );
    t.ok((await mine.locator("svg.drawing rect.bar").count()) > 0);
    t.match(await mine.locator("main").innerText(), /Nuno Almeida/);
    await mine.locator("svg.drawing a").first().click();
    t.match(mine.url(), /from=.*to=/, "a column leads closer");
    t.ok((await mine.locator(".records tbody tr").count()) > 0);
    await mine.setViewportSize({ width: 390, height: 844 });
    await mine.goto(`${it.stack.url}/.guise/activity`);
    await it.shot(mine, "22-activity-phone");
    const overflow = await mine.evaluate("document.documentElement.scrollWidth - innerWidth");
    t.ok(Number(overflow) <= 0, "nothing is wider than a phone");
    t.same(complaints, [], "the page's own policy lets all of it through");
  },
);

t.test("times in drawings and fields are the reader's own, and UTC on hover", async (t) => {
  const it = await journey();
  t.teardown(() => it.close());
  const alice = await it.browser.newContext({ timezoneId: "Asia/Tokyo", locale: "en-GB" });
  const first = await alice.newPage();
  await signIn(first, it.stack.url, "alice@demo.test");
  await (await it.fromTicket(alice, "/site/9421/overview")).close();
  await first.goto(`${it.stack.url}/.guise/activity?from=2026-01-01T10:00&to=2036-01-01T23:30:05`);
  t.equal(await first.inputValue("#from"), "2026-01-01T19:00", "nine hours later");
  t.equal(await first.inputValue("#to"), "2036-01-02T08:30:05");
  t.match(await first.getAttribute("#to", "title"), "2036-01-01 23:30:05 UTC");
  t.match(await first.locator(".filter label[for=from]").innerText(), "GMT+9");
  await first.click(".filter button");
  await first.waitForURL((url) => url.searchParams.get("from") === "2026-01-01T10:00:00");
  t.equal(new URL(first.url()).searchParams.get("to"), "2036-01-01T23:30:05", "what is sent is UTC");

  await first.locator("a[href*='impersonation=']").first().click();
  const tick = first.locator("svg.drawing text[data-utc]").last();
  const utc = (await tick.getAttribute("data-utc")) ?? "";
  const hour = (text: string | null) => Number(text?.slice(0, 2));
  t.equal(hour(await tick.textContent()), (hour(utc) + 9) % 24, "a line of the drawing too");
  t.equal(await tick.locator("title").textContent(), `${utc} UTC`);
  t.equal(await first.locator("svg.drawing text[data-zone]").textContent(), "GMT+9");
  await alice.close();
});

t.test("readers see all, other agents their own, everybody else nothing", async (t) => {
  const it = await journey();
  t.teardown(() => it.close());
  const alice = await it.person("alice@demo.test");
  const page = await it.fromTicket(alice, "/site/9421/overview");
  const impersonation = (await page.evaluate("fetch('/.guise/me').then((it) => it.json())")) as {
    impersonation: { id: string };
  };
  const path = `/.guise/activity?impersonation=${impersonation.impersonation.id}`;
  const seen = async (email: string | null, at: string) => {
    const context = await it.person(email);
    const tab = await context.newPage();
    const response = await tab.goto(`${it.stack.url}${at}`);
    const text = await tab.locator("main").innerText();
    await context.close();
    return { status: response?.status(), text };
  };
  t.match(await seen("ada@demo.test", "/.guise/activity?agent=1"), { status: 200, text: /Nuno Almeida/ });
  t.match(await seen("ada@demo.test", path), { status: 200, text: /as Nuno Almeida/ });
  t.match(await seen("nuno@example.com", "/.guise/activity"), { status: 403, text: /may not see/ });
  t.match(await seen(null, "/.guise/activity"), { status: 401 });
});

async function visit(page: Page, url: string): Promise<void> {
  for (const path of ["/sites", "/site/9421/settings", "/payments", "/team"])
    await page.goto(`${url}${path}`);
  await page.evaluate(async () => {
    await fetch("/team/invite", { method: "POST", body: new URLSearchParams({ email: "x@example.com" }) });
  });
  await page.goto(`${url}/site/9421/settings`);
  await pressInBanner(page, "Allow changes");
  await page.waitForURL((at) => at.pathname === "/.guise/elevate");
  await page.fill("#reason", "Asked to fix the interval");
  await page.click("main button");
  await page.waitForURL((at) => at.pathname === "/site/9421/settings");
  await page.locator("main form[method=post] button").first().click();
  await page.waitForLoadState();
}

t.test("who comes to the console from the app sees what they did there", async (t) => {
  const it = await journey({ isolated: true });
  t.teardown(() => it.close());
  const alice = await it.person("alice@demo.test");
  await (await it.fromTicket(alice, "/site/9511/overview")).locator("guise-banner").waitFor();
  const page = await alice.newPage();
  await page.goto(`${it.stack.url}/.guise/activity?customer=23`);
  t.match(page.url(), /^http:\/\/guise\.localhost:\d+\/\.guise\/activity\?.*app=/);
  t.match(await page.locator(".records").innerText(), /Mia Lindqvist/);
  t.equal(await page.locator("#app").count(), 0, "with one app there is none to choose");
});
