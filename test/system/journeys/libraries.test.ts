import { readFile } from "node:fs/promises";
import type { Page } from "playwright-core";
import t from "tap";
import { hostile } from "../../fixtures/browser/hostile.ts";
import { ready } from "../../page/stage.ts";

const it = await hostile();
t.teardown(() => it.close());

const LIBRARIES = {
  turbo: "@hotwired/turbo/dist/turbo.es2017-umd.js",
  htmx: "htmx.org/dist/htmx.js",
  htmx2: "htmx2/dist/htmx.js",
  unpoly: "unpoly/unpoly.js",
} as const;

for (const [name, file] of Object.entries(LIBRARIES)) {
  const body = await readFile(new URL(`../../../node_modules/${file}`, import.meta.url));
  it.app.page(`/lib/${name}.js`, { body, type: "text/javascript" });
}

/** What a client of the protocol does with a link; the libraries themselves need a framework of their own. */
const INERTIA = `document.querySelector("#go").addEventListener("click", async (event) => {
  event.preventDefault();
  const answer = await fetch(event.target.href, { headers: { "X-Inertia": "true", "X-Requested-With": "XMLHttpRequest", Accept: "text/html, application/xhtml+xml" } });
  if (answer.status === 409 && answer.headers.has("X-Inertia-Location")) location.href = answer.headers.get("X-Inertia-Location");
  else document.body.textContent = "All Inertia requests must receive a valid Inertia response";
});`;
const LIVEWIRE = `document.querySelector("#go").addEventListener("click", async (event) => {
  event.preventDefault();
  const answer = await fetch(event.target.href, { headers: { "X-Livewire-Navigate": "" } });
  const made = new DOMParser().parseFromString(await answer.text(), "text/html");
  history.pushState({}, "", answer.url);
  for (const child of [...made.head.children]) document.head.append(child);
  document.body.replaceWith(document.adoptNode(made.body));
});`;

const script = (name: string) => `<script src="/lib/${name}.js"></script>`;
const CASES: Readonly<
  Record<string, { readonly head: string; readonly link?: string; readonly foot?: string }>
> = {
  turbo: { head: script("turbo") },
  "turbo, which fetches ahead": { head: script("turbo"), link: 'data-turbo-preload="true"' },
  htmx: { head: script("htmx"), link: 'hx-boost="true"' },
  "htmx 2": { head: script("htmx2"), link: 'hx-boost="true"' },
  unpoly: { head: script("unpoly"), link: "up-follow" },
  "unpoly, which asks for a part": { head: script("unpoly"), link: 'up-target="#part"' },
  inertia: { head: "", foot: `<script>${INERTIA}</script>` },
  livewire: { head: "", foot: `<script>${LIVEWIRE}</script>` },
};

const page = (head: string, body: string) =>
  `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>App</title>${head}</head><body><main id="part">${body}</main></body></html>`;

it.app.page("/u/17/x", page("", "<h1>{who} at x</h1>"));
it.app.page("/u/alice/y", page("", "<h1>{who} at y</h1>"));

/** Says yes where a click isn't enough of a person for the browser to tell us. */
async function startedAt(tab: Page, heading: string): Promise<void> {
  const begin = tab.locator(
    "form[action='/.guise/start'] button[type=submit], form[action='/.guise/start'] button",
  );
  const shown = tab.locator("h1", { hasText: heading });
  await begin.or(shown).first().waitFor();
  if ((await begin.count()) > 0) await begin.first().click();
  await shown.waitFor();
}

for (const [name, { head, link = "", foot = "" }] of Object.entries(CASES)) {
  t.test(`a customer's page that is visited by ${name} starts, as a click would`, async (t) => {
    it.app.page(
      "/inbox",
      page(head, `<h1>{who}'s inbox</h1><a id="go" href="/u/17/x" ${link}>Nuno</a>${foot}`),
    );
    const context = await it.person("alice");
    const tab = await context.newPage();
    const before = it.app.requests.length;
    await tab.goto(`${it.url}/inbox`);
    await tab.locator("h1", { hasText: "alice's inbox" }).waitFor();
    await tab.evaluate("window.stays = true");
    await tab.click("#go");
    await startedAt(tab, "17 at x");
    await ready(tab);
    t.equal(await tab.evaluate("window.stays"), undefined, "it was loaded in full");
    t.equal(new URL(tab.url()).pathname, "/u/17/x");
    const asked = it.app.requests.slice(before).filter(({ path }) => path === "/u/17/x");
    t.not(asked.length, 0, "the app was asked for it");
    t.same(
      asked.filter(({ who }) => who !== "17"),
      [],
      "the app never hears of the visit in the agent's own name",
    );
    await context.close();
  });

  t.test(`one's own page is visited by ${name} as if nothing stood in front of the app`, async (t) => {
    it.app.page(
      "/inbox",
      page(head, `<h1>{who}'s inbox</h1><a id="go" href="/u/alice/y" ${link}>Mine</a>${foot}`),
    );
    const context = await it.person("alice");
    const tab = await context.newPage();
    const before = it.app.requests.length;
    await tab.goto(`${it.url}/inbox`);
    await tab.evaluate("window.stays = true");
    const came = tab.waitForResponse((answer) => answer.url().endsWith("/u/alice/y"));
    await tab.click("#go");
    t.equal(await (await came).text(), page("", "<h1>alice at y</h1>"));
    // Inertia's own protocol has no pages to show.
    if (name !== "inertia") await tab.locator("h1", { hasText: "alice at y" }).waitFor();
    t.equal(await tab.evaluate("window.stays"), true, "it was not");
    t.same([...new Set(it.app.requests.slice(before).map(({ who }) => who))], ["alice"]);
    await context.close();
  });
}

t.test("while impersonating, what a library puts into the page is what the app sent", async (t) => {
  const FRAGMENT = "<p>a part for {who}</p>";
  it.app.page("/part", FRAGMENT);
  it.app.page("/u/17/x", page("", "<h1>{who} at x</h1>"));
  const context = await it.person("alice");
  const tab = await it.fromTicket(context, "/u/17/x");
  await ready(tab);
  const sent = [
    { "Turbo-Frame": "x" },
    { "X-Up-Version": "3.14.3", "X-Up-Target": "main" },
    { "HX-Request": "true" },
    { "X-Livewire": "" },
    { "X-Inertia": "true" },
    { "X-PJAX": "true" },
    { "X-Requested-With": "XMLHttpRequest" },
    { Accept: "text/html" },
  ];
  for (const headers of sent)
    t.equal(
      await tab.evaluate(`fetch("/part", { headers: ${JSON.stringify(headers)} }).then((it) => it.text())`),
      "<p>a part for 17</p>",
      JSON.stringify(headers),
    );
  await context.close();
});
