import t from "tap";
import { sessions } from "../../../src/cli/sessions/sessions.ts";
import { loginApp, PASSWORD } from "../../fixtures/apps/login-app.ts";
import { ask, CLICK } from "../../fixtures/client/named.ts";
import { runCommand } from "../../fixtures/command.ts";
import { frontConfig, frontOf } from "../../fixtures/gateway/front.ts";
import { BY_FORM, recorded, signedInFront, visit } from "../../fixtures/gateway/signed-in-front.ts";

t.test("a switch signs the one out of the app, and the other in", async (t) => {
  const app = await loginApp(t);
  const { url, data } = await signedInFront(t, app);
  const alice = await visit(url);
  t.equal(app.sessionsOf("17").length, 1);
  const second = await ask(`${url}/site/2`, { ...CLICK, ...alice.headers });
  t.match(second.body, "<p id=user>Mia</p>");
  const [ended] = await recorded(data, "sign-in.ended");
  t.match(ended, { event: { outcome: "success" }, user: { effective: { id: "17" } } });
  t.same([app.sessionsOf("17").length, app.sessionsOf("23").length], [0, 1]);
});

t.test("a revocation by another process signs out of the app", async (t) => {
  const app = await loginApp(t);
  const { url, data, config } = await signedInFront(t, app);
  await visit(url);
  const env = { ...process.env, LOGIN_APP_PASSWORD: PASSWORD };
  const revoked = await runCommand(sessions, ["end-all", "-c", config, "--data", data], env);
  t.equal(revoked.code, 0, revoked.err);
  const [ended] = await recorded(data, "sign-in.ended");
  t.match(ended, { event: { outcome: "success" } });
  t.same(app.sessionsOf("17"), []);
});

t.test("so does the end of its time", async (t) => {
  const app = await loginApp(t);
  process.env.LOGIN_APP_PASSWORD = PASSWORD;
  const short = frontConfig(app.origin, BY_FORM).replace("total: 8h, idle: 8h", "total: 2s, idle: 2s");
  const { url, data } = await frontOf(t, short);
  t.match((await visit(url)).first.body, "<p id=user>Nuno</p>");
  const [ended] = await recorded(data, "sign-in.ended");
  t.match(ended, { event: { outcome: "success" } });
  t.same(app.sessionsOf("17"), []);
});
