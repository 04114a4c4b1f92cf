import t from "tap";
import { hostile } from "../../fixtures/browser/hostile.ts";
import { asNuno, html, open } from "../../fixtures/browser/impersonated-tab.ts";
import { inside } from "../../page/inside.ts";
import { ready } from "../../page/stage.ts";

const it = await hostile();
t.teardown(() => it.close());
const APP = html("<p>Text</p>", '<meta name="viewport" content="width=device-width">');

t.test("the banner is made smaller and moved, and is so on the next page", async (t) => {
  for (const [name, viewport] of [
    ["desktop", { width: 1400, height: 700 }],
    ["phone", { width: 320, height: 560 }],
  ] as const) {
    const { context, page } = await asNuno(it, { viewport, locale: "en" });
    await open(it, page, "/first", APP);
    await ready(page);
    const before = await (await inside(page)).box(".bar");
    const bar = await inside(page);
    await bar.click("summary");
    await it.shot(page, `47-details-${name}`);
    await bar.click(".small");
    await bar.click(".other");
    await open(it, page, "/second", APP);
    await ready(page);
    const after = await (await inside(page)).box(".bar");
    t.ok(after.height < before.height - 10, `${name}: it is smaller (${before.height}, ${after.height})`);
    t.ok(Math.abs(after.y + after.height - viewport.height) < 2 || after.y < 2, `${name}: at an edge`);
    t.not(Math.sign(after.y), Math.sign(before.y), `${name}: at the other edge`);
    t.equal(
      await page.evaluate("document.documentElement.scrollWidth"),
      viewport.width,
      `${name}: within the window`,
    );
    const said = await (await inside(page)).call<string>(".bar", "return this.innerText;");
    t.match(said, "Nuno", `${name}: it says whose page it is`);
    t.match(said, "Stop", `${name}: and leads out`);
    await it.shot(page, `48-small-${name}`);
    await (await inside(page)).click("summary");
    await (await inside(page)).click(".small");
    await page.reload();
    await ready(page);
    t.equal((await (await inside(page)).box(".bar")).height, before.height, `${name}: and large again`);
    await context.close();
  }
});

t.test("what was refused last, and both limits, stand in the details", async (t) => {
  const { context, page } = await asNuno(it, { locale: "de-DE", timezoneId: "Asia/Tokyo" });
  await open(it, page, "/refusing", APP);
  await ready(page);
  await page.evaluate(async () => {
    await fetch("/change", { method: "POST", body: "a=b" });
  });
  const bar = await inside(page);
  const text = async () => await bar.call<string>(".panel dl", "return this.textContent;");
  t.match(await text(), /Eben nicht ausgeführt.*ist nur Ansehen erlaubt\./, "in the banner's language");
  const ends = await bar.call<{ utc: string; text: string; at: string }>(
    "time.ends",
    "return { utc: this.title, text: this.textContent, at: this.dateTime };",
  );
  const there = new Date(ends.at).toLocaleTimeString("de-DE", {
    timeZone: "Asia/Tokyo",
    hour: "2-digit",
    minute: "2-digit",
  });
  t.match(ends.text, `${there}, wenn niemand mehr etwas tut`, "in the agent's own zone");
  t.match(ends.utc, /UTC/);
  t.match(await bar.call<string>("time.fixed", "return this.title;"), /UTC/, "at the latest");
  await context.close();
});

t.test("why is read at every width, and what opens is dark where the agent wants it so", async (t) => {
  const { context, page } = await asNuno(it, { locale: "en", colorScheme: "dark" });
  await page.goto(`${it.url}/.guise/stop`);
  await page.click("main form button");
  it.app.page("/u/17/x", APP);
  await page.goto(`${it.url}/.guise/as/17?to=/u/17/x`);
  await page.fill("#reason", "does not see the chart since Monday");
  await page.click("main form button");
  await ready(page);
  for (const width of [320, 480, 640, 768, 900, 1400]) {
    await page.setViewportSize({ width, height: 640 });
    await page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))");
    const [bar, why] = [await (await inside(page)).box(".bar"), await (await inside(page)).box(".why")];
    t.ok(why.width > 60 && why.height > 10, `${width}: it is there ${JSON.stringify(why)}`);
    t.ok(why.x >= 0 && why.x + why.width <= width, `${width}: within the window`);
    const stop = await (await inside(page)).box(".stop button");
    t.ok(stop.width > 40 && stop.x + stop.width <= width, `${width}: Stop is there`);
    t.ok(bar.height < 110, `${width}: the banner stays low (${bar.height})`);
    t.equal(await page.evaluate("document.documentElement.scrollWidth"), width, `${width}: nothing bleeds`);
    await it.shot(page, `49-why-${width}`);
  }
  const bar = await inside(page);
  await bar.click("summary");
  await it.shot(page, "49-details-dark");
  const look = "const { backgroundColor, color } = getComputedStyle(this); return [backgroundColor, color];";
  t.strictSame(await bar.call(".panel", look), ["rgb(34, 30, 20)", "rgb(247, 240, 220)"]);
  await bar.click("summary");
  await page.locator("h1").click();
  const other = await context.newPage();
  await other.goto(`${it.url}/.guise/stop`);
  await other.click("main form button");
  await page.bringToFront();
  await page.waitForFunction("document.activeElement?.localName === 'guise-banner'");
  t.strictSame(await (await inside(page)).call("dialog.cover", look), [
    "rgb(34, 30, 20)",
    "rgb(247, 240, 220)",
  ]);
  await it.shot(page, "49-covered-dark");
  await context.close();
});
