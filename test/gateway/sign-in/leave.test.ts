import { once } from "node:events";
import t from "tap";
import { loginApp } from "../../fixtures/apps/login-app.ts";
import { recordsOf, socketTo } from "../../fixtures/gateway/front.ts";
import { BY_FORM, recorded, signedInFront, visit } from "../../fixtures/gateway/signed-in-front.ts";

/** The operator has not said where the app's own way back is. */
const UNTOLD = BY_FORM.replace("leave: [/leave]", "leave: []");
const SERVICE = /service account/;

for (const [way, path] of [
  ["a link", "/leave"],
  ["a link below it", "/leave/quiet"],
] as const)
  t.test(
    `an address of leave, opened by ${way}, means Stop and shows nothing of the service account`,
    async (t) => {
      const app = await loginApp(t);
      const { url, data } = await signedInFront(t, app);
      const alice = await visit(url);
      const left = await alice.open(path);
      t.equal(left.status, 303);
      t.notMatch(left.body, SERVICE);
      t.equal(app.asked(path), 0);
      t.match((await recorded(data, "impersonation.ended"))[0], { message: /ended-by-logout/ });
    },
  );

t.test("so does a fetch and a form", async (t) => {
  for (const method of ["GET", "POST"]) {
    const app = await loginApp(t);
    const { url, data } = await signedInFront(t, app);
    const alice = await visit(url);
    const left = await alice.fetch("/leave", method);
    t.notMatch(left.body, SERVICE);
    t.equal(app.asked("/leave"), 0);
    await recorded(data, "impersonation.ended");
    await recorded(data, "sign-in.ended");
    t.same([...app.sessionsOf("17"), ...app.sessionsOf("svc")], []);
  }
});

for (const quietly of [false, true])
  for (const method of ["GET", "POST"])
    t.test(
      `an address of leaving that nobody named shows nobody the service account: by ${method}, ${quietly ? "the cookie as it was" : "with a new cookie"}`,
      async (t) => {
        const app = await loginApp(t);
        app.faults.leavesQuietly = quietly;
        const { url, data } = await signedInFront(t, app, UNTOLD);
        const alice = await visit(url);
        const left = await alice.fetch("/leave", method);
        t.equal(app.asked("/leave"), 1);
        t.equal(left.status, 502);
        t.match(left.body, /names somebody else.*"code":"sign-in-failed"/);
        const page = await alice.open("/admin");
        t.notMatch(page.body, SERVICE);
        t.match(page.body, "<p id=user>Nuno</p>", "signed in to anew");
        t.match(recordsOf(data, "sign-in.failed")[0], { message: /names somebody else/ });
      },
    );

t.test(
  "without a new cookie and without a redirect, it is found out after verifyEvery at the latest",
  async (t) => {
    const app = await loginApp(t);
    app.faults.leavesQuietly = true;
    const { url } = await signedInFront(t, app, `${UNTOLD}  verifyEvery: 0s\n`);
    const alice = await visit(url);
    t.match(await alice.fetch("/leave/quiet"), { status: 502 });
    t.match((await alice.open("/site/1")).body, "<p id=user>Nuno</p>");
  },
);

t.test("an answer that was on its way while the app changed whom it sees is not shown", async (t) => {
  const app = await loginApp(t);
  app.faults.leavesQuietly = true;
  const { url } = await signedInFront(t, app, UNTOLD);
  const alice = await visit(url);
  const answers = await Promise.all([
    alice.fetch("/leave"),
    ...Array.from({ length: 20 }, () => alice.fetch("/api/me")),
    alice.open("/site/1"),
  ]);
  for (const { body } of answers) t.notMatch(body, /"id":"svc"|service account/);
});

for (const closes of [false, true])
  t.test(
    `what a page says on a socket is looked after before the next answer: ${closes ? "closed again" : "still open"}`,
    async (t) => {
      const app = await loginApp(t);
      const { url } = await signedInFront(t, app, `${UNTOLD}  verifyEvery: 10m\n`);
      const alice = await visit(url);
      const socket = await socketTo(url, "/ws", alice.headers);
      t.match((await alice.open("/site/1/a")).body, "<p id=user>Nuno</p>");
      const [before] = [app.asked("/api/me")];
      t.match((await alice.open("/site/1/b")).body, "<p id=user>Nuno</p>");
      t.equal(app.asked("/api/me"), before, "who says nothing is not asked about");
      socket.send("leave");
      for (let said = ""; said !== "done"; ) said = String((await once(socket, "message"))[0]);
      if (closes) {
        socket.close();
        await once(socket, "close");
      }
      const left = await alice.open("/site/1/c");
      t.match(left, { status: 502, body: /names somebody else/ });
      t.notMatch(left.body, SERVICE);
      t.match((await alice.open("/site/1/d")).body, "<p id=user>Nuno</p>", "signed in to anew");
      if (!closes && socket.readyState !== socket.CLOSED) await once(socket, "close");
    },
  );
