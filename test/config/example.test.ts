import { readFile } from "node:fs/promises";
import t from "tap";
import { problemsOf, snapshotOf } from "../fixtures/gateway/config.ts";

const text = await readFile(new URL("../../routes.config.yaml", import.meta.url), "utf8");

t.test("the worked example has no problem", async (t) => t.same(problemsOf(text), []));

const { routes, rules, settings, policy, users } = snapshotOf(text);

const owners: readonly (readonly [host: string, path: string, owner: string, params: object])[] = [
  ["localhost", "/site/9421", "site", { site: "9421" }],
  ["localhost", "/site/9421/check/uptime", "site", { site: "9421", rest: "check/uptime" }],
  [
    "localhost",
    "/status-page/nuno-status/overview",
    "statusPage",
    { statusPage: "nuno-status", rest: "overview" },
  ],
  ["localhost", "/users/17", "routes[2].owner", { user: "17" }],
  ["almeida.localhost", "/", "team", { team: "almeida" }],
];

for (const [host, path, owner, params] of owners) {
  t.test(`${host}${path} is ${owner}'s`, async (t) => {
    const found = routes.match(host, path, null);
    t.equal(found?.target.owner, owner);
    t.same({ ...found?.params }, params);
  });
}

t.test("pages of nobody in particular have no owner", async (t) => {
  for (const path of ["/", "/sites", "/payments", "/account"])
    t.equal(routes.match("localhost", path, null), null, path);
});

const asked: readonly (readonly [request: string, rule: string | null, effect: string | null])[] = [
  ["GET /logout", "rules[0]", "stop"],
  ["POST /logout", "rules[0]", "stop"],
  ["POST /payments/method", "rules[1]", "deny"],
  ["GET /payments", null, null],
  ["POST /search", "rules[2]", "allow"],
  ["GET /site/9421/delete", null, null],
  ["POST /site/9421/delete", "rules[3]", "confirm"],
  ["POST /account/password", "account-security/password", "deny"],
  ["POST /account/email", "account-security/email", "deny"],
  ["POST /link-account", "account-security/sign-in", "deny"],
  ["POST /team/invite", null, null],
];

for (const [request, name, effect] of asked) {
  t.test(`${request} meets ${name ?? "no rule"}`, async (t) => {
    const [method = "", path = ""] = request.split(" ");
    const rule = rules.match({ host: "localhost", path, method });
    t.equal(rule?.name ?? null, name);
    t.equal(rule?.effect ?? null, effect);
  });
}

t.test("support may be customers, to look, for a while", async (t) => {
  t.equal(policy.grants.length, 1);
  t.match(policy.grants[0], {
    agents: { groups: ["support"] },
    mayBe: { notInGroups: ["support", "support-lead", "auditor", "admin"] },
    mode: "read",
    elevateFor: 600_000,
    start: "auto",
  });
});

t.test("the app asks for its own name in the token, and is told of impersonation only", async (t) => {
  t.equal(settings.token.audience, "demo-app");
  t.equal(settings.headers.when, "impersonating");
  t.not(users, null);
});
