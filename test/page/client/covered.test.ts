import t from "tap";
import { ready, stage } from "../stage.ts";

const it = await stage();
t.teardown(() => it.close());

/** Looks that come every second come as often as they can. */
const HTML = `<!doctype html><title>a</title><script>{
  const { setInterval } = window;
  window.looks = 0;
  window.setInterval = (look, ms) => setInterval(() => { window.looks++; look(); }, ms >= 1000 && ms <= 1500 ? 20 : ms);
}</script><body><h1>App</h1>`;
/** A page that hears what is opened in the top layer before our script does, and keeps it to itself. */
const DEAF = `${HTML}<script>for (const name of ["toggle", "beforetoggle"]) addEventListener(name, (event) => event.stopImmediatePropagation(), true)</script>
  <div id=fake popover=manual style="inset:0 0 auto 0;margin:0;width:100%;height:52px;border:0;background:#0b6b3a">You are yourself</div>`;

t.test("a second banner is taken out, wherever a script puts it", async (t) => {
  const { page, banner } = await it.open({ html: HTML });
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
  const { page } = await it.open({ html: HTML });
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
    const { page } = await it.open({ html: DEAF.replace("inset:", `${style}inset:`) });
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
  const { page } = await it.open({ html: DEAF });
  await page.evaluate(`{
    const fake = document.querySelector("#fake");
    const again = () => { if (fake.matches(":popover-open")) fake.hidePopover(); fake.showPopover(); };
    again();
    setInterval(again, 10);
  }`);
  t.match(await lost, /impersonation=imp-1/);
  await page.context().close();
});

t.test("a dialog of the app that blocks the page fights nobody", async (t) => {
  const { page } = await it.open({
    html: `${HTML}<dialog style="inset:0;width:100%;height:100%">x</dialog>`,
  });
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
