import { pino } from "pino";
import t from "tap";
import { loginApp, PASSWORD } from "../fixtures/apps/login-app.ts";
import { frontConfig, frontOf, journalOf } from "../fixtures/gateway/front.ts";
import { BY_FORM, BY_TOKEN, recorded, signedInFront, visit } from "../fixtures/gateway/signed-in-front.ts";

/** The operator has not said where the app's own way back is. */
const UNTOLD = BY_FORM.replace("leave: [/leave]", "leave: []");
const SERVICE = /service account|"id":"svc"/;

t.test("LEAVE-01: the app's own way back means Stop, by link, form and fetch", async (t) => {
  for (const [how, method] of [
    ["open", "GET"],
    ["fetch", "GET"],
    ["fetch", "HEAD"],
    ["fetch", "POST"],
  ] as const) {
    const app = await loginApp(t);
    const { url, data } = await signedInFront(t, app);
    const alice = await visit(url);
    const left = how === "open" ? await alice.open("/leave") : await alice.fetch("/leave", method);
    t.notMatch(left.body, SERVICE);
    t.equal(app.asked("/leave"), 0);
    await recorded(data, "impersonation.ended");
    await recorded(data, "sign-in.ended");
    t.same([...app.sessionsOf("17"), ...app.sessionsOf("svc")], []);
  }
});

t.test("LEAVE-02: no other spelling of the way back shows the service account", async (t) => {
  const app = await loginApp(t);
  const { url } = await signedInFront(t, app);
  for (const path of ["/leave/", "/%6Ceave", "/leave?x=1", "/./leave", "//leave", "/leave;x", "/x/../leave"])
    for (const method of ["GET", "POST"]) {
      const alice = await visit(url);
      const left = await alice.fetch(path, method);
      t.notMatch(left.body, SERVICE, `${method} ${path}`);
      t.notMatch((await alice.open("/site/1/after")).body, SERVICE, `after ${method} ${path}`);
    }
});

t.test(
  "LEAVE-02: not even where the app takes every spelling for it, and says nothing of what it did",
  async (t) => {
    const app = await loginApp(t);
    app.faults.leavesAnyhow = true;
    const { url } = await signedInFront(
      t,
      app,
      `${BY_FORM}  verifyEvery: 10m\nlimits: { startsPerHour: 1000 }\n`,
    );
    for (const path of [
      ...[
        "/leave",
        "/LEAVE",
        "/Leave/",
        "/leave/",
        "/leave//",
        "/%6Ceave",
        "/%4cEAVE",
        "/leav%65?x=1",
        "/leave?",
        "/leave#x",
      ],
      ...[
        "/./leave",
        "//leave",
        "/x/../leave",
        "/x/..%2fleave",
        "/\\leave",
        "/x\\..\\leave",
        "/leave;x",
        "/leave;x=1/",
        "/;a/leave",
      ],
      ...[
        "/leave.json",
        "/leave.",
        "/leave%20",
        "/leave%2e",
        "/leave%00",
        "/leave%09",
        "/leave/x",
        "/leave%2f",
        "/leave%3Fx",
      ],
    ])
      for (const how of ["fetch", "open"] as const) {
        const alice = await visit(url);
        t.match(alice.first.body, "<p id=user>Nuno</p>");
        const left = await alice[how](path);
        t.notMatch(left.body, SERVICE, `${how} ${path}: ${left.status}`);
        t.notMatch((await alice.open("/site/1/after")).body, SERVICE, `after ${how} ${path}: ${left.status}`);
      }
  },
);

t.test("LEAVE-03: a way back that nobody named shows nothing of the service account", async (t) => {
  for (const quietly of [false, true])
    for (const method of ["GET", "POST"]) {
      const app = await loginApp(t);
      app.faults.leavesQuietly = quietly;
      const { url } = await signedInFront(t, app, UNTOLD);
      const alice = await visit(url);
      const answers = await Promise.all([
        alice.fetch("/leave", method),
        ...Array.from({ length: 10 }, (_, n) => alice.fetch(`/api/me?n=${n}`)),
        alice.open("/admin"),
      ]);
      for (const { body } of answers) t.notMatch(body, SERVICE);
      t.notMatch((await alice.open("/admin")).body, SERVICE, "nor afterwards");
    }
});

t.test("LEAVE-04: nothing of a secret or a service account's cookie leaves the gateway", async (t) => {
  const app = await loginApp(t);
  app.faults.extraCookie = "remember=svc-for-ever; Path=/";
  const { url } = await signedInFront(t, app);
  const alice = await visit(url);
  const answers = [alice.first, await alice.open("/site/1/a"), await alice.fetch("/api/me")];
  app.faults.refuses = true;
  app.sessions.clear();
  answers.push(await alice.fetch("/api/me"), await alice.open("/site/1/b"));
  for (const { body, headers } of answers) {
    const all = `${JSON.stringify(headers)}${body}`;
    t.notMatch(all, PASSWORD);
    t.notMatch(all, /svc-for-ever/);
    t.notMatch(headers["set-cookie"]?.join("\n") ?? "", /session=/);
  }
  const later = app.seen.filter(({ url: path }) => path?.startsWith("/site") === true);
  t.notMatch(JSON.stringify(later.map(({ headers }) => headers.cookie)), /remember/);
});

t.test("LEAVE-05: no log, record or page has a value of a sign-in, however it fails", async (t) => {
  process.env.LOGIN_APP_PASSWORD = PASSWORD;
  const endings: Readonly<Record<string, (signIn: string) => string>> = {
    "as it should": (signIn) => signIn,
    "a text where JSON should be": (signIn) => signIn,
    "no such value in verify": (signIn) => signIn.replace("id: /id", "id: /nobody"),
    "a value that is no address": (signIn) => signIn.replace("  verify:", '    - get: "{token}"\n  verify:'),
    "a step behind it that is refused": (signIn) =>
      signIn.replace("  verify:", '    - post: /login\n      form: { password: "{token}" }\n  verify:'),
  };
  for (const [how, change] of Object.entries(endings)) {
    const app = await loginApp(t);
    app.faults.plainTokens = how.startsWith("a text");
    const said: string[] = [];
    const log = pino({ level: "trace" }, { write: (line: string) => void said.push(line) });
    const config = frontConfig(app.origin, change(BY_TOKEN));
    const front = await frontOf(t, config, log);
    const alice = await visit(front.url);
    const answers = [alice.first, await alice.fetch("/api/me"), await alice.open("/site/1/a")];
    await front.close();
    const all = JSON.stringify([said, answers, journalOf(front.data)]);
    t.ok(app.given.length > 0 && journalOf(front.data).length > 0 && said.length > 0, how);
    for (const secret of [PASSWORD, ...app.given]) {
      const at = all.indexOf(secret);
      t.equal(at < 0 ? "" : all.slice(Math.max(0, at - 300), at + 60), "", how);
    }
  }
});
