import t from "tap";
import { appAddresses, publicAddresses } from "../../../src/gateway/response/response-headers.ts";

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
  t.equal(one("Content-Security-Policy", `img-src ${UP}`), `img-src ${UP}`);
});

t.test("links are turned one by one, and their parameters stay", async (t) => {
  t.equal(one("Link", `<${UP}/a>`), `<${PUBLIC}/a>`);
  t.equal(
    one("Link", `<${UP}/a,b>; rel=next; title="<${UP}/x>" , <https://other.test/>; rel=prev,<${UP}>`),
    `<${PUBLIC}/a,b>; rel=next; title="<${UP}/x>" , <https://other.test/>; rel=prev,<${PUBLIC}>`,
  );
});

t.test("libraries in a page are led as browsers are", async (t) => {
  const names = ["HX-Redirect", "HX-Push-Url", "hx-replace-url", "HX-Location", "X-Inertia-Location"];
  for (const name of [...names, "Turbo-Location", "X-Up-Location"]) {
    t.equal(one(name, `${UP}/a?b`), `${PUBLIC}/a?b`, name);
    for (const other of ["/a", "false", "https://other.test/"]) t.equal(one(name, other), other, name);
  }
  const json = (path: string) => JSON.stringify({ path, target: "#x", values: { n: 1 } });
  t.equal(one("HX-Location", json(`${UP}/a`)), json(`${PUBLIC}/a`));
  t.equal(
    one("HX-Location", `{"path":"${UP.replaceAll("/", "\\/")}"}`),
    `{"path":"${PUBLIC}"}`,
    "as PHP writes it",
  );
  for (const other of ['{ "path" : "/a" }', "{broken", '{"path":7}', '{"target":"#x"}'])
    t.equal(one("HX-Location", other), other, "what needs no change stays byte for byte");
});

t.test("an app that takes its own port for the public one means the public address", async (t) => {
  const said = (value: string, up = "http://127.0.0.1:7301", outer = "http://app.localhost:8000") =>
    publicAddresses(["Location", value], up, outer, "app.localhost:8000")[1];
  t.equal(said("http://app.localhost:7301/a"), "http://app.localhost:8000/a");
  t.equal(said("https://APP.localhost:7301/a"), "http://app.localhost:8000/a", "whatever scheme it believes");
  t.equal(said("//app.localhost:7301/a"), "http://app.localhost:8000/a");
  for (const other of [
    "http://app.localhost:7302/a",
    "http://app.localhost/a",
    "http://api.localhost:7301/a",
  ])
    t.equal(said(other), other);
  const same = "https://app.localhost:7301/a";
  t.equal(
    said(same, "http://127.0.0.1:7301", "http://app.localhost:7301"),
    same,
    "one port is not told apart",
  );
  t.equal(said("http://app.localhost/a", "http://127.0.0.1"), "http://app.localhost/a", "nor is a usual one");
  t.equal(
    publicAddresses(
      ["Location", "http://internal:7301/a"],
      UP.replace("8001", "7301"),
      PUBLIC,
      "internal",
    )[1],
    `${PUBLIC}/a`,
    "the name that it was asked by is its own too",
  );
});

t.test("what a client says of the public address is said to an app of its own", async (t) => {
  const ours = [PUBLIC, "http://app.example.com", "https://app.example.com"];
  const said = (name: string, value: string) => appAddresses(name, value, ours, UP);
  t.equal(said("Destination", `${PUBLIC}/b%20c`), `${UP}/b%20c`);
  t.equal(said("destination", "http://app.example.com/b"), `${UP}/b`);
  t.equal(said("Origin", PUBLIC), UP);
  t.equal(said("Referer", `${PUBLIC}/a?b`), `${UP}/a?b`);
  t.equal(
    said("If", `<${PUBLIC}/b> (<opaquelocktoken:1>) </c> (["x"])`),
    `<${UP}/b> (<opaquelocktoken:1>) </c> (["x"])`,
  );
  for (const name of ["Destination", "Origin", "Referer", "If"])
    for (const other of ["/b", "null", "https://other.test/b", "https://app.example.com.evil.test", ""])
      t.equal(said(name, other), other, name);
  t.equal(said("X-Origin", PUBLIC), PUBLIC);
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
