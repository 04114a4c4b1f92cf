import t from "tap";
import { pressInBanner } from "../../fixtures/browser/banner.ts";
import { journey } from "../../fixtures/browser/journey.ts";

t.test("banner and Stop work without JavaScript", async (t) => {
  const it = await journey();
  t.teardown(() => it.close());
  const alice = await it.person("alice@demo.test", { javaScriptEnabled: false });
  const page = await it.fromTicket(alice, "/site/9421/overview");
  t.ok(await page.locator("guise-banner").isVisible());
  t.match(await page.title(), /^as Nuno[^·]* · ./, "so the tab says whose page it is");
  await it.shot(page, "7-without-script");
  const box = await page.locator("guise-banner").boundingBox();
  t.ok(box !== null && box.height > 20, "it takes its place");

  const stop = page.waitForRequest((request) => request.method() === "POST");
  await pressInBanner(page, "Stop");
  t.equal(new URL((await stop).url()).pathname, "/.guise/stop");
  await page.waitForLoadState();
  t.match(await page.locator("body").innerText(), /Alice Support/);
});
