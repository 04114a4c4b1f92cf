// Needs: Redmine
import type { Page } from "playwright-core";
import t from "tap";
import { bodyOf, httpApp } from "../fixtures/apps/upstream.ts";
import { browser } from "../fixtures/browser/browser.ts";
import { look } from "../fixtures/browser/look.ts";
import { frontOf, SUPPORT } from "../fixtures/gateway/front.ts";
import { redmine } from "../fixtures/real-apps/redmine.ts";

/** What the helpdesk got. */
const tickets: string[] = [];
let arrived = Promise.withResolvers<void>();
let owner = "";
const beside = await httpApp(t, async (request, response) => {
  if (request.url === "/owner") {
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify({ id: owner }));
    return;
  }
  tickets.push((await bodyOf(request)).toString("utf8"));
  response.end();
  arrived.resolve();
  arrived = Promise.withResolvers();
});
const app = await redmine();
t.teardown(() => app.stop());
const chromium = await browser();
t.teardown(() => chromium.close());
// Redmine's own page says who is signed in to it.
const front = await frontOf(
  t,
  `upstream: ${app.origin}
token: { audience: redmine }
identity:
  - insecureHeader: { name: X-User, groups: X-Groups, from: [127.0.0.1, "::1"] }
  - whoami:
      url: ${app.origin}/my/account
      cookies: [Redmine]
      user: { id: { css: "#loggedas a.user", attribute: href, regex: "/users/([0-9]+)" }, name: { css: "#loggedas a.user" } }
headers: { when: impersonating }
agents:
  - { groups: [support], mayBe: {}, mode: read, consent: ask }
owners: { site: { http: { url: "${beside.origin}/owner" } } }
routes:
  - { path: "/projects/:project{/*rest}", owner: site, help: true }
help: { webhooks: [ { url: "${beside.origin}/ticket" } ] }
`,
);
const { users } = await app.start({ jwks: `${front.url}/.guise/jwks.json` });
owner = String(users.nuno);

async function signedIn(origin: string): Promise<Page> {
  const page = await (await chromium.newContext({ viewport: { width: 1280, height: 900 } })).newPage();
  await page.goto(`${origin}/login`);
  await page.fill("#username", "nuno");
  await page.fill("#password", "nuno's password");
  await Promise.all([page.waitForURL("**/my/page"), page.press("#password", "Enter")]);
  return page;
}

const PAGES = [
  "/projects/website",
  "/projects/website/issues",
  "/projects/website/issues/new",
  "/projects/website/wiki",
  "/projects/website/settings",
] as const;

t.test("with the button and the card Redmine's pages are what they are, and both work in them", async (t) => {
  const [nuno, plain] = [await signedIn(front.url), await signedIn(app.origin)];
  const same = async (called: string) => {
    for (const path of PAGES) {
      const own = await look(plain, app.origin + path, "#content");
      const through = await look(nuno, front.url + path, "#content");
      const without = (it: typeof own) => ({
        ...it,
        loaded: it.loaded.filter((line) => !line.includes("/.guise/")),
      });
      t.same({ ...without(through), loaded: [] }, { ...own, loaded: [] }, `${path} ${called}`);
      t.equal(await nuno.locator("script[data-guise-help]").count(), 1, `${path} has the button`);
    }
  };
  await same("with the button");
  await nuno.goto(`${front.url}/projects/website`);
  await nuno.waitForSelector("guise-help", { state: "attached" });
  await nuno.screenshot({ path: "test/journeys/screenshots/92-redmine-button.png" });

  const alice = await (await chromium.newContext({ extraHTTPHeaders: { ...SUPPORT } })).newPage();
  await alice.goto(`${front.url}/.guise/as/${users.nuno}?to=/projects/website`);
  await alice.click("main form button:not(.quiet)");
  await alice.waitForURL((url) => url.pathname === "/.guise/asked");
  // Whose session it is Guise learns beside the pages, from Redmine itself: the card comes some page later.
  while ((await nuno.locator("guise-banner").count()) === 0) await nuno.goto(`${front.url}/projects/website`);
  t.ok(await nuno.locator("guise-banner").isVisible(), "the card is there");
  await nuno.screenshot({ path: "test/journeys/screenshots/92-redmine-card.png" });
  await same("with the card and the button");

  const box = await nuno.locator("guise-help").boundingBox();
  await nuno.mouse.click((box?.x ?? 0) + (box?.width ?? 0) / 2, (box?.y ?? 0) + (box?.height ?? 0) / 2);
  await nuno.keyboard.type("The roadmap is empty");
  await nuno.screenshot({ path: "test/journeys/screenshots/92-redmine-help.png" });
  const answered = nuno.waitForResponse((response) => response.url().endsWith("/.guise/ask-for-help"));
  // To the box for a picture, to what is sent besides, to the button.
  for (let key = 0; key < 3; key += 1) await nuno.keyboard.press("Tab");
  await nuno.keyboard.press("Enter");
  t.equal((await answered).status(), 200);
  while (tickets.length === 0) await arrived.promise;
  t.match(tickets[0], /The roadmap is empty[\s\S]*projects\/website/);

  await nuno.goto(`${front.url}/.guise/access`);
  await nuno.click("main button:has-text('Allow') >> nth=0");
  await alice.waitForURL((url) => url.pathname.startsWith("/projects/website"));
  t.match(await alice.locator("#loggedas").innerText(), /nuno/);
  t.equal(await alice.locator("script[data-guise-help]").count(), 0, "an agent has no button");
});
