import t from "tap";
import { stage } from "../stage.ts";

const it = await stage();
t.teardown(() => it.close());

const HTML = "<!doctype html><title>a</title><body><h1>App</h1>";

t.test(
  "what a page asks for while nobody is there says so; what somebody does moves the end in sight",
  async (t) => {
    const now = Date.now();
    const view = { now, endsAt: now + 300_000, until: now + 3_600_000, idleFor: 20 * 60_000 };
    const { page, banner } = await it.open({ html: HTML, view });
    const asks = async (script: string) => {
      const asked = page.waitForRequest((request) => request.url().includes("/poll"));
      await page.evaluate(script);
      const request = await asked;
      return (await request.allHeaders())["x-guise-tab"] ?? new URL(request.url()).search;
    };
    const fetched = "void fetch('/poll')";
    const beacon = "void navigator.sendBeacon('/poll?a=1', '')";
    const left = () => banner.call<string>("time.until", "return this.textContent;");
    await page.clock.setFixedTime(now + 240_000);
    t.equal(await asks(fetched), "imp-1.idle");
    t.equal(await asks("const x = new XMLHttpRequest(); x.open('GET', '/poll'); x.send();"), "imp-1.idle");
    t.equal(await asks(beacon), "?a=1&_guise_tab=imp-1.idle");
    await page.evaluate("dispatchEvent(new Event('keydown'))");
    t.equal(await asks(fetched), "imp-1.idle", "an action that a script makes up is none");
    t.match(await left(), /\b[1-5]:\d\d left/);
    await page.keyboard.press("a");
    t.equal(await asks(fetched), "imp-1");
    t.equal(await asks(beacon), "?a=1&_guise_tab=imp-1");
    while (!(await left()).includes("20:00 left")) await page.evaluate("0");
    await page.clock.setFixedTime(now + 3_000_000);
    await page.keyboard.press("a");
    await asks(fetched);
    while (!/\b10:\d\d left/.test(await left())) await page.evaluate("0");
    t.notMatch(await left(), /20:\d\d left/, "but never beyond the whole");
    await page.context().close();
  },
);
