import t from "tap";
import { loginApp } from "../../fixtures/apps/login-app.ts";
import { recordsOf } from "../../fixtures/gateway/front.ts";
import { recorded, signedInFront, visit } from "../../fixtures/gateway/signed-in-front.ts";

t.test(
  "an app with a login of its own shows the customer's page, and no cookie of it reaches the browser",
  async (t) => {
    const app = await loginApp(t);
    const { url, data } = await signedInFront(t, app);
    const alice = await visit(url);
    t.equal(alice.first.status, 200);
    t.match(alice.first.body, "<p id=user>Nuno</p>");
    t.notMatch(alice.first.headers["set-cookie"]?.join("\n"), /session=/);
    t.match((await alice.fetch("/api/me")).body, '"id":"17"');
    t.same(app.sessionsOf("17").length, 1);
    t.same(app.sessionsOf("svc").length, 0, "the service's session has become the customer's");
    const [record] = recordsOf(data, "sign-in.performed");
    t.match(record, { user: { id: "alice", effective: { id: "17" } } });
    t.equal(
      record?.message,
      "GET /login 200, POST /login 302, POST /admin/users/{effectiveUser.id}/impersonate 302, GET /api/me 200",
    );
  },
);

t.test("at stop the session is signed out of the app, and the agent's own goes on", async (t) => {
  const app = await loginApp(t);
  const { url, data } = await signedInFront(t, app);
  const own = app.signIn("23");
  const alice = await visit(url);
  t.equal(app.sessionsOf("17").length, 1);
  await alice.open("/leave");
  await recorded(data, "sign-in.ended");
  t.same(app.sessionsOf("17"), []);
  t.same(app.sessionsOf("svc"), []);
  t.same(app.sessionsOf("23"), [own.split("=")[1]]);
  t.equal(app.asked("/leave"), 0, "the app never heard of it");
});
