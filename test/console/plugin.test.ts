import t from "tap";
import { openConsole } from "../fixtures/console.ts";
import { ALICE, CLICK, FETCH } from "../fixtures/stages.ts";
import { testWorld, YAML } from "../fixtures/world.ts";

const CLIENT = { name: "client.js", type: "text/javascript; charset=utf-8", body: Buffer.from("1") };

t.test("our files are served with their types, and are never guessed", async (t) => {
  const it = await testWorld(t);
  const ask = await openConsole(t, it, [CLIENT]);
  const css = await ask(["GET /.guise/console.css", ...FETCH]);
  t.equal(css.header("content-type"), "text/css; charset=utf-8");
  t.equal(css.header("x-content-type-options"), "nosniff");
  const client = await ask(["GET /.guise/client.js", ...FETCH]);
  t.same([client.status, client.body, client.header("content-type")], [200, "1", CLIENT.type]);
  t.equal(client.header("access-control-allow-origin"), "*", "also to a sandboxed page, which has no origin");
  t.equal(it.asked.identity, 0);
});

t.test("the public keys are for everybody, and nothing private is among them", async (t) => {
  const it = await testWorld(t);
  const ask = await openConsole(t, it);
  const jwks = await ask(["GET /.guise/jwks.json"]);
  t.equal(jwks.header("cache-control"), "public, max-age=300");
  const { keys } = JSON.parse(jwks.body);
  t.match(keys, [{ kty: "EC", crv: "P-256", kid: String }]);
  t.notOk("d" in keys[0]);
  t.equal(it.asked.identity, 0);
});

t.test("what is not there is a 404 of ours, whatever the method", async (t) => {
  const it = await testWorld(t);
  const ask = await openConsole(t, it);
  for (const line of [
    "GET /.guise/nothing",
    "GET /.guise/nothing/at/all",
    "POST /.guise/me",
    "DELETE /.guise/start",
    "PUT /.guise/stop",
    "PROPFIND /.guise/start",
    "GET /.guise/as",
    "GET /.guise/lower",
    "POST /.guise",
    "POST /.guise/",
    "DELETE /.guise",
  ]) {
    const page = await ask([line, ...CLICK, ...ALICE]);
    t.match([page.status, page.body], [404, "not-found"], line);
    const problem = await ask([line, ...FETCH]);
    t.match([problem.status, JSON.parse(problem.body)], [404, { code: "not-found" }], line);
  }
});

t.test("the bare prefix leads to the search, with a slash and without", async (t) => {
  const it = await testWorld(t);
  const ask = await openConsole(t, it);
  for (const path of ["/.guise", "/.guise/"]) {
    const page = await ask([`GET ${path}`, ...CLICK]);
    t.equal(page.status, 302, path);
    t.equal(new URL(page.location ?? "", `http://app.example.com${path}`).pathname, "/.guise/start", path);
  }
});

t.test("it moves as a whole with the prefix", async (t) => {
  const it = await testWorld(t, `${YAML}prefix: /tools/_g\n`);
  const ask = await openConsole(t, it);
  const page = await ask(["GET /tools/_g/as/17", ...CLICK, ...ALICE]);
  t.match(page.body, /action="\/tools\/_g\/start"/);
  t.match(page.body, /href="\/tools\/_g\/console\.css"/);
  t.notMatch(page.body, /\.guise/);
});

t.test("every page of ours is stored by nobody, framed by nobody and runs no script", async (t) => {
  const it = await testWorld(t);
  const ask = await openConsole(t, it);
  for (const path of [
    "/.guise/start",
    "/.guise/as/17",
    "/.guise/stop",
    "/.guise/as/root",
    "/.guise/elevate",
  ]) {
    const page = await ask([`GET ${path}`, ...CLICK, ...ALICE]);
    t.equal(page.header("cache-control"), "no-store", path);
    t.equal(page.header("x-frame-options"), "DENY", path);
    t.match(page.header("content-security-policy"), /default-src 'none'.*frame-ancestors 'none'/, path);
    t.equal(page.header("content-type"), "text/html; charset=utf-8", path);
    t.notMatch(page.body, /<script|\son\w+=|style="/, path);
  }
});

t.test("a form that is too large or no form begins nothing", async (t) => {
  const it = await testWorld(t);
  const ask = await openConsole(t, it);
  const large = await ask(["POST /.guise/start", ...CLICK, ...ALICE], `reason=${"x".repeat(70_000)}`);
  t.equal(large.status, 413);
  const odd = await ask(["POST /.guise/start", ...CLICK, ...ALICE, "Content-Type: application/xml"], "<a/>");
  t.equal(odd.status, 415);
  for (const type of ["application/json", "text/plain"]) {
    const body = type === "text/plain" ? "user=17" : '{"user":"17"}';
    t.equal(
      (await ask(["POST /.guise/start", ...CLICK, ...ALICE, `Content-Type: ${type}`], body)).status,
      403,
      type,
    );
  }
  t.same(await it.impersonations.list(), []);
});
