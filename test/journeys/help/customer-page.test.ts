import t from "tap";
import { pressInBanner } from "../../fixtures/browser/banner.ts";
import { journey } from "../../fixtures/browser/journey.ts";

const NUNOS_SITE = "/site/9421/overview";

t.test("an agent clicks a customer's link and is themselves again after Stop", async (t) => {
  const it = await journey();
  t.teardown(() => it.close());
  const alice = await it.person("alice@demo.test");
  const before = await alice.cookies();

  const page = await it.fromTicket(alice, NUNOS_SITE);
  t.equal(page.url(), `${it.stack.url}${NUNOS_SITE}`, "the address stays as it was in the ticket");
  t.match(await page.title(), /nuno\.example/);
  t.match(await page.locator("body").innerText(), /Nuno Almeida/, "the page is in Nuno's name");
  const banner = page.locator("guise-banner");
  t.ok(await banner.isVisible(), "under the banner");
  await it.shot(page, "1-customer-page");

  await page.click("a[href='/sites']:visible");
  await page.waitForURL(`${it.stack.url}/sites`);
  t.match(
    await page.locator("main").innerText(),
    /nuno\.example/,
    "/sites, without an owner in the URL, shows Nuno's list",
  );
  t.ok(await banner.isVisible());
  await it.shot(page, "2-sites-as-nuno");

  const me = await page.evaluate(async () => await (await fetch("/.guise/me")).json());
  t.match(me, { trueUser: { id: "1" }, effectiveUser: { id: "17" }, impersonation: { mode: "read" } });

  const stopped = page.waitForResponse((response) => response.url().endsWith("/.guise/stop"));
  await pressInBanner(page, "Stop");
  t.equal((await stopped).status(), 303);
  // A fresh tab came from nowhere in the app, so Stop leads to the app's start page.
  await page.waitForURL(`${it.stack.url}/`);
  t.match(await page.locator("body").innerText(), /Alice Support/, "as the agent again");
  t.equal(await page.locator("guise-banner").count(), 1, "with a notice");
  await it.shot(page, "3-after-stop");
  await page.reload();
  t.equal(await page.locator("guise-banner").count(), 0, "which is shown once");

  const session = (cookies: typeof before) => cookies.find((cookie) => cookie.name === "demo_session")?.value;
  t.ok(session(before));
  t.match(
    await page.locator("body").innerText(),
    /Alice Support/,
    "the agent's own session in the app still holds",
  );
});

t.test("the same link without rights is the app's own 404, byte for byte", async (t) => {
  const it = await journey();
  t.teardown(() => it.close());
  const mia = await it.person("mia@example.com");
  const page = await it.fromTicket(mia, NUNOS_SITE);
  await it.shot(page, "4-without-rights");
  const [through, missing] = await Promise.all(
    [NUNOS_SITE, "/site/424242/overview"].map(async (path) => {
      const response = await mia.request.get(`${it.stack.url}${path}`, {
        headers: {
          "sec-fetch-dest": "document",
          "sec-fetch-mode": "navigate",
          "sec-fetch-user": "?1",
          accept: "text/html",
        },
      });
      return { status: response.status(), body: (await response.body()).toString("latin1") };
    }),
  );
  const cookie = (await mia.cookies()).map(({ name, value }) => `${name}=${value}`).join("; ");
  const direct = await fetch(`${it.stack.demo.url}${NUNOS_SITE}`, { headers: { cookie } });
  t.equal(through?.status, 404);
  t.same(through, missing, "nothing tells a customer's page from one that isn't there");
  t.equal(
    through?.body,
    Buffer.from(await direct.arrayBuffer()).toString("latin1"),
    "and it is what the app itself says",
  );
});

t.test("signed out, the same link is the app's own login", async (t) => {
  const it = await journey();
  t.teardown(() => it.close());
  const nobody = await it.person(null);
  const page = await it.fromTicket(nobody, NUNOS_SITE);
  t.match(new URL(page.url()).pathname, /^\/login/);
  t.equal(await page.locator("guise-banner").count(), 0);
  await it.shot(page, "5-signed-out");
});

t.test("Nuno himself sees his page as ever: no banner, no change", async (t) => {
  const it = await journey();
  t.teardown(() => it.close());
  const nuno = await it.person("nuno@example.com");
  const page = await it.fromTicket(nuno, NUNOS_SITE);
  t.match(await page.title(), /nuno\.example/);
  t.equal(await page.locator("guise-banner").count(), 0);
  t.same(
    (await nuno.cookies()).filter((cookie) => cookie.name.includes("guise")),
    [],
    "and gets no cookie of ours",
  );
  await it.shot(page, "6-nuno-himself");
});
