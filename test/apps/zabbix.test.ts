// Needs: Zabbix
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import t from "tap";
import { browser } from "../fixtures/browser/browser.ts";
import { ask } from "../fixtures/client/named.ts";
import { frontOf } from "../fixtures/gateway/front.ts";
import { cookieWitness } from "../fixtures/real-apps/cookie-witness.ts";
import { zabbix } from "../fixtures/real-apps/zabbix.ts";
import { walkBeside } from "./beside.ts";

const EXAMPLE = fileURLToPath(new URL("../../examples/apps/zabbix/routes.config.yaml", import.meta.url));

process.env.SUPPORT_KEY = "a long key of the tests";
const app = await zabbix(t, process.env.SUPPORT_KEY);
process.env.ZABBIX_DB = app.database.url;
const witness = await cookieWitness(t, app.origin);
const config = (await readFile(EXAMPLE, "utf8"))
  .replace("http://127.0.0.1:8080", witness.origin)
  .replace(/^publicUrl.*$/m, "headers: { when: impersonating }")
  .replace(/- oidc: .*/, '- insecureHeader: { name: X-User, groups: X-Groups, from: [127.0.0.1, "::1"] }');
const front = await frontOf(t, config);
const chromium = await browser();
t.teardown(() => chromium.close());

t.test("a Zabbix frontend, by its own HTTP authentication for the gateway alone", async (t) => {
  await walkBeside(t, {
    front,
    direct: app.origin,
    witness,
    chromium,
    signIn: async (page, origin, who) => {
      const name = who === "customer" ? "nuno" : "rita";
      await page.goto(`${origin}/index.php`);
      await page.fill("#name", name);
      await page.fill("#password", `${name}'s password`);
      await Promise.all([page.waitForURL("**/zabbix.php*"), page.click("#enter")]);
    },
    paths: [
      "/zabbix.php?action=dashboard.view&dashboardid=900",
      "/zabbix.php?action=dashboard.list",
      "/zabbix.php?action=problem.view",
      "/zabbix.php?action=host.view",
      "/zabbix.php?action=latest.view",
      "/sysmaps.php",
      "/zabbix.php?action=userprofile.edit",
      "/zabbix.php?action=search&search=lamp",
      "/zabbix.php?action=user.list",
      "/hostinventories.php",
    ],
    steps: Number(process.env.GUISE_STEPS ?? 100),
    own: { path: "/zabbix.php?action=userprofile.edit", customer: /nuno Almeida/, agent: /rita Sá/ },
    looks: 120,
  });
  t.equal(app.sessionsOf("nuno"), 1, "only the customer's own session is left");
  t.equal(app.sessionsOf("rita"), 1);
});

t.test("nobody else is let in by the address of the gateway's", async (t) => {
  for (const headers of [
    { "x-support-user": "nuno" },
    { "x-support-user": "nuno", "x-support-key": "" },
    { "x-support-user": "nuno", "x-support-key": "a guess at the key of it" },
  ])
    t.equal((await ask(`${app.origin}/index_http.php`, headers)).status, 403);
});

t.test(
  "its own login takes nothing but the customer's password, whatever account asks: no form steps",
  async (t) => {
    const sessions = app.sessionsOf("nuno");
    const key = process.env.SUPPORT_KEY ?? "";
    const form = new URLSearchParams({ name: "nuno", password: key, autologin: "1", enter: "Sign in" });
    const posted = await fetch(`${app.origin}/index.php`, { method: "POST", body: form, redirect: "manual" });
    t.match(await posted.text(), /Incorrect user name or password/);
    const call = async (method: string, params: object, auth: string | null) => {
      const body = JSON.stringify({ jsonrpc: "2.0", method, params, id: 1, auth });
      const headers = { "content-type": "application/json-rpc" };
      const answer = await fetch(`${app.origin}/api_jsonrpc.php`, { method: "POST", headers, body });
      return (await answer.json()) as { result?: string; error?: { data: string } };
    };
    t.match(await call("user.login", { username: "nuno", password: key }, null), {
      error: { data: /Incorrect user name/ },
    });
    const { result: admin = null } = await call(
      "user.login",
      { username: "Admin", password: "zabbix" },
      null,
    );
    t.type(admin, "string", "who runs it is signed in");
    for (const method of ["user.loginByUsername", "user.impersonate"])
      t.match(
        await call(method, { username: "nuno" }, admin),
        { error: { data: /Incorrect method/ } },
        method,
      );
    t.equal(app.sessionsOf("nuno"), sessions);
  },
);
