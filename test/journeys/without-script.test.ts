import t from "tap";
import { journey } from "../fixtures/journey.ts";

t.test("banner and Stop work without JavaScript", async (t) => {
  const it = await journey();
  t.teardown(() => it.close());
  const alice = await it.person("alice@demo.test", { javaScriptEnabled: false });
  const page = await it.fromTicket(alice, "/site/9421/overview");
  t.ok(await page.locator("guise-banner").isVisible());
  await it.shot(page, "7-without-script");
  const box = await page.locator("guise-banner").boundingBox();
  t.ok(box !== null && box.height > 20, "it takes its place");
  // The closed shadow root hides the button from the test as from the page: press it as a keyboard would.
  const seen: string[] = [];
  page.on("request", (request) => {
    if (request.method() === "POST") seen.push(new URL(request.url()).pathname);
  });
  for (let presses = 0; presses < 12 && seen.length === 0; presses += 1) {
    await page.keyboard.press("Tab");
    if (!(await page.evaluate(() => document.activeElement?.localName === "guise-banner").catch(() => false)))
      continue;
    await page.keyboard.press("Enter");
    await page.waitForLoadState();
    if (page.url().includes("/.guise/elevate")) await page.goBack();
  }
  t.same(seen, ["/.guise/stop"]);
  t.match(await page.locator("body").innerText(), /Alice Support/);
});
