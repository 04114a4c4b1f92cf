import t from "tap";
import { app as gatewayApp } from "../../../src/app.ts";
import { loginApp, PASSWORD } from "../../fixtures/apps/login-app.ts";
import { ask, CLICK, cookieOf } from "../../fixtures/client/named.ts";
import type { Teardown } from "../../fixtures/client/raw.ts";
import { frontConfig, frontOf, recordsOf, SUPPORT } from "../../fixtures/gateway/front.ts";
import { BY_FORM, recorded, signedInFront, visit } from "../../fixtures/gateway/signed-in-front.ts";
import { fakeLog } from "../../fixtures/log.ts";

/** Another gateway with the same config and data folder, as after a restart. */
async function startedAnew(t: Teardown, config: string, data: string): Promise<void> {
  const options = { port: 0, host: "127.0.0.1", adminPort: 0, env: process.env, log: fakeLog() };
  const next = await gatewayApp({ ...options, config, data });
  t.teardown(() => next.close());
}

const OWN = { ...CLICK, ...SUPPORT };

t.test("an app that refuses the service account shows nothing, and nothing has begun", async (t) => {
  const app = await loginApp(t);
  app.faults.refuses = true;
  const { url, data } = await signedInFront(t, app);
  const alice = await visit(url);
  t.equal(alice.first.status, 502);
  t.match(alice.first.body, /step 2 of 3, POST \/login: the answer has status 422 and not 302/);
  t.equal(cookieOf(alice.first), "");
  t.match(recordsOf(data, "sign-in.failed")[0], { message: /step 2 of 3, POST \/login/ });
  t.match((await recorded(data, "impersonation.ended"))[0], { message: "ended-unseen" });
  t.notMatch(JSON.stringify(recordsOf(data, "sign-in.failed")), PASSWORD);
  t.notMatch(alice.first.body, PASSWORD);
  t.equal(app.asked("/site"), 0, "the page was never asked for");
});

t.test("a sign-in that failed is not tried again before retryAfter", async (t) => {
  const app = await loginApp(t);
  const { url } = await signedInFront(t, app, `${BY_FORM}  retryAfter: 10m\n`);
  const alice = await visit(url);
  app.faults.refuses = true;
  app.sessions.clear();
  t.match(await alice.fetch("/api/me"), { status: 502 });
  const before = app.asked("/login");
  t.match(await alice.fetch("/api/me"), { status: 502 });
  t.equal(app.asked("/login"), before);
});

t.test("an app that hangs is given up after its time", async (t) => {
  const app = await loginApp(t);
  app.faults.hangs = true;
  const { url } = await signedInFront(t, app, `${BY_FORM}  timeout: 100ms\n`);
  const { first } = await visit(url);
  t.equal(first.status, 502);
  t.match(first.body, /POST \/login: no whole answer within 100 ms/);
});

t.test("an app that makes somebody else of it shows nothing of theirs, and keeps no session", async (t) => {
  const app = await loginApp(t);
  app.faults.other = "23";
  const { url, data } = await signedInFront(t, app);
  const { first } = await visit(url);
  t.equal(first.status, 502);
  t.match(first.body, /verify, GET \/api\/me: the app names somebody else/);
  t.notMatch(first.body, /Mia/);
  await recorded(data, "sign-in.failed");
  t.same([...app.sessionsOf("23"), ...app.sessionsOf("svc")], []);
});

t.test("what a service account keeps beside the customer's session stays out of the jar", async (t) => {
  const app = await loginApp(t);
  app.faults.extraCookie = "remember=svc; Path=/";
  const { url } = await signedInFront(t, app);
  const alice = await visit(url);
  await alice.fetch("/api/me");
  const [last] = app.seen.filter(({ url: path }) => path === "/api/me").slice(-1);
  t.notMatch(last?.headers.cookie, /remember/);
  t.notMatch(alice.first.headers["set-cookie"]?.join("\n"), /remember/);
});

t.test("an app that gives each answer a new session cookie is followed", async (t) => {
  const app = await loginApp(t);
  app.faults.rotates = true;
  const { url } = await signedInFront(t, app);
  const alice = await visit(url);
  t.equal(alice.first.status, 200);
  for (const path of ["/site/1/a", "/site/1/b", "/site/1/c"])
    t.match((await alice.open(path)).body, "<p id=user>Nuno</p>", path);
  t.equal(app.asked("/login"), 2, "and signed in to once: GET and POST");
});

t.test(
  "a session that the app expires amid 40 parallel requests is made anew once, and nobody is shown anything else",
  async (t) => {
    const app = await loginApp(t);
    const { url, data } = await signedInFront(t, app);
    const alice = await visit(url);
    app.sessions.clear();
    const follow = async (n: number) => {
      const first = await alice.fetch(`/api/me?n=${n}`);
      if (first.status !== 307) return first;
      t.equal(first.body, "");
      return await alice.fetch(first.headers.location ?? "");
    };
    const answers = await Promise.all(Array.from({ length: 40 }, (_, n) => follow(n)));
    t.same(
      answers.map(({ status, body }) => [status, JSON.parse(body).id]),
      answers.map(() => [200, "17"]),
    );
    t.equal(recordsOf(data, "sign-in.performed").length, 2);
    t.equal(app.sessionsOf("17").length, 1);
  },
);

t.test(
  "an app that shows guests its pages and expires a session without a word is signed in to anew",
  async (t) => {
    const app = await loginApp(t);
    app.faults.openToGuests = true;
    const { url, data } = await signedInFront(t, app, `${BY_FORM}  verifyEvery: 0s\n`);
    const alice = await visit(url);
    app.sessions.clear();
    t.match(await alice.open("/site/1/a"), { status: 307, body: "", headers: { location: "/site/1/a" } });
    t.match((await alice.open("/site/1/a")).body, "<p id=user>Nuno</p>");
    t.equal(recordsOf(data, "sign-in.performed").length, 2);
    t.same(recordsOf(data, "sign-in.failed"), []);
  },
);

t.test("an answer that only looks as if somebody was signed out goes through", async (t) => {
  const app = await loginApp(t);
  const { url, data } = await signedInFront(t, app);
  const alice = await visit(url);
  t.match(await alice.fetch("/api/forbidden"), { status: 401, body: /"id":"17"/ });
  t.equal(recordsOf(data, "sign-in.performed").length, 1);
});

t.test("an address of the app that signs out is repeated once, and not for ever", async (t) => {
  const app = await loginApp(t);
  const { url } = await signedInFront(t, app);
  const alice = await visit(url);
  t.match(await alice.fetch("/logout", "POST"), { status: 307, headers: { location: "/logout" } });
  t.match(await alice.fetch("/logout", "POST"), { status: 502, body: /signs this person out again/ });
  t.match((await alice.open("/site/1")).body, "<p id=user>Nuno</p>");
});

t.test(
  "an app that is down at the end is asked again, also by a gateway that was started anew",
  async (t) => {
    const app = await loginApp(t);
    const { url, data, config, close } = await signedInFront(t, app);
    const alice = await visit(url);
    app.server.close();
    app.server.closeAllConnections();
    await alice.open("/leave");
    await recorded(data, "impersonation.ended");
    t.equal(app.sessionsOf("17").length, 1);
    await close();
    const { port } = app;
    app.server.listen(port, "127.0.0.1");
    await startedAnew(t, config, data);
    await recorded(data, "sign-in.ended");
    t.same(app.sessionsOf("17"), []);
  },
);

t.test("so is one whose impersonation ran out while no gateway was there", async (t) => {
  const app = await loginApp(t);
  process.env.LOGIN_APP_PASSWORD = PASSWORD;
  const short = frontConfig(app.origin, BY_FORM).replace("total: 8h, idle: 8h", "total: 2s, idle: 2s");
  const { url, data, config, close } = await frontOf(t, short);
  const alice = await visit(url);
  t.equal(alice.first.status, 200);
  await close();
  t.equal(app.sessionsOf("17").length, 1);
  await startedAnew(t, config, data);
  await recorded(data, "sign-in.ended");
  t.same(app.sessionsOf("17"), []);
});

t.test(
  "own traffic knows nothing of it: the agent's own session, and customers', are as they were",
  async (t) => {
    const app = await loginApp(t);
    const { url } = await signedInFront(t, app);
    const own = app.signIn("23");
    const before = await ask(`${url}/site/9`, { ...OWN, cookie: own });
    t.match(before.body, "Mia");
    const alice = await ask(`${url}/site/1`, { ...OWN, cookie: own });
    t.match(alice.body, "Nuno");
    t.match((await ask(`${url}/api/me`, { cookie: own })).body, '"id":"23"');
    t.equal(app.sessionsOf("23").length, 1);
  },
);
