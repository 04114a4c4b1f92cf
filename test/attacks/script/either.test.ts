import type { BrowserContext, Page } from "playwright-core";
import t, { type Test } from "tap";
import { browser } from "../../fixtures/browser/browser.ts";
import {
  CONSOLE,
  consoleSite,
  MODES,
  NAMES,
  type SiteOptions,
  startsOf,
} from "../../fixtures/gateway/console-site.ts";
import { recordsOf } from "../../fixtures/gateway/front.ts";
import { inside } from "../../page/inside.ts";

// The same attacks on one origin, and with `isolation` and `console`: what differs between the two is in the files beside this one.
const chromium = await browser({ names: NAMES });
t.teardown(() => chromium.close());

const OTHER = "https://other.guise-other.test/";

const scene = (
  t: Pick<Test, "teardown">,
  { isolated, console }: (typeof MODES)[number],
  more: Omit<SiteOptions, "isolated" | "console"> = {},
) => consoleSite(t, chromium, { isolated, console, ...more });

const asks = (page: Page) => page.locator("h1", { hasText: "View the app as" }).waitFor();

/** A page of another site, with this in it. */
async function otherSite(context: BrowserContext, html: string): Promise<Page> {
  await context.route(`${OTHER}**`, (route) => route.fulfill({ contentType: "text/html", body: html }));
  return await context.newPage();
}

/** Has a page send a form, into a hidden frame of its own or as the tab itself, and gives the answer's status. */
async function submitted(
  page: Page,
  { action, target, fields }: { action: string; target: "_self" | "hidden"; fields: object },
): Promise<number> {
  const [answer] = await Promise.all([
    page.waitForResponse((one) => one.request().method() === "POST" && one.url() === action),
    page.evaluate(`{
      const frame = Object.assign(document.createElement("iframe"), { name: "hidden" });
      const form = Object.assign(document.createElement("form"), { method: "post", target: ${JSON.stringify(target)}, action: ${JSON.stringify(action)} });
      for (const [name, value] of Object.entries(${JSON.stringify(fields)})) form.append(Object.assign(document.createElement("input"), { name, value }));
      document.body.append(frame, form);
      HTMLFormElement.prototype.submit.call(form);
    }`),
  ]);
  return answer.status();
}

for (const mode of MODES) {
  t.test(
    `a page of another site that opens a customer's without a click is asked about, and keeps no handle on what a click opens${mode.on}`,
    async (t) => {
      const it = await scene(t, mode);
      const context = await it.agent();
      const address = JSON.stringify(it.at("/site/1"));
      const other = await otherSite(
        context,
        `<button onclick='clicked = window.open(${address}, "b")'>Open</button><script>handle = open(${address}, "a")</script>`,
      );
      const [asked] = await Promise.all([context.waitForEvent("page"), other.goto(OTHER)]);
      await asks(asked);
      t.same(startsOf(it), [], "nothing is started by itself");
      const [opened] = await Promise.all([context.waitForEvent("page"), other.click("button")]);
      await opened.locator("h1", { hasText: "17 at /site/1" }).waitFor();
      t.same(startsOf(it), ["17"]);
      for (const handle of ["handle", "clicked"])
        t.equal(await other.evaluate(`${handle}.closed`), true, `${handle} is cut`);
      for (const page of [asked, opened]) t.equal(await page.evaluate("opener"), null);
    },
  );

  t.test(
    `a page of the agent's own, with nobody viewed, reads none of our pages and starts nothing${mode.on}`,
    async (t) => {
      const it = await scene(t, mode);
      const context = await it.agent();
      const page = await it.open(context, "/mine");
      const paths = ["start?q=Mia", "as/23", "people?q=Mia", "elevate", "activity", "why", "asked", "access"];
      const init = `{ credentials: "include" }`;
      for (const host of mode.hosts) {
        for (const path of paths) {
          const address = it.at(`/.guise/${path}`, host);
          const said = (await page.evaluate(
            `fetch(${JSON.stringify(address)}, ${init}).then(async (it) => [it.status, await it.text()], () => ["blocked", ""])`,
          )) as [unknown, string];
          t.ok(["blocked", 403, 404].includes(said[0] as never), `${address}: ${said[0]}`);
          t.notMatch(said[1], /Mia|_csrf/, address);
        }
        const fields = { user: "23", to: "/site/2", _csrf: "x" };
        for (const target of ["hidden", "_self"] as const) {
          const action = it.at("/.guise/start", host);
          t.ok(
            [401, 403, 404].includes(await submitted(page, { action, target, fields })),
            `${host} ${target}`,
          );
          if (target !== "_self") continue;
          await page.waitForURL((url) => url.pathname === "/.guise/start");
          await page.goto(it.at("/mine"));
        }
      }
      t.same(startsOf(it), []);
    },
  );

  t.test(`where a start asks, a click that a script has is no yes${mode.on}`, async (t) => {
    const it = await scene(t, mode, { grant: "mode: read, start: ask" });
    const context = await it.agent();
    const page = await it.open(context, "/mine");
    // What playwright evaluates counts as a click of a person.
    await page.evaluate(`void setTimeout(() => location.assign(${JSON.stringify(it.at("/site/2"))}))`);
    await asks(page);
    const second = await it.open(context, "/mine");
    const [popup] = await Promise.all([
      context.waitForEvent("page"),
      second.evaluate(`void (globalThis.handle = open(${JSON.stringify(it.at("/site/2"))}))`),
    ]);
    await asks(popup);
    t.equal(await second.evaluate("handle.closed"), true, "and the page that asks can't be reached");
    t.same(startsOf(it), []);
    await popup.click("main form button");
    await popup.locator("h1", { hasText: "23 at /site/2" }).waitFor();
    t.same(startsOf(it), ["23"], "the person's own yes counts");
  });

  t.test(
    `told: clicks start as many as an hour has, each on record, and the next one is asked about${mode.on}`,
    async (t) => {
      const it = await scene(t, mode, { more: "limits: { startsPerHour: 2 }\n" });
      const context = await it.agent();
      const page = await it.open(context, "/mine");
      const clicked = async (path: string) => {
        const [popup] = await Promise.all([
          context.waitForEvent("page"),
          page.evaluate(`void open(${JSON.stringify(it.at(path))}, "_blank", "noreferrer")`),
        ]);
        return popup;
      };
      await (await clicked("/site/1")).locator("h1", { hasText: "17 at /site/1" }).waitFor();
      if (!mode.isolated) await (await it.open(context, "/.guise/stop")).click("main form button");
      await (await clicked("/site/2")).locator("h1", { hasText: "23 at /site/2" }).waitFor();
      t.same(startsOf(it), ["17", "23"]);
      if (!mode.isolated) await (await it.open(context, "/.guise/stop")).click("main form button");
      await asks(await clicked("/site/3"));
      t.same(startsOf(it), ["17", "23"]);
    },
  );

  t.test(
    `a customer's yes is given by no script, neither as the agent nor as the customer${mode.on}`,
    async (t) => {
      const it = await scene(t, mode, { grant: "mode: read, consent: { mode: notice }" });
      const context = await it.agent();
      const page = await it.open(context, "/site/1");
      const own = await it.open(context, "/mine");
      const label = new URL(page.url()).hostname;
      const fields = { do: "opt-out", user: "17", ask: "x", _csrf: "x" };
      for (const [from, hosts] of [
        [page, [label, ...mode.hosts]],
        [own, mode.hosts],
      ] as const)
        for (const host of new Set(hosts))
          for (const path of ["access", "approve", "start"]) {
            const action = it.at(`/.guise/${path}`, host);
            const back = from.url();
            for (const target of ["hidden", "_self"] as const)
              t.ok([401, 403, 404, 409].includes(await submitted(from, { action, target, fields })), action);
            await from.waitForURL((url) => url.pathname === `/.guise/${path}`);
            await from.goto(back);
          }
      for (const action of ["consent.granted", "consent.opted-out", "consent.withdrawn"])
        t.same(recordsOf(it.gateway.data, action), [], action);
      t.same(startsOf(it), ["17"]);
    },
  );

  t.test(
    `what a rule wants confirmed is said yes to by a person at a page of ours alone${mode.on}`,
    async (t) => {
      const it = await scene(t, mode, {
        grant: "mode: write",
        more: 'rules: [{ path: /site/1/pay, confirm: "Pay?" }]\n',
        headers: { "content-security-policy": "form-action 'self'" },
      });
      const page = await it.open(await it.agent(), "/site/1");
      const label = new URL(page.url()).hostname;
      const asking = mode.console ? CONSOLE : "app.guise.test";
      const paid = () => it.asked.filter(({ line }) => line.includes("/pay"));
      const [status, question] = (await page.evaluate(
        `fetch("/site/1/pay", { method: "POST", body: new URLSearchParams({ amount: "5" }) }).then(async (it) => [it.status, await it.json()])`,
      )) as [number, { readonly confirm: string }];
      t.equal(status, 428);
      const name = new URL(question.confirm, page.url()).searchParams.get("question") ?? "";
      for (const host of new Set([label, ...mode.hosts])) {
        const address = it.at(`/.guise/confirm?question=${name}`, host);
        const said = (await page.evaluate(
          `fetch(${JSON.stringify(address)}, { credentials: "include" }).then(async (it) => [it.status, await it.text()], () => ["blocked", ""])`,
        )) as [unknown, string];
        t.ok(["blocked", 403, 404].includes(said[0] as never), `${address}: ${said[0]}`);
        t.equal(said[1].includes("_csrf"), false, address);
        for (const action of ["/.guise/confirm", `/site/1/pay?_guise_confirm=${"x".repeat(60)}`]) {
          const fields = { _confirmation: name, _csrf: "x" };
          await page.goto(it.at("/site/1", label));
          const sent = await submitted(page, { action: it.at(action, host), target: "hidden", fields });
          t.ok([307, 401, 403, 404, 409].includes(sent), `${host}${action}: ${sent}`);
        }
      }
      await page.goto(it.at("/site/1", label));
      t.same(paid(), [], "nothing of it came to the app");
      // As a form of the page asks, whose policy lets it lead nowhere else.
      await page.evaluate(`{
      document.body.insertAdjacentHTML("beforeend", '<form method=post action="/site/1/pay"><input name=amount value=7></form>');
      setTimeout(() => document.body.lastElementChild.submit());
    }`);
      await page.locator("h1", { hasText: "Pay?" }).waitFor();
      t.equal(new URL(page.url()).hostname, asking, "it is asked here");
      t.same(paid(), []);
      await page.click("main form button");
      await page.locator("h1", { hasText: "17 at /site/1/pay" }).waitFor();
      t.equal(new URL(page.url()).hostname, label, "and done there");
      t.match(
        paid(),
        [{ line: "POST /site/1/pay", who: "17", body: "amount=7" }],
        "once, as the page sent it",
      );
    },
  );

  t.test(`told: a page that defines the banner's element first is left for Stop${mode.on}`, async (t) => {
    const it = await scene(t, mode, {
      page: (path, who) =>
        `<html><head>${path === "/site/1/takes" ? `<script>customElements.define("guise-banner", class extends HTMLElement {})</script>` : ""}</head><body><h1>${who} at ${path}</h1>`,
    });
    const context = await it.agent();
    const page = await it.open(context, "/site/1/takes");
    await page.waitForURL((url) => url.pathname === "/.guise/stop");
    t.match(await page.locator("h1").innerText(), /Stop viewing as somebody else/);
  });

  t.test(
    `a banner that is removed, made clear, moved or covered is back at the next look${mode.on}`,
    async (t) => {
      const it = await scene(t, mode);
      const page = await it.open(await it.agent(), "/site/1");
      for (const script of [
        `document.querySelector("guise-banner").remove()`,
        `document.querySelector("guise-banner").style.cssText = "display: none !important; opacity: 0 !important; visibility: hidden !important"`,
        `document.documentElement.style.cssText = "opacity: 0.01; filter: blur(9px); transform: scale(0.1)"`,
        `document.body.append(document.querySelector("guise-banner"))`,
        `document.open(), document.write("<h1>written</h1>"), document.close()`,
        `document.documentElement.replaceWith(document.createElement("html"))`,
        `document.documentElement.append(Object.assign(document.createElement("div"), { popover: "manual", style: "position: fixed; inset: 0; width: 100%; height: 100%; background: white" })), document.querySelector("div[popover]").showPopover()`,
      ]) {
        await page.goto(it.at("/site/1", new URL(page.url()).hostname));
        await page.waitForFunction(`document.querySelector("guise-banner")?.matches(":popover-open")`);
        await page.evaluate(script);
        await page.waitForFunction(`{
        const it = document.querySelector("guise-banner");
        it?.matches(":popover-open") && document.elementFromPoint(innerWidth / 2, 8) === it;
      }`);
        const banner = await inside(page);
        t.match(await banner.call(".who", "return this.textContent;"), /Nuno/, script);
        t.match(
          await banner.call(
            ".bar",
            "return this.checkVisibility({ opacityProperty: true, visibilityProperty: true });",
          ),
          true,
          script,
        );
      }
    },
  );
}
