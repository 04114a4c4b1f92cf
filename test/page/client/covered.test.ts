import t from "tap";
import { ready, stage } from "../stage.ts";

const it = await stage();
t.teardown(() => it.close());

/** Looks that come every second come as often as they can. */
const QUICK = `{
  const { setInterval } = window;
  window.looks = 0;
  window.setInterval = (look, ms) => setInterval(() => { window.looks++; look(); }, ms >= 1000 && ms <= 1500 ? 20 : ms);
}`;
/** Hears what is opened in the top layer before our script does, and keeps it to itself. */
const DEAF = `for (const name of ["toggle", "beforetoggle"]) addEventListener(name, (event) => event.stopImmediatePropagation(), true);`;
const HTML = "<!doctype html><title>a</title><body><h1>App</h1>";
const FAKE = `${HTML}<div id=fake popover=manual style="inset:0 0 auto 0;margin:0;width:100%;height:52px;border:0;background:#0b6b3a">You are yourself</div>`;
const open = (html: string, deaf = "") => it.open({ html }, {}, QUICK + deaf);

t.test("a second banner is taken out, wherever a script puts it", async (t) => {
  const { page, banner } = await open(HTML);
  await page.evaluate(`{
    const forged = document.createElement("guise-banner");
    forged.textContent = "You are yourself";
    document.body.append(forged);
    window.hidden_ = document.body.appendChild(document.createElement("div")).attachShadow({ mode: "closed" });
    window.hidden_.innerHTML = "<guise-banner>You are yourself</guise-banner>";
  }`);
  t.same(
    await page.evaluate(
      `[document.querySelectorAll("guise-banner").length, window.hidden_.childElementCount]`,
    ),
    [1, 0],
  );
  t.equal((await banner.uppermost()).name, "guise-banner");
  await page.context().close();
});

t.test("where one is put in again and again the page is covered, and the server is told", async (t) => {
  const lost = it.site.next((line) => line.startsWith("POST /.guise/lost"));
  const { page } = await open(HTML);
  await page.evaluate(
    `for (let n = 0; n < 9; n++) document.body.append(document.createElement("guise-banner"))`,
  );
  t.match(await lost, /impersonation=imp-1/);
  await page.waitForFunction("document.activeElement?.localName === 'guise-banner'");
  await page.context().close();
});

for (const [what, style] of [
  ["what lies", ""],
  ["what no pointer meets, and lies", "pointer-events:none;"],
] as const)
  t.test(`${what} on the banner, opened without a word, lies below it at the next look`, async (t) => {
    const { page } = await open(FAKE.replace("inset:", `${style}inset:`), DEAF);
    const shot = () => page.screenshot({ clip: { x: 0, y: 0, width: 40, height: 40 } });
    const before = await shot();
    await page.evaluate(`document.querySelector("#fake").showPopover()`);
    await page.evaluate("window.looks = 0");
    await page.waitForFunction("window.looks > 10");
    t.ok(before.equals(await shot()), "it looks as it did");
    await page.context().close();
  });

t.test("where it is covered again and again the page is covered, and the server is told", async (t) => {
  const lost = it.site.next((line) => line.startsWith("POST /.guise/lost"));
  const { page } = await open(FAKE, DEAF);
  // What is fixed at the edge is moved below the banner, but for what stands in a closed shadow root.
  await page.evaluate(`{
    const root = document.body.appendChild(document.createElement("div")).attachShadow({ mode: "closed" });
    const fake = root.appendChild(document.querySelector("#fake"));
    const again = () => { if (fake.matches(":popover-open")) fake.hidePopover(); fake.showPopover(); };
    again();
    setInterval(again, 10);
  }`);
  t.match(await lost, /impersonation=imp-1/);
  await page.context().close();
});

t.test(
  "told: what no pointer meets, and a closed root holds, lies on the banner and isn't found",
  async (t) => {
    const { page } = await open(FAKE.replace("inset:", "pointer-events:none;inset:"), DEAF);
    const shot = () => page.screenshot({ clip: { x: 0, y: 0, width: 40, height: 40 } });
    const before = await shot();
    await page.evaluate(`{
    const root = document.body.appendChild(document.createElement("div")).attachShadow({ mode: "closed" });
    root.appendChild(document.querySelector("#fake")).showPopover();
  }`);
    await page.evaluate("window.looks = 0");
    await page.waitForFunction("window.looks > 10");
    t.notOk(before.equals(await shot()), "docs/page.md says so");
    await page.context().close();
  },
);

t.test("a dialog of the app that blocks the page fights nobody", async (t) => {
  const { page } = await open(`${HTML}<dialog style="inset:0;width:100%;height:100%">x</dialog>`);
  let lost = false;
  page.on("request", (request) => {
    lost ||= request.url().endsWith("/.guise/lost");
  });
  await page.evaluate("document.querySelector('dialog').showModal()");
  await page.evaluate("window.looks = 0");
  await page.waitForFunction("window.looks > 40");
  await page.evaluate("document.querySelector('dialog').close()");
  await ready(page);
  t.notOk(lost);
  await page.context().close();
});
