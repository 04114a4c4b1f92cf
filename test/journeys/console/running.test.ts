import t from "tap";
import { findings } from "../../fixtures/browser/accessible.ts";
import { journey } from "../../fixtures/browser/journey.ts";

t.test(
  "an administrator sees a start as it happens, ends it and keeps its agent from the next one",
  async (t) => {
    const it = await journey({ isolated: true });
    t.teardown(() => it.close());
    const ada = await it.person("ada@demo.test");
    const page = await ada.newPage();
    await page.goto(`${it.stack.url}/.guise/sessions`);
    t.match(new URL(page.url()).hostname, "guise.localhost", "the page is on the console");
    t.match(await page.locator("#running").innerText(), /Nothing is running/);
    t.match(
      await findings(page),
      { looked: true, violations: { length: 0 } },
      "axe finds nothing where nothing runs",
    );

    const alice = await it.person("alice@demo.test");
    const viewed = await it.fromTicket(alice, "/site/9421/overview");
    const row = page.locator(".running tbody tr");
    await row.filter({ hasText: "/site/9421/overview" }).waitFor();
    t.match(await row.innerText(), /Alice Support[\s\S]*Nuno Almeida[\s\S]*look/);
    t.notMatch(await row.innerText(), /UTC/, "times are in the browser's own zone");
    t.match(await row.locator("time").first().getAttribute("title"), / UTC$/);
    await page.locator("input[name=id]").check();
    await viewed.goto(new URL("/site/9421/settings", viewed.url()).href);
    await row.filter({ hasText: "/site/9421/settings" }).waitFor();
    t.ok(await page.locator("input[name=id]").isChecked(), "what was ticked stays so");
    for (const [width, scheme] of [
      [320, "light"],
      [1400, "dark"],
    ] as const) {
      await page.setViewportSize({ width, height: 900 });
      await page.emulateMedia({ colorScheme: scheme });
      t.match(
        await findings(page),
        { looked: true, violations: { length: 0 } },
        `axe finds nothing at ${width}`,
      );
      t.equal(await page.evaluate("document.documentElement.scrollWidth"), width, "nothing bleeds");
      await it.shot(page, `30-running-${width}-${scheme}`);
    }

    await page.click("text=Keep an agent from impersonating");
    await page.fill("#agent", "1");
    await page.selectOption("#lasts", { label: "1 hour" });
    await page.fill("#why", "odd searches");
    await page.click("text=End theirs and block");
    await page.locator("text=Kept from it").waitFor();
    t.match(
      await page.locator("#running").innerText(),
      /Nothing is running[\s\S]*Alice Support[\s\S]*odd searches/,
    );
    const next = await it.fromTicket(alice, "/site/9421/overview");
    t.match(await next.locator("main").innerText(), /An administrator keeps you from viewing/);
    t.equal(await next.locator("text=Start again").count(), 0, "and nobody is told to try again");

    const otto = await it.person("otto@demo.test");
    const readers = await otto.newPage();
    await readers.goto(`${it.stack.url}/.guise/sessions`);
    t.match(await readers.locator("main").innerText(), /odd searches/);
    t.equal(await readers.locator("main button").count(), 0, "an auditor looks");
  },
);
