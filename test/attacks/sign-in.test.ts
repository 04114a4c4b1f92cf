import t from "tap";
import { loginApp, PASSWORD } from "../fixtures/apps/login-app.ts";
import { BY_FORM, recorded, signedInFront, visit } from "../fixtures/gateway/signed-in-front.ts";

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
