import t from "tap";
import { findings } from "../../fixtures/browser/accessible.ts";
import { tabOpenedBy } from "../../fixtures/browser/browser.ts";
import { journey } from "../../fixtures/browser/journey.ts";

t.test(
  "an agent has several customers side by side, ends one, and finds the next by the keyboard alone",
  async (t) => {
    const it = await journey({ isolated: true });
    t.teardown(() => it.close());
    const alice = await it.person("alice@demo.test");
    const nuno = await it.fromTicket(alice, "/site/9421/overview");
    const mia = await it.fromTicket(alice, "/site/9511/overview");
    t.not(new URL(nuno.url()).host, new URL(mia.url()).host, "each on a host of its own");
    const signal =
      "[document.documentElement.dataset.guiseImpersonating, window.guise?.impersonating, Object.isFrozen(window.guise)]";
    await mia.waitForFunction("document.documentElement.dataset.guiseImpersonating");
    t.strictSame(await mia.evaluate(signal), ["read", true, true], "the app's own scripts are told");

    const home = await alice.newPage();
    await home.goto(`${it.stack.url}/.guise/`);
    t.equal(new URL(home.url()).hostname, "guise.localhost");
    const rows = home.locator(".rows .row");
    t.equal(await rows.count(), 2);
    t.match(await home.locator("main").innerText(), /You are viewing[\s\S]*Viewed last/);
    for (const [width, scheme] of [
      [320, "dark"],
      [1400, "light"],
    ] as const) {
      await home.setViewportSize({ width, height: 900 });
      await home.emulateMedia({ colorScheme: scheme });
      t.match(
        await findings(home),
        { looked: true, violations: { length: 0 } },
        `axe finds nothing at ${width}`,
      );
      t.equal(await home.evaluate("document.documentElement.scrollWidth"), width, "nothing bleeds");
      await it.shot(home, `31-home-${width}-${scheme}`);
    }
    const opened = await tabOpenedBy(alice, () => rows.filter({ hasText: "Mia" }).locator("a").click());
    t.match(
      [new URL(opened.url()).host, await opened.locator("main").innerText()],
      [new URL(mia.url()).host, /studio-mia/],
    );
    await rows.filter({ hasText: "Nuno" }).locator("button").click();
    await rows.filter({ hasText: "Nuno" }).waitFor({ state: "detached" });
    await nuno.reload();
    t.match(await nuno.locator("body").innerText(), /no longer viewing/i);
    await mia.reload();
    t.match(await mia.locator("main").innerText(), /studio-mia/, "the other one goes on");

    await home.locator("h1").click();
    await home.keyboard.press("/");
    await home.keyboard.type("ken");
    await home.locator("#found a").waitFor();
    await home.keyboard.press("ArrowDown");
    await home.keyboard.press("Enter");
    await home.locator("h1", { hasText: "View the app as Kenji" }).waitFor();
    await home.goto(`${it.stack.url}/.guise/?q=ada`);
    t.match(await home.locator("main").innerText(), /Nobody whom you may be was found/);
  },
);
