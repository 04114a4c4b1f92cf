import t from "tap";
import { demoFor, signedIn } from "./visitor.ts";

const OWN = [
  ...["/", "/sites", "/site/9421/overview", "/site/9421/check/uptime", "/site/9421/settings"],
  ...["/site/9421/delete", "/status-pages", "/status-page/nuno-status/overview", "/team", "/account"],
  ...["/link-account", "/payments", "/reports", "/live", "/events", "/files", "/activity"],
];

t.test("every page of one's own is a whole document with a title", async (t) => {
  const demo = await demoFor(t);
  const nuno = await signedIn(demo.url, "nuno@example.com");
  for (const path of OWN) {
    const response = await nuno.get(path);
    const text = await response.text();
    t.equal(response.status, 200, path);
    t.match(text, /^<!doctype html>\n<html lang="en">/, path);
    t.match(text, /<title>[^<]+ · Lantern<\/title>/, path);
    t.match(text, /<\/html>\n$/, path);
  }
});

t.test("somebody else's things look exactly like things that don't exist", async (t) => {
  const demo = await demoFor(t);
  const pairs = [
    ["/site/9421/overview", "/site/99999/overview"],
    ["/site/9421", "/site/99999"],
    ["/site/9421/check/uptime", "/site/0/check/uptime"],
    ["/site/9421/settings", "/no-such-page"],
    ["/status-page/nuno-status/overview", "/status-page/nobody/overview"],
    ["/api/site/9421/checks", "/api/site/99999/checks"],
  ] as const;
  for (const email of ["alice@demo.test", "ada@demo.test", "mia@example.com"]) {
    const visitor = await signedIn(demo.url, email);
    for (const [foreign, absent] of pairs) {
      const [one, two] = [await visitor.get(foreign), await visitor.get(absent)];
      t.strictSame([one.status, two.status], [404, 404], `${email} ${foreign}`);
      t.equal(await one.text(), await two.text(), `${email} ${foreign}`);
      const shape = (response: Response) =>
        [...response.headers].filter(([name]) => !["date", "set-cookie"].includes(name));
      t.strictSame(shape(one), shape(two), `${email} ${foreign}`);
    }
  }
});

t.test("somebody else's forms and API can't be used either", async (t) => {
  const demo = await demoFor(t);
  const mia = await signedIn(demo.url, "mia@example.com");
  t.equal((await mia.post("/site/9421/delete", {})).status, 404);
  t.equal((await mia.post("/site/9421/settings", { notify: "mia@example.com" })).status, 404);
  t.equal((await mia.post("/status-page/nuno-status/update", { text: "Hi" })).status, 404);
  t.equal((await mia.post("/api/site/9421/check", {})).status, 404);
  const nuno = await signedIn(demo.url, "nuno@example.com");
  t.match(await (await nuno.get("/site/9421/settings")).text(), "alerts@nuno.example");
});

t.test("customers don't see the support inbox; staff do, with a dashboard of their own", async (t) => {
  const demo = await demoFor(t);
  const nuno = await signedIn(demo.url, "nuno@example.com");
  t.equal((await nuno.get("/support")).status, 404);
  t.notMatch(await (await nuno.get("/")).text(), "/support");
  const alice = await signedIn(demo.url, "alice@demo.test");
  t.match(await (await alice.get("/support")).text(), "/site/9421/check/uptime");
  t.match(await (await alice.get("/sites")).text(), "sample.demo.test");
});

t.test("short addresses lead to the overview", async (t) => {
  const demo = await demoFor(t);
  const nuno = await signedIn(demo.url, "nuno@example.com");
  t.equal((await nuno.get("/site/9421")).headers.get("location"), "/site/9421/overview");
  const page = await nuno.get("/status-page/nuno-shop");
  t.equal(page.headers.get("location"), "/status-page/nuno-shop/overview");
});

t.test("forms change what they say, tell it once, and write it into the activity list", async (t) => {
  const demo = await demoFor(t);
  const nuno = await signedIn(demo.url, "nuno@example.com");
  const saved = await nuno.post("/site/9421/settings", { notify: "rita@nuno.example", interval: "5" });
  t.equal(saved.status, 303);
  const settings = await (await nuno.get("/site/9421/settings")).text();
  t.match(settings, "The settings are saved.");
  t.match(settings, "rita@nuno.example");
  t.notMatch(await (await nuno.get("/site/9421/settings")).text(), "The settings are saved.");
  const card = { holder: "Nuno", number: "4000 0000 0000 9995", expires: "01/31" };
  t.equal((await nuno.post("/payments/method", card)).status, 303);
  t.match(await (await nuno.get("/payments")).text(), "•••• 9995");
  const activity = await (await nuno.get("/activity")).text();
  t.match(activity, "Changed the settings of nuno.example");
  t.notMatch(activity, "(by ", "nobody else did it");
});

t.test("what people type is shown as text, never as markup", async (t) => {
  const demo = await demoFor(t);
  const nuno = await signedIn(demo.url, "nuno@example.com");
  const text = `<img src=x onerror="alert(1)">`;
  await nuno.post("/status-page/nuno-status/update", { text });
  const page = await (await nuno.get("/status-page/nuno-status/overview")).text();
  t.notMatch(page, "<img");
  t.match(page, "&lt;img src=x onerror=&quot;alert(1)&quot;&gt;");
});

t.test("search is a read that travels as a POST, for pages and for scripts", async (t) => {
  const demo = await demoFor(t);
  const nuno = await signedIn(demo.url, "nuno@example.com");
  t.match(await (await nuno.post("/search", { q: "shop" })).text(), "/site/9422/overview");
  const response = await nuno.send("/search", {
    method: "POST",
    body: JSON.stringify({ q: "lindqvist" }),
    headers: {
      accept: "application/json",
      "content-type": "application/json",
      "x-csrf-token": nuno.cookies.get("demo_csrf") ?? "",
    },
  });
  t.strictSame(await response.json(), { sites: [], statusPages: [] }, "only one's own things are found");
});

t.test("the API answers scripts in JSON, also when nobody is signed in", async (t) => {
  const demo = await demoFor(t);
  const nuno = await signedIn(demo.url, "nuno@example.com");
  const answer = await nuno.get("/api/site/9421/checks?limit=5");
  const report = (await answer.json()) as { readonly checks: readonly unknown[] };
  t.match(report, { site: { id: "9421", name: "nuno.example", state: "up" } });
  t.equal(report.checks.length, 5);
  const signedOut = await fetch(`${demo.url}/api/site/9421/checks`);
  t.equal(signedOut.status, 401);
  t.strictSame(await signedOut.json(), { error: "not signed in" });
});
