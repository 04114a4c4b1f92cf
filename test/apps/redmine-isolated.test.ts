// Needs: Redmine
import t from "tap";
import { browser } from "../fixtures/browser/browser.ts";
import { type Look, look } from "../fixtures/browser/look.ts";
import { frontOf } from "../fixtures/gateway/front.ts";
import { redmine } from "../fixtures/real-apps/redmine.ts";
import { freePort } from "../fixtures/servers/port.ts";
import { ready } from "../page/stage.ts";
import { supportTool } from "./support-tool.ts";

const people = await supportTool(t, "staff=alice");
const app = await redmine();
t.teardown(() => app.stop());
const chromium = await browser();
t.teardown(() => chromium.close());
const port = await freePort();
const url = `http://localhost:${port}`;
const front = await frontOf(
  t,
  `upstream: ${app.origin}
token: { audience: redmine }
isolation: { host: { parent: view.localhost } }
console: { origin: "http://guise.localhost:${port}", app: "${url}" }
identity: [{ whoami: { url: "${people}/", cookies: [staff], user: { id: /id, name: /name, groups: /groups } } }]
headers: { when: impersonating }
agents: [{ groups: [support], mayBe: {}, mode: write }]
`,
  undefined,
  port,
);
const { users, issue } = await app.start({ jwks: `${front.url}/.guise/jwks.json` });

const PAGES = [
  "/",
  "/my/page",
  "/my/account",
  "/projects",
  "/projects/website",
  "/projects/website/settings",
  "/projects/website/issues",
  "/projects/website/issues/new",
  "/projects/website/wiki",
  "/projects/website/wiki/Wiki/edit",
  `/issues/${issue}`,
  `/users/${users.rita}`,
  "/admin",
  "/issues/4711",
] as const;

/**
 * While impersonating nothing is asked for on the condition that the browser has it already (docs/forwarding.md); and pictures come when
 * they come.
 */
function inFull({ loaded, ...rest }: Look): Look {
  return {
    ...rest,
    loaded: loaded
      .filter((it) => !/ image /.test(it))
      .map((it) => it.replace(/^304 /, "200 "))
      .toSorted(),
  };
}

t.test(
  "Redmine on a host of its own is what its user sees: statuses, texts, console, what it loads",
  async (t) => {
    const [beside, plain] = [await chromium.newPage(), await chromium.newPage()];
    await beside
      .context()
      .addCookies([{ name: "staff", value: "alice", url, httpOnly: true, sameSite: "Lax" }]);
    await beside.goto(`${url}/.guise/as/${users.nuno}`);
    t.equal(new URL(beside.url()).hostname, "guise.localhost");
    await beside.click("main button");
    await ready(beside);
    const { origin, hostname } = new URL(beside.url());
    t.match(hostname, /^[a-z2-7]{32}\.view\.localhost$/);
    await plain.goto(`${app.origin}/login`);
    await plain.fill("#username", "nuno");
    await plain.fill("#password", "nuno's password");
    await Promise.all([plain.waitForURL("**/my/page"), plain.press("#password", "Enter")]);
    // Redmine remembers where somebody was last.
    await plain.goto(`${app.origin}/projects/website`);
    for (const path of PAGES) {
      const own = inFull(await look(plain, app.origin + path, "#content"));
      t.same(inFull(await look(beside, origin + path, "#content")), own, path);
      t.equal(new URL(beside.url()).hostname, hostname, `${path} stays on its host`);
    }
    await beside.goto(`${origin}/issues/${issue}/edit`);
    await beside.fill("#issue_notes", "Written by Alice for Nuno");
    await Promise.all([
      beside.waitForNavigation(),
      beside.locator("#issue-form input[type=submit]").last().click(),
    ]);
    t.equal(new URL(beside.url()).hostname, hostname, "a form leads back to it");
    await plain.goto(`${app.origin}/issues/${issue}`);
    t.match(await plain.locator("#history").innerText(), /Written by Alice for Nuno/);
  },
);
