// Needs: WordPress
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import t from "tap";
import { app } from "../../src/app.ts";
import { browser } from "../fixtures/browser/browser.ts";
import { type Look, look } from "../fixtures/browser/look.ts";
import { wordPress } from "../fixtures/real-apps/wordpress.ts";
import { freePort } from "../fixtures/servers/port.ts";
import { ready } from "../page/stage.ts";
import { supportTool } from "./support-tool.ts";

/** Where, and what holds its text. WordPress names its own host in all of them: styles, scripts, pictures, links, forms. */
const PAGES = [
  ["/", "main"],
  ["/wp-admin/", "#wpbody-content h1"],
  ["/wp-admin/edit.php", "#wpbody-content"],
  ["/wp-admin/profile.php", "#your-profile"],
  ["/wp-admin/options-general.php", "#wpbody-content form"],
  ["/nowhere", "main"],
] as const;

/**
 * Without what comes late, by a script. And without the one thing that is told: before our script is there, a script of WordPress's head
 * tidies the address bar by the app's whole address, which a browser lets no other host do.
 */
function inTime({ loaded, errors, ...rest }: Look): Look {
  return {
    ...rest,
    loaded: loaded.filter((it) => !/ image |zxcvbn/.test(it)),
    errors: errors.filter((it) => !it.includes("'replaceState' on 'History'")),
  };
}

const people = await supportTool(t, "staff=alice");
const blog = await wordPress();
t.teardown(() => blog.stop());
const { olga } = blog.users;
const chromium = await browser();
t.teardown(() => chromium.close());
const data = await mkdtemp(join(tmpdir(), "guise-test-"));
const [config, port] = [join(data, "routes.config.yaml"), await freePort()];
const url = `http://localhost:${port}`;
await writeFile(
  config,
  `upstream: ${blog.origin}
token: { audience: blog }
isolation: { host: { parent: view.localhost } }
console: { origin: "http://guise.localhost:${port}", app: "${url}" }
identity: [{ whoami: { url: "${people}/", cookies: [staff], user: { id: /id, name: /name, groups: /groups } } }]
agents: [{ groups: [support], mayBe: { notInGroups: [support] }, mode: write }]
users: { map: { "${olga.id}": { name: ${olga.name}, email: ${olga.email}, groups: [customer] } } }
`,
);
const log = pino({ level: process.env.GUISE_LOG ?? "fatal" });
const gateway = await app({ config, port, host: "127.0.0.1", adminPort: 0, data, env: process.env, log });
t.teardown(async () => {
  await gateway.close();
  await rm(data, { recursive: true, force: true });
});
await blog.trust({ jwks: `${url}/.guise/jwks.json`, audience: "blog" });

t.test(
  "WordPress on a host of its own is what its user sees: statuses, texts, console, what it loads",
  async (t) => {
    const [beside, plain] = [await chromium.newPage(), await chromium.newPage()];
    await beside
      .context()
      .addCookies([{ name: "staff", value: "alice", url, httpOnly: true, sameSite: "Lax" }]);
    await beside.goto(`${url}/.guise/as/${olga.id}`);
    t.equal(new URL(beside.url()).hostname, "guise.localhost");
    await beside.click("main button");
    await ready(beside);
    const { origin, hostname } = new URL(beside.url());
    t.match(hostname, /^[a-z2-7]{32}\.view\.localhost$/);
    await plain.goto(`${blog.origin}/wp-login.php`);
    await plain.fill("#user_login", olga.login);
    await plain.fill("#user_pass", olga.password);
    await Promise.all([plain.waitForURL("**/wp-admin/"), plain.press("#user_pass", "Enter")]);
    for (const [path, within] of PAGES) {
      const own = await look(plain, blog.origin + path, within);
      t.same(inTime(await look(beside, origin + path, within)), inTime(own), path);
      const broken = "[...document.images].filter((it) => it.complete && it.naturalWidth === 0).length";
      t.equal(await beside.evaluate(broken), await plain.evaluate(broken), `${path}: its pictures`);
      t.equal(new URL(beside.url()).hostname, hostname, `${path} stays on its host`);
    }
    await beside.goto(`${origin}/wp-admin/profile.php`);
    await beside.fill("#description", "Written by Alice for Olga");
    await beside.locator("#submit").click();
    await beside.locator("#message.updated").waitFor();
    t.equal(new URL(beside.url()).hostname, hostname, "a form leads back to it");
    await plain.goto(`${blog.origin}/wp-admin/profile.php`);
    t.equal(await plain.inputValue("#description"), "Written by Alice for Olga");
  },
);
