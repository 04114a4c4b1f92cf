// Needs: PostgreSQL, Unleash
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import t from "tap";
import { browser } from "../fixtures/browser/browser.ts";
import { ask, CLICK, cookieOf } from "../fixtures/client/named.ts";
import { frontOf, SUPPORT } from "../fixtures/gateway/front.ts";
import { cookieWitness } from "../fixtures/real-apps/cookie-witness.ts";
import { passwordOf, unleash } from "../fixtures/real-apps/unleash.ts";
import { walkBeside } from "./beside.ts";

const EXAMPLE = fileURLToPath(new URL("../../examples/apps/unleash/routes.config.yaml", import.meta.url));

process.env.SUPPORT_KEY = "a long key of the tests";
const app = await unleash(t, process.env.SUPPORT_KEY);
process.env.UNLEASH_DB = app.database.url;
const witness = await cookieWitness(t, app.origin);
const config = (await readFile(EXAMPLE, "utf8"))
  .replace("http://127.0.0.1:4242", witness.origin)
  .replace(/^publicUrl.*$/m, "headers: { when: impersonating }")
  .replace(/- oidc: .*/, '- insecureHeader: { name: X-User, groups: X-Groups, from: [127.0.0.1, "::1"] }');
const front = await frontOf(t, config);
const chromium = await browser();
t.teardown(() => chromium.close());

t.test("Unleash by steps: a session of its own, made beside its login", async (t) => {
  const before = app.sessionsOf(app.ids.nuno);
  await walkBeside(t, {
    front,
    direct: app.origin,
    witness,
    chromium,
    signIn: async (page, origin, who) => {
      const name = who === "customer" ? "nuno" : "rita";
      await page.goto(`${origin}/login`);
      await page.fill("input[name=username]", name);
      await page.fill("input[name=password]", passwordOf(name));
      await Promise.all([page.waitForURL((url) => url.pathname !== "/login"), page.keyboard.press("Enter")]);
    },
    paths: [
      "/projects/default/features/lamps",
      "/projects",
      "/projects/default",
      "/search",
      "/segments",
      "/context",
      "/feature-toggle-type",
      "/profile",
      "/projects/default/settings/api-access",
      "/nowhere",
    ],
    steps: Number(process.env.GUISE_STEPS ?? 100),
    own: { path: "/api/admin/user", customer: /"username":"nuno"/, agent: /"username":"rita"/ },
    looks: 120,
    plain: (text) => text.replace(/\d+ (?:seconds?|minutes?) ago|less than a minute ago/g, "ago"),
  });
  t.equal(app.sessionsOf(app.ids.nuno), before + 1, "only the customer's own is left");
});

t.test("API tokens in its JSON are withheld from who views the customer", async (t) => {
  const first = await ask(`${front.url}/projects/default/features/lamps`, { ...CLICK, ...SUPPORT });
  const script = { "sec-fetch-site": "same-origin", "sec-fetch-dest": "empty", "sec-fetch-mode": "cors" };
  const inside = { ...SUPPORT, ...script, cookie: cookieOf(first) };
  const shown = await ask(`${front.url}/api/admin/projects/default/api-tokens`, inside);
  t.equal(shown.status, 200);
  const [token] = (JSON.parse(shown.body) as { tokens: { secret: string; tokenName: string }[] }).tokens;
  t.match(token, { tokenName: "of-nuno", secret: "(withheld)" });
});

t.test("nobody else is let in by the address of the gateway's", async (t) => {
  for (const key of ["", "a guess at the key of it"])
    t.equal((await ask(`${app.origin}/support/session`, { "x-support-key": key }, "POST")).status, 403);
});
