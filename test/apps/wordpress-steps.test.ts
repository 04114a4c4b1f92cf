// Needs: WordPress
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import t from "tap";
import { browser } from "../fixtures/browser/browser.ts";
import { frontOf } from "../fixtures/gateway/front.ts";
import { cookieWitness } from "../fixtures/real-apps/cookie-witness.ts";
import { wordPress } from "../fixtures/real-apps/wordpress.ts";
import { walkBeside } from "./beside.ts";

const example = async (name: string) =>
  await readFile(
    fileURLToPath(new URL(`../../examples/apps/wordpress-steps/${name}`, import.meta.url)),
    "utf8",
  );

process.env.SUPPORT_KEY = "a long key of the tests";
const blog = await wordPress();
t.teardown(() => blog.stop());
process.env.WORDPRESS_DB = blog.database;
await blog.file("support-session.php", await example("support-session.php"));
const witness = await cookieWitness(t, blog.origin);
const config = (await example("routes.config.yaml"))
  .replace("http://127.0.0.1:8080", witness.origin)
  .replace(/^publicUrl.*$/m, "headers: { when: impersonating }")
  .replace(/- oidc: .*/, '- insecureHeader: { name: X-User, groups: X-Groups, from: [127.0.0.1, "::1"] }');
const front = await frontOf(t, config);
const chromium = await browser();
t.teardown(() => chromium.close());
const { nuno, rita } = blog.users;
const [post] = blog.posts.nuno;

t.test("WordPress without a plugin, by a file beside its own login", async (t) => {
  await walkBeside(t, {
    front,
    direct: blog.origin,
    witness,
    chromium,
    signIn: async (page, origin, who) => {
      const { login, password } = who === "customer" ? nuno : rita;
      await page.goto(`${origin}/wp-login.php`);
      await page.fill("#user_login", login);
      await page.fill("#user_pass", password);
      await Promise.all([page.waitForURL("**/wp-admin/**"), page.press("#user_pass", "Enter")]);
    },
    paths: [
      "/author/nuno/",
      "/",
      `/?p=${post}`,
      "/?s=lorem",
      "/wp-admin/",
      "/wp-admin/edit.php",
      "/wp-admin/edit.php?post_status=publish&post_type=post",
      "/wp-admin/upload.php?mode=list",
      "/wp-admin/edit-comments.php",
      "/wp-admin/tools.php",
    ],
    steps: Number(process.env.GUISE_STEPS ?? 100),
    own: { path: "/wp-admin/profile.php", customer: named(nuno.name), agent: named(rita.name) },
    // This box loads its news by itself, later than the page.
    plain: (text) => text.replace(/(?<=Toggle panel: WordPress Events and News ).*?(?=Meetups)/, ""),
    shared: /^WP(?:\+|%20)Cookie(?:\+|%20)check$/,
  });
});

function named(name: string): RegExp {
  return new RegExp(`Howdy, (?:<span class="display-name">)?${name}`);
}
