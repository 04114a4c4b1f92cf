import t from "tap";
import { returnPath } from "../../src/console/return-path.ts";
import { receive } from "../fixtures/gateway/stages.ts";
import { testServices, YAML } from "../fixtures/gateway/test-services.ts";

t.test("a path of the app is where one goes", async (t) => {
  const it = await testServices(t);
  const received = await receive(it, ["GET /.guise/start"]);
  for (const path of [
    "/",
    "/a",
    "/a/b?c=d&e",
    "/site/1?to=//evil.test",
    "/a%20b",
    "/?next=https://evil.test",
    "/a;b=c",
    "/@evil.test",
  ])
    t.equal(returnPath(received, path), path, path);
});

t.test("it comes out as it is matched, judged and sent", async (t) => {
  const it = await testServices(t);
  const received = await receive(it, ["GET /.guise/start"]);
  t.equal(returnPath(received, "/%61//b"), "/a/b");
  t.equal(returnPath(received, "/café?q=ü"), "/caf%C3%A9?q=%C3%BC", "a form was decoded once already");
  t.equal(returnPath(received, "/caf%C3%A9"), "/caf%C3%A9");
});

t.test("nothing leads anywhere else", async (t) => {
  const it = await testServices(t);
  const received = await receive(it, ["GET /.guise/start"]);
  const evil = [
    null,
    "",
    "a",
    "evil.test",
    "//evil.test",
    "///evil.test",
    "/\\evil.test",
    "\\/evil.test",
    "\\\\evil.test",
    "/%5cevil.test",
    "/%5Cevil.test",
    "/%09/evil.test",
    "/\t/evil.test",
    "\t//evil.test",
    "/\n/evil.test",
    "/\r\n/evil.test",
    "/%0a/evil.test",
    " //evil.test",
    " /a",
    "/ /evil.test",
    "https:evil.test",
    "https:/evil.test",
    "https://evil.test",
    "HTTPS://evil.test/a",
    "http://app.example.com/a",
    "javascript:alert(1)",
    "data:text/html,x",
    "/..//evil.test",
    "/./\\evil.test",
    "/a/../../evil.test",
    "/%2e%2e//evil.test",
    "/%2f/evil.test",
    "/%2fevil.test",
    "/a#b",
    "/\u0000",
    "/%00",
    "/\ud800",
    "//@evil.test",
    "?a",
    "#a",
  ];
  for (const path of evil) t.equal(returnPath(received, path), "/", JSON.stringify(path));
});

t.test("what still begins with two slashes once it is plain stays one path", async (t) => {
  const it = await testServices(t);
  const received = await receive(it, ["GET /.guise/start"]);
  for (const path of ["/％2fevil", "/\u2028/evil.test", "/a//evil.test", "/;//evil.test", "/;a//evil.test"]) {
    const found = returnPath(received, path);
    t.equal(new URL(found, "http://app.example.com").host, "app.example.com", found);
    t.notMatch(found, /^\/\//);
  }
});

t.test("never to one of our own actions, in whatever spelling", async (t) => {
  const it = await testServices(t);
  const received = await receive(it, ["GET /.guise/start"]);
  for (const path of [
    "/.guise",
    "/.guise/stop",
    "/.guise/",
    "/%2eguise/stop",
    "/.guise//as/17",
    "/.guise?a",
    "/.guise/as/17?to=/",
  ])
    t.equal(returnPath(received, path), "/", path);
  t.equal(returnPath(received, "/.guisex"), "/.guisex");
  const moved = await testServices(t, `${YAML}prefix: /_g\n`);
  const there = await receive(moved, ["GET /_g/start"]);
  t.same([returnPath(there, "/_g/stop"), returnPath(there, "/.guise/stop")], ["/", "/.guise/stop"]);
});

t.test("longer than an address may be is none", async (t) => {
  const it = await testServices(t);
  t.equal(returnPath(await receive(it, ["GET /"]), `/${"a/".repeat(20_000)}`), "/");
});
