// Needs: WordPress
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { pino } from "pino";
import type { Page } from "playwright-core";
import t from "tap";
import { app } from "../../src/app.ts";
import { browser } from "../fixtures/browser/browser.ts";
import { wordPress } from "../fixtures/real-apps/wordpress.ts";
import { freePort } from "../fixtures/servers/port.ts";
import { ready } from "../page/stage.ts";
import { supportTool } from "./support-tool.ts";
import { textOf } from "./window.ts";

const EXAMPLE = fileURLToPath(new URL("../../examples/apps/wordpress/routes.config.yaml", import.meta.url));

const people = await supportTool(t, "support_session=alice");
const blog = await wordPress();
t.teardown(() => blog.stop());
const { nuno } = blog.users;
const [post = 0, other = 0] = blog.posts.nuno;
const chromium = await browser();
t.teardown(() => chromium.close());

const data = await mkdtemp(join(tmpdir(), "guise-test-"));
const [config, port] = [join(data, "routes.config.yaml"), await freePort()];
const example = await readFile(EXAMPLE, "utf8");
await writeFile(
  config,
  example.replace("http://127.0.0.1:8080", blog.origin).replace("http://127.0.0.1:8090", people),
);
const env = { ...process.env, WORDPRESS_DB: blog.database };
const log = pino({ level: process.env.GUISE_LOG ?? "fatal" });
const gateway = await app({ config, port, host: "127.0.0.1", adminPort: 0, data, env, log });
t.teardown(async () => {
  await gateway.close();
  await rm(data, { recursive: true, force: true });
});
await blog.trust({ jwks: `http://127.0.0.1:${port}/.guise/jwks.json`, audience: "blog" });
const url = `http://localhost:${port}`;
const editor = `/wp-admin/post.php?post=${post}&action=edit`;

/** Alice's window behind the gateway; and Nuno's own, in WordPress itself. */
const [alice, author] = [await window(), await window()];
await alice
  .context()
  .addCookies([{ name: "support_session", value: "alice", url, httpOnly: true, sameSite: "Lax" }]);
await author.goto(`${blog.origin}/wp-login.php`);
await author.fill("#user_login", nuno.login);
await author.fill("#user_pass", nuno.password);
await Promise.all([author.waitForURL("**/wp-admin/**"), author.press("#user_pass", "Enter")]);

t.test("a post of an author opens as that author", async (t) => {
  const answer = await alice.goto(url + editor);
  t.equal(answer?.status(), 200);
  await ready(alice);
  await alice.locator(".edit-post-visual-editor p").first().waitFor();
  t.match(await whoami(), { effectiveUser: { id: nuno.id }, impersonation: { mode: "read" } });
});

t.test("the media grid loads in mode read", async (t) => {
  const asked = alice.waitForResponse((it) => it.url().endsWith("/wp-admin/admin-ajax.php"));
  await alice.goto(`${url}/wp-admin/upload.php?mode=grid`);
  t.equal((await asked).status(), 200);
  await alice.locator(".media-frame .attachments").waitFor({ state: "attached" });
});

t.test("a link that trashes is refused in mode read, although it is a GET", async (t) => {
  await alice.goto(`${url}/wp-admin/edit.php`);
  const link = await alice.locator(`#post-${other} .submitdelete`).getAttribute("href");
  const target = new URL(link ?? "", `${url}/wp-admin/`);
  t.match(target.search, /action=trash&_wpnonce=/);
  const answer = await alice.goto(target.href);
  t.equal(answer?.status(), 403);
  t.equal(await statusOf(other), 200, "the post is still there");
});

/** Pages of the dashboard and of the blog; those that an author may not see are among them. */
const PAGES = [
  "/",
  `/?p=${post}`,
  "/nuno-2/",
  "/author/olga/",
  "/?s=lorem",
  "/feed/",
  "/wp-admin/",
  "/wp-admin/edit.php",
  "/wp-admin/edit.php?post_status=publish&post_type=post",
  "/wp-admin/edit.php?s=nuno&action=-1&action2=-1",
  `/wp-admin/post.php?post=${other}&action=edit`,
  `/wp-admin/post.php?post=${blog.posts.olga[0]}&action=edit`,
  "/wp-admin/upload.php?mode=list",
  "/wp-admin/upload.php?mode=grid",
  "/wp-admin/edit-comments.php",
  "/wp-admin/profile.php",
  "/wp-admin/tools.php",
  "/wp-admin/users.php",
  "/wp-admin/plugins.php",
  "/wp-admin/options-general.php",
  "/wp-admin/edit-tags.php?taxonomy=category",
  "/wp-admin/about.php",
  "/no-such-page/",
] as const;

t.test("23 pages have the statuses and the texts that the author sees, and no further error", async (t) => {
  t.equal(PAGES.length, 23);
  for (const path of PAGES) {
    const [shown, own] = [await seen(alice, url, path), await seen(author, blog.origin, path)];
    t.equal(shown.status, own.status, `${path}: ${own.status}`);
    t.equal(shown.text, own.text, `${path}: its text`);
    t.strictSame(
      shown.errors.filter((it) => !own.errors.includes(it)),
      [],
      `${path}: its errors`,
    );
  }
});

t.test("after a step up the block editor saves", async (t) => {
  await alice.goto(`${url}/.guise/elevate?to=${encodeURIComponent(editor)}`);
  await Promise.all([alice.waitForURL(/post\.php/), alice.locator("main button").first().click()]);
  await alice.locator(".edit-post-visual-editor p").first().waitFor();
  const saved = alice.waitForResponse(
    (it) => it.url().includes(`/posts/${post}?`) && it.request().method() === "POST",
  );
  await alice.evaluate(`wp.data.dispatch("core/editor").editPost({ title: "Saved by Alice" })`);
  await alice.locator(".editor-post-publish-button").click();
  const answer = await saved;
  t.equal(answer.request().headers()["x-http-method-override"], "PUT");
  t.equal(answer.status(), 200);
  await author.goto(`${blog.origin}/?p=${post}`);
  t.match(await author.title(), /^Saved by Alice/);
});

t.test(
  "password, e-mail address and keys stay the author's, in forms and in all addresses of the REST API",
  async (t) => {
    const mail = { email: "alice@example.com" };
    const rest: readonly (readonly [path: string, data: Readonly<Record<string, string>>])[] = [
      ["/wp-json/wp/v2/users/me", mail],
      [`/wp-json/wp/v2/users/${nuno.id}`, { password: "of Alice 1" }],
      ["/wp-json/wp/v2/users/me/application-passwords", { name: "alice" }],
      ["/?rest_route=/wp/v2/users/me", mail],
      [`/?rest_route=/wp/v2/users/${nuno.id}/application-passwords`, { name: "alice" }],
      ["/index.php?rest_route=/wp/v2/users/me", { password: "of Alice 1" }],
    ];
    await alice.goto(url + editor);
    for (const [path, data] of rest) {
      const sent = JSON.stringify([path, JSON.stringify(data)]);
      const code = await alice.evaluate<string>(`(([path, body]) =>
      fetch(path, { method: "POST", body, headers: {
        "content-type": "application/json", "x-wp-nonce": wpApiSettings.nonce
      } }).then((answer) => answer.json()).then((said) => said.code))(${sent})`);
      t.equal(code, "denied", `${path}: by the gateway, not by WordPress`);
    }
    await alice.goto(`${url}/wp-admin/profile.php`);
    await alice.fill("#email", mail.email);
    const answered = alice.waitForResponse(
      (it) => it.request().method() === "POST" && it.url().includes("profile.php"),
    );
    await alice.locator("#submit").click();
    t.equal((await answered).status(), 403, "the profile form");
    await author.goto(`${blog.origin}/wp-admin/profile.php`);
    t.equal(await author.inputValue("#email"), nuno.email);
    t.match(await author.content(), "application-passwords-section");
    t.equal(await author.locator("#the-list tr[data-uuid]").count(), 0, "he has no application password");
  },
);

t.test("signing out by its address is Stop, and nobody's session ends", async (t) => {
  await alice.goto(`${url}/wp-login.php?action=logout`);
  t.match(await whoami(), { effectiveUser: { id: "alice" }, impersonation: null });
  const answer = await author.goto(`${blog.origin}/wp-admin/profile.php`);
  t.equal(answer?.status(), 200);
  t.equal(new URL(author.url()).pathname, "/wp-admin/profile.php");
});

async function whoami(): Promise<unknown> {
  const text = await alice.evaluate<string>(`fetch("/.guise/me").then((answer) => answer.text())`);
  return JSON.parse(text);
}

async function statusOf(id: number): Promise<number> {
  return (await fetch(`${blog.origin}/?p=${id}`)).status;
}

async function window(): Promise<Page> {
  return await (await chromium.newContext({ viewport: { width: 1400, height: 800 } })).newPage();
}

interface Seen {
  readonly status: number | undefined;
  readonly text: string;
  readonly errors: readonly string[];
}

/** A page as it comes, without what differs from one request to the next, and what the browser complains of. */
async function seen(page: Page, origin: string, path: string): Promise<Seen> {
  const errors: string[] = [];
  const say = (text: string) => errors.push(text.replaceAll(origin, ""));
  const onConsole = (it: { type(): string; text(): string }) => {
    if (it.type() === "error") say(it.text());
  };
  const onError = (it: Error) => say(it.message);
  page.on("console", onConsole).on("pageerror", onError);
  // The editor is never quiet; the last that it asks for is the template.
  const quiet = !blog.posts.nuno.some((id) => path.endsWith(`?post=${id}&action=edit`));
  const template = quiet ? null : page.waitForResponse((it) => it.url().includes("/wp/v2/templates/"));
  const answer = await page.goto(origin + path, { waitUntil: quiet ? "networkidle" : "load" });
  await template;
  page.off("console", onConsole).off("pageerror", onError);
  return { status: answer?.status(), text: textOf((await answer?.text()) ?? "", origin), errors };
}
