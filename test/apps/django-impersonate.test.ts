// Needs: Django with add-ons for signing in
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import t from "tap";
import { browser } from "../fixtures/browser/browser.ts";
import { frontOf } from "../fixtures/gateway/front.ts";
import { cookieWitness } from "../fixtures/real-apps/cookie-witness.ts";
import { djangoLogin } from "../fixtures/real-apps/django-login.ts";
import { walkBeside } from "./beside.ts";

const EXAMPLE = fileURLToPath(
  new URL("../../examples/apps/django-impersonate/routes.config.yaml", import.meta.url),
);

const django = await djangoLogin(t);
await django.start();
const direct = django.origin;
const witness = await cookieWitness(t, direct);
process.env.DJANGO_USER = "root";
process.env.DJANGO_PASSWORD = "root's password";
const example = await readFile(EXAMPLE, "utf8");
const config = example
  .replace("http://127.0.0.1:8080", witness.origin)
  .replace(/^publicUrl.*$/m, "headers: { when: impersonating }")
  .replace(/- oidc: .*/, '- insecureHeader: { name: X-User, groups: X-Groups, from: [127.0.0.1, "::1"] }');
const front = await frontOf(t, config);
const chromium = await browser();
t.teardown(() => chromium.close());

t.test("Django's admin, by the add-on's own log in as", async (t) => {
  await walkBeside(t, {
    front,
    direct,
    witness,
    chromium,
    signIn: async (page, origin, who) => {
      const name = who === "customer" ? "nuno" : "alice";
      await page.goto(`${origin}/admin/login/?next=/admin/`);
      await page.fill("#id_username", name);
      await page.fill("#id_password", `${name}'s password`);
      await Promise.all([page.waitForURL(`${origin}/admin/`), page.press("#id_password", "Enter")]);
    },
    paths: [
      "/site/2/start",
      "/admin/",
      "/admin/auth/user/",
      "/admin/auth/user/?q=nuno",
      "/admin/auth/user/2/change/",
      "/admin/auth/user/2/history/",
      "/admin/auth/group/",
      "/admin/auth/group/1/change/",
      "/admin/password_change/",
      "/admin/nothing/",
    ],
    steps: 100,
    own: { path: "/mine", customer: /\bnuno at mine/, agent: /\balice at mine/ },
  });
});
