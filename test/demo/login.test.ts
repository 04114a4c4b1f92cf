import t from "tap";
import { createVisitor, demoFor, signedIn } from "./visitor.ts";

const setCookies = (response: Response, name: string) =>
  response.headers.getSetCookie().filter((line) => line.startsWith(`${name}=`));

t.test("a signed-out visitor is led to the login page and back to where they wanted to go", async (t) => {
  const demo = await demoFor(t);
  const visitor = createVisitor(demo.url);
  const asked = await visitor.get("/site/9421/overview");
  t.equal(asked.status, 302);
  t.equal(asked.headers.get("location"), "/login?to=%2Fsite%2F9421%2Foverview");

  const form = await (await visitor.get("/login?to=%2Fsite%2F9421%2Foverview")).text();
  t.match(form, 'name="to" value="/site/9421/overview"');
  t.match(form, /<title>.+<\/title>/);
  const fields = { email: "nuno@example.com", password: "demo", to: "/site/9421/overview" };
  const entered = await visitor.post("/login", fields);
  t.equal(entered.status, 302);
  t.equal(entered.headers.get("location"), `${demo.url}/site/9421/overview`, "an absolute address by Host");
  t.match(await (await visitor.get("/")).text(), "Hello, Nuno");
});

t.test("the login leads nowhere outside the app", async (t) => {
  const demo = await demoFor(t);
  for (const to of ["//evil.example", "/\\evil.example", "https://evil.example"]) {
    const visitor = createVisitor(demo.url);
    await visitor.get("/login");
    const entered = await visitor.post("/login", { email: "nuno@example.com", password: "demo", to });
    t.equal(entered.headers.get("location"), `${demo.url}/`, to);
  }
});

t.test("a wrong password shows the form again and signs nobody in", async (t) => {
  const demo = await demoFor(t);
  const visitor = createVisitor(demo.url);
  await visitor.get("/login");
  const answer = await visitor.post("/login", { email: "nuno@example.com", password: "no" });
  t.equal(answer.status, 422);
  t.match(await answer.text(), "belong together");
  t.notOk(visitor.cookies.has("demo_session"));
});

t.test(
  "the session cookie is renewed on every answer, for scripts too and on pages that don't exist",
  async (t) => {
    const demo = await demoFor(t);
    const nuno = await signedIn(demo.url, "nuno@example.com");
    const session = nuno.cookies.get("demo_session");
    for (const path of ["/", "/sites", "/api/site/9421/checks", "/nothing", "/site", "/site/9421"]) {
      const [cookie] = setCookies(await nuno.get(path), "demo_session");
      t.match(cookie, /Max-Age=7200; Path=\/; HttpOnly; SameSite=Lax/, path);
      t.match(cookie, `demo_session=${session};`, path);
    }
    const csrf = setCookies(await nuno.get("/"), "demo_csrf");
    t.equal(csrf.length, 1);
    t.notMatch(csrf[0], /HttpOnly/i, "scripts can read the token");
    t.strictSame((await nuno.get("/assets/app.css")).headers.getSetCookie(), [], "styles carry no cookie");
  },
);

t.test("remember me outlives the session by 180 days", async (t) => {
  const demo = await demoFor(t);
  const visitor = createVisitor(demo.url);
  await visitor.get("/login");
  const fields = { email: "mia@example.com", password: "demo", remember: "1" };
  const entered = await visitor.post("/login", fields);
  t.match(setCookies(entered, "demo_remember")[0], /Max-Age=15552000; Path=\/; HttpOnly/);
  visitor.cookies.delete("demo_session");
  t.match(await (await visitor.get("/")).text(), "Hello, Mia");
  t.ok(visitor.cookies.has("demo_session"), "a new session was opened");
});

t.test("signing out works by link and by form, and ends the session itself", async (t) => {
  const demo = await demoFor(t);
  const byLink = await signedIn(demo.url, "nuno@example.com");
  const old = byLink.cookieHeader();
  const out = await byLink.get("/logout");
  t.equal(out.headers.get("location"), "/login");
  t.notOk(byLink.cookies.has("demo_session"));
  const again = await fetch(`${demo.url}/api/me`, { headers: { cookie: old } });
  t.equal(again.status, 401, "the old cookie opens nothing");

  const byForm = await signedIn(demo.url, "nuno@example.com");
  t.equal((await byForm.post("/logout", {})).status, 303);
  t.notOk(byForm.cookies.has("demo_session"));
});

t.test("a form without the right token changes nothing, whatever it is sent as", async (t) => {
  const demo = await demoFor(t);
  const nuno = await signedIn(demo.url, "nuno@example.com");
  t.equal((await nuno.post("/site/9421/delete", { _token: "" })).status, 403);
  t.equal((await nuno.post("/site/9421/delete", { _token: "x".repeat(32) })).status, 403);
  const body = new FormData();
  body.set("a", "b");
  t.equal((await nuno.send("/site/9421/delete", { method: "POST", body })).status, 400);
  const json = { method: "POST", body: "{}", headers: { "content-type": "application/json" } };
  t.equal((await nuno.send("/site/9421/delete", json)).status, 403);
  t.equal((await nuno.get("/site/9421/overview")).status, 200, "the site is still there");
});

t.test("each start has fresh data", async (t) => {
  const [one, two] = [await demoFor(t), await demoFor(t)];
  const nuno = await signedIn(one.url, "nuno@example.com");
  t.equal((await nuno.post("/site/9421/delete", {})).status, 303);
  t.equal((await nuno.get("/site/9421/overview")).status, 404);
  const other = await signedIn(two.url, "nuno@example.com");
  t.equal((await other.get("/site/9421/overview")).status, 200);
});
