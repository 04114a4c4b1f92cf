import t from "tap";
import { signin } from "../../../src/cli/signin/signin.ts";
import { loginApp, PASSWORD } from "../../fixtures/apps/login-app.ts";
import type { Teardown } from "../../fixtures/client/raw.ts";
import { runCommand } from "../../fixtures/command.ts";
import { recordsOf } from "../../fixtures/gateway/front.ts";
import { BY_FORM, BY_TOKEN, signedInFront } from "../../fixtures/gateway/signed-in-front.ts";

/** A gateway that runs, and the command beside it. */
async function beside(t: Teardown, by: string) {
  const app = await loginApp(t);
  const { config, data } = await signedInFront(t, app, by);
  const run = (...args: string[]) =>
    runCommand(signin, ["try", ...args, "-c", config, "--data", data], { LOGIN_APP_PASSWORD: PASSWORD });
  return { app, data, run };
}

/** What a browser could use, or a login. */
function secretsIn(text: string, values: readonly string[]): readonly string[] {
  return [PASSWORD, encodeURIComponent(PASSWORD), ...values].filter((it) => text.includes(it));
}

t.test(
  "each step is told with its status, its cookies by name and whom the app sees, and no secret",
  async (t) => {
    const { app, data, run } = await beside(t, BY_FORM);
    const seen = new Set<string>();
    app.server.prependListener("request", () => {
      for (const [id, { csrf }] of app.sessions) seen.add(id).add(csrf);
    });
    const { code, out, err } = await run("--as", "17", "--agent", "alice");
    t.equal(code, 0, err);
    t.same(out.split("\n"), [
      "ok      GET /login  200; sets session; takes csrf",
      "ok      POST /login  302; sets session",
      "ok      POST /admin/users/{effectiveUser.id}/impersonate  302; sets session",
      'ok      GET /api/me  200; the app sees "17"',
      "ok      POST /logout  302; sets session",
      "the app sees 17; kept: cookies session; values csrf",
      "",
    ]);
    t.ok(seen.size >= 4, "there are values that could have been shown");
    t.same(secretsIn(out + err + JSON.stringify(recordsOf(data, "sign-in.performed")), [...seen]), []);
    t.same(app.sessionsOf("17"), [], "nothing is left in the app");
    t.match(recordsOf(data, "sign-in.performed"), [
      { user: { id: "alice", effective: { id: "17" } }, message: /^guise signin try: GET \/login 200, / },
    ]);
  },
);

t.test("an app that sees somebody else, or refuses, is told with the step", async (t) => {
  const { app, data, run } = await beside(t, BY_FORM);
  app.faults.other = "23";
  const other = await run("--as", "17");
  t.equal(other.code, 1);
  t.match(other.out, 'GET /api/me  200; the app sees "23"\n');
  t.match(other.out, "failed: verify, GET /api/me: the app names somebody else\n");
  t.same(app.sessionsOf("23"), []);
  app.faults.refuses = true;
  const refused = await run("--as", "17", "--json");
  t.equal(refused.code, 1);
  t.match(JSON.parse(refused.out), {
    as: "17",
    sees: null,
    problem: "step 2 of 3, POST /login: the answer has status 422 and not 302",
    steps: [
      { step: "GET /login", status: 200 },
      { step: "POST /login", status: 422 },
    ],
  });
  t.same(secretsIn(other.out + refused.out, []), []);
  t.equal(recordsOf(data, "sign-in.failed").length, 2);
});

t.test("a token is named and not shown", async (t) => {
  const { app, run } = await beside(t, BY_TOKEN);
  const seen = new Set<string>();
  app.server.prependListener("request", () => {
    for (const token of app.tokens.keys()) seen.add(token);
  });
  const { code, out } = await run("--as", "17");
  t.equal(code, 0, out);
  t.match(out, "takes token");
  t.equal(seen.size, 1);
  t.same(secretsIn(out, [...seen]), []);
  t.equal(app.tokens.size, 0);
});

t.test("words that mean nothing are told, and an app without steps", async (t) => {
  t.equal((await runCommand(signin, ["try"])).code, 2);
  t.equal((await runCommand(signin, ["--as", "17"])).code, 2);
  t.equal((await runCommand(signin, ["try", "--as", "17", "--at", "app"])).code, 2);
  const { run } = await beside(t, "");
  const { code, err } = await run("--as", "17");
  t.equal(code, 1);
  t.match(err, "no app of this config has `signIn`");
});
