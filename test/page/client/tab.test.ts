import t from "tap";
import { ready, stage } from "../stage.ts";

const it = await stage();
t.teardown(() => it.close());

const HTML = "<!doctype html><title>a</title><body><h1>App</h1><button id=pay>Pay</button>";
const RUNNING = { id: "imp-1", mode: "read", endsAt: new Date(Date.now() + 3_600_000).toISOString() };

t.test("a tab whose impersonation no longer runs is covered", async (t) => {
  for (const [other, want] of [
    [{ ...RUNNING, id: "imp-2" }, /viewing the app as somebody else/],
    [null, /yourself again/],
  ] as const) {
    it.site.me(RUNNING);
    const { page, banner } = await it.open({ html: HTML });
    it.site.me(other);
    const asked = it.site.next((line) => line === "GET /.guise/me");
    await page.evaluate("new BroadcastChannel('guise').postMessage('imp-2')");
    await asked;
    await page.waitForFunction("document.activeElement?.localName === 'guise-banner'");
    t.match(await banner.call("dialog.cover", "return this.innerText;"), want);
    await page.keyboard.press("Escape");
    await page.keyboard.press("Escape");
    // A browser may close it after all; then it is shown again, at once but not in the same moment.
    while (!(await banner.call("dialog.cover", "return this.open;"))) await page.evaluate("0");
    t.not(
      await page.evaluate("document.elementFromPoint(60, 120)?.id"),
      "pay",
      "what is under it can't be pressed",
    );
    await banner.click("dialog.cover button");
    if (other === null) await page.waitForURL(`${it.site.url}/stopped`);
    else await ready(page);
    await page.context().close();
  }
});

t.test("another page under another impersonation tells this one", async (t) => {
  it.site.me(RUNNING);
  const { page, banner } = await it.open({ html: HTML });
  it.site.page("/other", { html: HTML, view: { impersonation: "imp-2" } });
  it.site.me({ ...RUNNING, id: "imp-2" });
  const second = await page.context().newPage();
  await second.goto(`${it.site.url}/other`);
  await page.waitForFunction("document.activeElement?.localName === 'guise-banner'");
  t.ok(await banner.has("dialog.cover"));
  await page.context().close();
});

t.test("an answer that could not be had covers nothing", async (t) => {
  it.site.me(RUNNING);
  const { page, banner } = await it.open({ html: HTML });
  await page.route("**/.guise/me", (route) => route.abort());
  const failed = page.waitForEvent("requestfailed");
  await page.evaluate("new BroadcastChannel('guise').postMessage('imp-2')");
  await failed;
  t.equal(await banner.has("dialog.cover"), false);
  await page.context().close();
});

t.test("a step up in another tab is shown here too", async (t) => {
  it.site.me({ ...RUNNING, mode: "write" });
  const { page, banner } = await it.open({ html: HTML });
  const asked = it.site.next((line) => line === "GET /.guise/me");
  await page.evaluate("new BroadcastChannel('guise').postMessage('imp-2')");
  await asked;
  while ((await banner.call(".mode", "return this.textContent;")) !== "Write") await page.evaluate("0");
  t.ok(await banner.has(".bar.write"));
  it.site.me(RUNNING);
  await page.context().close();
});

t.test("a page from the back-forward cache is loaded anew", async (t) => {
  const { page } = await it.open({ html: HTML });
  const loaded = page.waitForEvent("load");
  await page.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))");
  await loaded;
  t.pass("it asks the server again");
  await page.context().close();
});

t.test("the clock runs, and asks when time is up", async (t) => {
  const now = Date.now();
  it.site.me({ ...RUNNING, endsAt: new Date(now + 7_200_000).toISOString() });
  const asked = it.site.next((line) => line === "GET /.guise/me");
  const { page, banner } = await it.open({ html: HTML, view: { now, endsAt: now + 1500 } });
  t.match(await banner.call("time", "return this.textContent;"), /0:0\d|time is up|1:5/);
  await asked;
  while (!(await banner.call<string>("time", "return this.textContent;")).includes("1:5"))
    await page.evaluate("0");
  t.match(await banner.call(".spoken[role=status]", "return this.textContent;"), /minute/);
  await page.context().close();
});

t.test("a step up counts down, and the page falls back by itself when it is over", async (t) => {
  const now = Date.now();
  it.site.me({ ...RUNNING, mode: "read", writeUntil: null });
  const asked = it.site.next((line) => line === "GET /.guise/me");
  const view = { now, mode: "write", canElevate: false, writeUntil: now + 2500 } as const;
  const { page, banner } = await it.open({ html: HTML, view });
  t.match(await banner.call(".mode", "return this.textContent;"), /^Write: changes are real(?:, 0:0\d)?$/);
  await asked;
  while ((await banner.call<string>(".mode", "return this.textContent;")) !== "Read only")
    await page.evaluate("0");
  t.match(await banner.call(".bar", "return this.className;"), /\bread\b/);
  await page.context().close();
});

t.test("the notice after Stop says so once, can be closed, and tells the other tabs", async (t) => {
  it.site.me(RUNNING);
  const first = await it.open({ html: HTML });
  it.site.me(null);
  it.site.page("/after", { html: HTML, notice: true });
  const page = await first.page.context().newPage();
  await page.goto(`${it.site.url}/after`);
  const { inside } = await import("../inside.ts");
  const banner = await inside(page);
  t.match(await banner.call(".bar", "return this.innerText;"), /yourself again.*Nuno Almeida/);
  await first.page.waitForFunction("document.activeElement?.localName === 'guise-banner'");
  while (await banner.call(".close", "return this.hidden;")) await page.evaluate("0");
  await banner.click(".close");
  t.equal(await page.locator("guise-banner").count(), 0);
  t.equal(
    await page.evaluate("document.querySelector('h1').getBoundingClientRect().top < 40"),
    true,
    "its room is given back",
  );
  await page.context().close();
});
