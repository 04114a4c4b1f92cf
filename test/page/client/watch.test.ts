import t from "tap";
import { inside } from "../inside.ts";
import { ready, stage } from "../stage.ts";

const it = await stage();
t.teardown(() => it.close());

const HTML = "<!doctype html><title>a</title><body><h1>App</h1>";

t.test("a banner that is removed comes back", async (t) => {
  const { page, banner } = await it.open({ html: HTML });
  for (const way of [
    "document.querySelector('guise-banner').remove()",
    "document.querySelector('guise-banner').hidePopover()",
    "document.querySelector('guise-banner').removeAttribute('popover')",
    "document.querySelector('guise-banner').setAttribute('hidden', '')",
    "document.querySelector('guise-banner').setAttribute('inert', '')",
    "document.querySelector('guise-banner').setAttribute('aria-hidden', 'true')",
    "document.documentElement.inert = true",
    "document.querySelector('guise-banner').replaceChildren()",
    "document.createElement('template').content.append(document.querySelector('guise-banner'))",
    "document.body.append(document.createElement('iframe')), frames[0].document.body.append(document.querySelector('guise-banner'))",
    "document.open(), document.write('<h1>written</h1>'), document.close()",
    "document.documentElement.replaceWith(document.createElement('html'))",
    "document.body.append(document.querySelector('guise-banner'))",
    "document.body.outerHTML = '<body>new</body>'",
  ]) {
    await page.evaluate(way);
    await ready(page);
    t.equal((await banner.uppermost()).name, "guise-banner", way);
    await page.reload();
    await ready(page);
  }
  await page.context().close();
});

t.test("an app that throws it out as soon as it sees it is left", async (t) => {
  const guard = `<script>new MutationObserver(() => document.querySelector("guise-banner")?.remove()).observe(document, { childList: true, subtree: true })</script>`;
  it.site.page("/page", { html: `<!doctype html><title>a</title>${guard}<body><h1>App</h1>` });
  const page = await it.browser.newPage();
  await page.goto(`${it.site.url}/page`, { waitUntil: "commit" });
  await page.waitForURL("**/.guise/stop");
  t.equal(await page.locator("guise-banner").count(), 0, "for the page that stops");
  await page.close();
});

t.test("a view transition that doesn't end is ended", async (t) => {
  const css =
    "<style>::view-transition { background: red } ::view-transition-new(root), ::view-transition-old(root) { animation-duration: 600s; opacity: 0 }</style>";
  const { page, banner } = await it.open({ html: `${css}${HTML}` });
  await page.evaluate("void document.startViewTransition(() => document.body.append('x'))");
  await page.waitForFunction("document.activeViewTransition !== null");
  await page.waitForFunction("document.activeViewTransition === null");
  t.equal((await banner.uppermost()).name, "guise-banner", "and the banner is seen again");
  await page.context().close();
});

t.test("names that the app gives to properties of its own mean nothing in the banner", async (t) => {
  const names = ["at", "stripes", "panel", "pad", "paper", "ink", "strong", "on-strong"];
  const css = names.map(
    (name) => `@property --${name} { syntax: "<length>"; inherits: true; initial-value: 900px }`,
  );
  const { banner } = await it.open({ html: `<style>${css.join("")}</style>${HTML}` });
  t.match(await banner.uppermost(), { name: "guise-banner", box: { y: 0 }, colour: "rgb(255, 194, 26)" });
});

t.test("an app that renders its whole document anew keeps the banner", async (t) => {
  const { page, banner } = await it.open({ html: HTML });
  await page.evaluate("document.documentElement.innerHTML = '<head></head><body>new</body>'");
  await ready(page);
  t.equal((await banner.uppermost()).name, "guise-banner");
  t.match(await banner.call(".bar", "return this.innerText;"), /Nuno Almeida/);
  await page.context().close();
});

t.test("the app's styles don't move it, whatever is written on its element", async (t) => {
  const { page, banner } = await it.open({ html: HTML });
  await page.evaluate(
    "document.querySelector('guise-banner').style.cssText = 'display:none!important;transform:translateY(-900px)!important;opacity:0!important;clip-path:inset(50%)!important;filter:opacity(0)!important;position:absolute!important;top:-900px!important'",
  );
  const { name, box } = await banner.uppermost();
  t.equal(name, "guise-banner");
  t.equal(box.y, 0);
  await page.context().close();
});

t.test("a dialog of the app lies under the banner", async (t) => {
  const { page, banner } = await it.open({
    html: `${HTML}<dialog style="inset:0;width:100%;height:100%">x</dialog>`,
  });
  await page.evaluate("document.querySelector('dialog').showModal()");
  await page.waitForFunction("document.querySelector('guise-banner').matches(':popover-open')");
  const shot = await page.screenshot({ clip: { x: 0, y: 0, width: 40, height: 40 } });
  await page.evaluate("document.querySelector('dialog').close()");
  t.ok(
    shot.equals(await page.screenshot({ clip: { x: 0, y: 0, width: 40, height: 40 } })),
    "it looks as it did",
  );
  await banner.click("form.stop button");
  await page.waitForURL("**/stopped");
  await page.context().close();
});

t.test("an app that fights is covered, and the server is told", async (t) => {
  const lost = it.site.next((line) => line.startsWith("POST /.guise/lost"));
  const { page, banner } = await it.open({ html: HTML });
  await page.evaluate(`new MutationObserver(() => document.querySelector("guise-banner")?.hidePopover()).observe(
    document.querySelector("guise-banner"), { attributes: true });
    setInterval(() => { const it = document.querySelector("guise-banner"); if (it.matches(":popover-open")) it.hidePopover(); it.setAttribute("x", Math.random()) }, 5)`);
  t.match(await lost, /impersonation=imp-1/);
  await page.waitForFunction(
    "document.activeElement?.localName === 'guise-banner' || location.pathname === '/.guise/stop'",
  );
  if (!page.url().endsWith("/.guise/stop")) {
    t.match(await banner.call("dialog.cover", "return this.innerText;"), /hides who you are/);
    await banner.click("dialog.cover button:last-child");
  }
  // The app goes on fighting, so the script may leave for the page with the button while the form is on its way.
  await page.waitForFunction("/stop/.test(location.pathname)");
  t.match(page.url(), /stop/);
  await page.context().close();
});

t.test("an app that keeps throwing the banner out is left", async (t) => {
  const { page } = await it.open({ html: HTML });
  await page.evaluate(`new MutationObserver(() => document.querySelector("guise-banner")?.remove()).observe(
    document, { childList: true, subtree: true }); document.querySelector("guise-banner").remove()`);
  await page.waitForURL("**/.guise/stop");
  t.pass("for the page with the button");
  await page.context().close();
});

t.test("a page that takes the banner's name first is left", async (t) => {
  it.site.page("/page", {
    html: `${HTML}<script>customElements.define("guise-banner", class extends HTMLElement {
      constructor() { super(); document.title = String(this.attachInternals().shadowRoot?.querySelector("input")?.value) } })</script>`,
  });
  const context = await it.browser.newContext();
  const page = await context.newPage();
  await page.goto(`${it.site.url}/page`, { waitUntil: "commit" });
  // Where our script was quicker, the name is ours and the page's script fails.
  await page.waitForFunction(
    "location.pathname === '/.guise/stop' || document.querySelector('html > guise-banner:popover-open') !== null",
  );
  const left = page.url().endsWith("/.guise/stop");
  t.ok(
    left || /(^| · )a$/.test(await page.title()),
    left ? "for the page with the button" : "or never gets it",
  );
  await context.close();
});

t.test(
  "without its stylesheet the banner stands at the start of the page, and its script works",
  async (t) => {
    it.site.page("/page", { html: HTML, view: { logout: ["h1"] } });
    const context = await it.browser.newContext();
    await context.route("**/*.css", (route) => route.abort());
    const page = await context.newPage();
    await page.goto(`${it.site.url}/page`);
    await page.waitForFunction("document.querySelector('html > guise-banner') !== null");
    const banner = await inside(page);
    const [bar, heading] = [await banner.box(".bar"), await page.locator("h1").boundingBox()];
    t.ok(bar.y < 20 && bar.height > 20 && bar.y + bar.height <= (heading?.y ?? 0));
    await page.waitForFunction("document.querySelector('h1').title !== ''");
    await page.click("h1");
    await page.waitForURL("**/stopped");
    await context.close();
  },
);
