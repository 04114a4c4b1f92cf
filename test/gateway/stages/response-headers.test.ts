import t from "tap";
import { publicAddresses } from "../../../src/gateway/stages/response-headers.ts";

const UP = "http://10.0.0.7:8001";
const PUBLIC = "https://app.example.com";

function one(name: string, value: string, upstream = UP, outer = PUBLIC): string | undefined {
  return publicAddresses([name, value], upstream, outer)[1];
}

t.test("the app's own address becomes the public one", async (t) => {
  const cases: readonly (readonly [string, string])[] = [
    ["http://10.0.0.7:8001/a?b#c", `${PUBLIC}/a?b#c`],
    ["http://10.0.0.7:8001", PUBLIC],
    ["HTTP://10.0.0.7:8001/a", `${PUBLIC}/a`],
    ["//10.0.0.7:8001/a", `${PUBLIC}/a`],
    ["http://10.0.0.7:8001?x", `${PUBLIC}?x`],
  ];
  for (const name of ["Location", "location", "Content-Location"]) {
    for (const [said, wanted] of cases) t.equal(one(name, said), wanted, `${name}: ${said}`);
  }
});

t.test("usual ports and capital letters are the same address", async (t) => {
  t.equal(one("Location", "http://App.Internal:80/x", "http://app.internal"), `${PUBLIC}/x`);
  t.equal(one("Location", "https://app.internal/x", "https://app.internal"), `${PUBLIC}/x`);
});

t.test("what is another's address, or none, stays byte for byte", async (t) => {
  const others = [
    "/a/b",
    "a/b",
    "",
    "?x=http://10.0.0.7:8001/",
    "http://10.0.0.7:8002/a",
    "https://10.0.0.7:8001/a",
    "http://10.0.0.7:8001.evil.test/a",
    "http://evil.test/http://10.0.0.7:8001/",
    "http://10.0.0.7:8001@evil.test/",
    "mailto:a@b",
    "http://[broken/",
  ];
  for (const said of others) t.equal(one("Location", said), said, said);
});

t.test("Refresh keeps its seconds and quotes", async (t) => {
  t.equal(one("Refresh", "5; url=http://10.0.0.7:8001/a"), `5; url=${PUBLIC}/a`);
  t.equal(one("Refresh", "0;URL='http://10.0.0.7:8001/a'"), `0;URL='${PUBLIC}/a'`);
  t.equal(one("Refresh", '0.5, url = "http://10.0.0.7:8001/a"'), `0.5, url = "${PUBLIC}/a"`);
  t.equal(one("Refresh", "5"), "5");
  t.equal(one("Refresh", "5; url=/a"), "5; url=/a");
  t.equal(one("Refresh", "http://10.0.0.7:8001/a"), "http://10.0.0.7:8001/a", "without seconds it is none");
});

t.test("a cookie for the app's own host becomes one for the host that the browser knows", async (t) => {
  t.equal(one("Set-Cookie", "s=1; Domain=10.0.0.7; Path=/; HttpOnly"), "s=1; Path=/; HttpOnly");
  const internal = "http://app.internal:8001";
  t.equal(one("set-cookie", "s=1;domain=.APP.internal", internal), "s=1");
  t.equal(one("Set-Cookie", "s=1; Domain=.example.com", internal), "s=1; Domain=.example.com");
  t.equal(one("Set-Cookie", "s=1; Domain=internal", internal), "s=1; Domain=internal");
  t.equal(one("Set-Cookie", "s=Domain=app.internal; Path=/", internal), "s=Domain=app.internal; Path=/");
});

t.test("other headers are nobody's address", async (t) => {
  t.equal(one("X-Location", `${UP}/a`), `${UP}/a`);
  t.equal(one("Link", `<${UP}/a>`), `<${UP}/a>`);
});

t.test("where nothing has to change, the very same list comes back", async (t) => {
  const headers = ["Content-Type", "text/html", "Location", "/a", "Set-Cookie", "a=1"];
  t.equal(publicAddresses(headers, UP, PUBLIC), headers);
  const own = ["Location", `${UP}/a`];
  t.equal(publicAddresses(own, UP, UP), own, "the app's address is the public one");
});

t.test("all of several lines are turned, and their order stays", async (t) => {
  const headers = [
    "Set-Cookie",
    "a=1; Domain=10.0.0.7",
    "Location",
    `${UP}/x`,
    "Set-Cookie",
    "b=2; domain=10.0.0.7",
  ];
  t.same(publicAddresses(headers, UP, PUBLIC), [
    "Set-Cookie",
    "a=1",
    "Location",
    `${PUBLIC}/x`,
    "Set-Cookie",
    "b=2",
  ]);
  t.equal(headers[1], "a=1; Domain=10.0.0.7", "the list that came is not touched");
});
