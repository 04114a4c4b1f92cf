import t from "tap";
import { pressInBanner } from "../../fixtures/browser/banner.ts";
import { browser } from "../../fixtures/browser/browser.ts";
import { consoleSite, MODES, NAMES, startsOf } from "../../fixtures/gateway/console-site.ts";
import { inside } from "../../page/inside.ts";

// Ways of the browser that a page has besides, each in both modes: what holds is asserted, and what docs/security.md tells of as well.
const chromium = await browser({ names: NAMES });
t.teardown(() => chromium.close());

/** By path, what stands in the head of the app's page. */
const HEADS: Readonly<Record<string, string>> = {
  "/site/1/intercepts": `<script>
    navigation.addEventListener("navigate", (event) => {
      if (event.canIntercept) event.intercept({ handler: async () => undefined });
    });
  </script>`,
  "/site/1/hears": `<script>
    for (const type of ["click", "pointerdown", "mousedown", "submit"])
      addEventListener(type, (event) => (event.preventDefault(), event.stopImmediatePropagation()), true);
  </script>`,
  "/site/1/leaves": `<script>
    addEventListener("DOMContentLoaded", () => {
      const { fetch } = document.body.appendChild(document.createElement("iframe")).contentWindow;
      addEventListener("pagehide", () => void fetch(location.origin + "/save", { method: "POST", keepalive: true }));
    });
  </script>`,
  "/site/1/draws": `<style>${["system-ui", "-apple-system", "Segoe UI", "Roboto", "Noto Sans", "sans-serif"]
    .map((family) => `@font-face { font-family: "${family}"; src: url("/font") }`)
    .join("\n")}</style>`,
  "/site/1/refreshes": `<meta http-equiv=refresh content="0;url=/site/2">`,
};
const AHEAD = [
  "</.guise/as/23>; rel=prefetch",
  "</.guise/as/23>; rel=preload; as=fetch",
  "</site/2>; rel=prefetch",
  "</site/2>; rel=preload; as=style",
];

for (const { on, isolated, console } of MODES) {
  const site = (
    t: Parameters<typeof consoleSite>[0],
    headers: (who: string) => Record<string, string> = () => ({}),
  ) =>
    consoleSite(t, chromium, {
      ...{ isolated, console, headers },
      grant: "mode: write",
      page: (path, who) =>
        path === "/shared.js"
          ? `onconnect = ({ ports: [port] }) => port.postMessage("${who}");`
          : `<html><head>${HEADS[path] ?? ""}</head><body><h1>${who} at ${path}</h1>`,
    });

  t.test(
    `told: a page keeps its own buttons, and Stop with them, from working; Stop in another tab works${on}`,
    async (t) => {
      const it = await site(t);
      const context = await it.agent();
      for (const path of ["/site/1/intercepts", "/site/1/hears"]) {
        const page = await it.open(context, path);
        await page.waitForFunction(`document.querySelector("guise-banner")?.matches(":popover-open")`);
        const { hostname } = new URL(page.url());
        await pressInBanner(page, "Stop");
        await page.evaluate("new Promise((done) => requestAnimationFrame(() => setTimeout(done)))");
        t.equal(await page.locator("h1").innerText(), `17 at ${path}`, "so it is told");
        t.equal((await (await inside(page)).uppermost()).name, "guise-banner", "with the banner on it");
        const second = await context.newPage();
        await second.goto(it.at("/.guise/stop", hostname));
        await second.click("main form button");
        await second.locator("h1", { hasText: "alice at" }).waitFor();
        await page.close();
        await second.close();
      }
    },
  );

  t.test(
    `told: what a page sends as Stop takes it away is the agent's on one origin alone${on}`,
    async (t) => {
      const it = await site(t);
      const page = await it.open(await it.agent(), "/site/1/leaves");
      await page.waitForFunction(`document.querySelector("guise-banner")?.matches(":popover-open")`);
      it.asked.length = 0;
      await pressInBanner(page, "Stop");
      await page.locator("h1", { hasText: "alice at" }).waitFor();
      const saved = () => it.answers.find((line) => /^POST \S+\/save /.test(line));
      while (saved() === undefined) await page.evaluate("fetch('/next').then((answer) => answer.text())");
      const sent = it.asked.filter(({ line }) => line === "POST /save").map(({ who }) => who);
      t.same(sent, isolated ? [] : ["alice"], saved() ?? "");
    },
  );

  t.test(
    `told: a shared worker that a customer's page began is the one that the agent's own pages get, on one origin${on}`,
    async (t) => {
      const it = await site(t);
      const context = await it.agent();
      const page = await it.open(context, "/site/1");
      const said = `new Promise((done) => {
      const worker = new SharedWorker("/shared.js", "w");
      worker.port.onmessage = ({ data }) => done(data);
      worker.onerror = () => done("none");
    })`;
      t.equal(await page.evaluate(said), "17");
      const second = await it.open(context, "/site/1/x");
      await pressInBanner(second, "Stop");
      await second.locator("h1", { hasText: "alice at" }).waitFor();
      t.equal(await second.evaluate(said), isolated ? "alice" : "17");
    },
  );

  t.test(`a page names no window of the agent's own, and leaves no name behind${on}`, async (t) => {
    const it = await site(t);
    const context = await it.agent();
    const own = await it.open(context, "/mine");
    await own.evaluate(`window.name = "mine"; 0`);
    const [page] = await Promise.all([
      context.waitForEvent("page"),
      own.evaluate(`void (globalThis.handle = open(${JSON.stringify(it.at("/site/1"))}, "theirs"))`),
    ]);
    await page.locator("h1", { hasText: "17 at /site/1" }).waitFor();
    t.equal(await own.evaluate("handle.closed"), true, "who opened it has no handle on it");
    t.equal(await page.evaluate("window.opener"), null);
    const [popup] = await Promise.all([
      context.waitForEvent("page"),
      page.evaluate(`{
        document.body.insertAdjacentHTML("beforeend", '<form action="/site/1/x" target="mine"></form>');
        setTimeout(() => document.body.lastElementChild.submit());
      }`),
    ]);
    await popup.locator("h1", { hasText: "17 at /site/1/x" }).waitFor();
    t.equal(await own.locator("h1").innerText(), "alice at /mine", "a form that names it opens another one");
    await page.evaluate(`window.name = "left"; 0`);
    await pressInBanner(page, "Stop");
    await page.locator("h1", { hasText: "alice at" }).waitFor();
    t.equal(await page.evaluate("window.name"), "");
  });

  t.test(`a style of the page draws no letter of the banner, and hears of none${on}`, async (t) => {
    const it = await site(t);
    const page = await it.open(await it.agent(), "/site/1/draws");
    await page.waitForFunction(`document.querySelector("guise-banner")?.matches(":popover-open")`);
    const banner = await inside(page);
    t.equal(await banner.call(".who", "return getComputedStyle(this).fontFamily;"), "system-ui, sans-serif");
    await page.evaluate("document.fonts.ready.then(() => fetch('/next')).then((answer) => answer.text())");
    t.same(
      it.asked.filter(({ line }) => line.includes("/font")),
      [],
    );
  });

  t.test(
    `what the app's own headers and a refresh lead to starts nothing, and ends nothing${on}`,
    async (t) => {
      const it = await site(
        t,
        (who): Record<string, string> =>
          who !== "17"
            ? {}
            : {
                link: AHEAD.join(", "),
                "speculation-rules": '"/rules.json"',
                "clear-site-data": '"cookies", "storage"',
              },
      );
      const context = await it.agent();
      const page = await it.open(context, "/site/1");
      const { hostname } = new URL(page.url());
      await page.goto(it.at("/site/1/refreshes", hostname));
      await page.waitForURL(it.at("/site/2", hostname));
      t.equal(await page.locator("h1").innerText(), "17 at /site/2");
      await page.evaluate("fetch('/next').then((answer) => answer.text())");
      t.same(startsOf(it), ["17"]);
      t.same(
        it.asked.filter(({ line, who }) => line.includes("/site/2") && who !== "17"),
        [],
      );
      t.same(
        it.asked.filter(({ line }) => /guise|rules\.json/.test(line)),
        [],
      );
    },
  );
}
