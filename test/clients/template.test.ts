import fc from "fast-check";
import t from "tap";
import { httpUrl, readTemplate, urlTemplate } from "../../src/clients/template.ts";

const render = (text: string, values: Record<string, string>) => {
  const template = readTemplate(text);
  return typeof template === "string" ? template : template.render(values);
};

t.test("values are put in, in the path and in the query", async (t) => {
  const url = render("http://app:8001/sites/{site}.json?of={user}&site={site}", {
    site: "42",
    user: "a b&c=d",
  });
  t.equal(url, "http://app:8001/sites/42.json?of=a%20b%26c%3Dd&site=42");
});

t.test("a value stays in its segment or in its query value", async (t) => {
  t.equal(
    render("http://app/{path}/owner", { path: "/a/../b?c#d\\e" }),
    "http://app/%2Fa%2F..%2Fb%3Fc%23d%5Ce/owner",
  );
});

t.test("a value of dots, an empty one and one that is missing are not put in", async (t) => {
  for (const values of [
    { a: "..", b: "x" },
    { a: ".", b: "x" },
    { a: "", b: "x" },
    { b: "x" },
    { a: "\ud800", b: "x" },
  ])
    t.equal(render("http://app/{a}/{b}", values), null);
  t.equal(render("http://app/{a}{b}", { a: ".", b: "." }), null);
  t.equal(render("http://app/%2e{a}", { a: "." }), null);
  t.equal(render("http://app/{toString}", {}), null);
});

t.test("what can't be a template is refused with what to write", async (t) => {
  const cases: [string, RegExp][] = [
    ["http://{host}/x", /host and port can not have places/],
    ["http://app:{port}/x", /host and port can not have places/],
    ["{scheme}://app/x", /begins with http/],
    ["ftp://app/{x}", /begins with http/],
    ["/sites/{site}", /begins with http/],
    ["http://app/x#{y}", /behind #/],
    ["http://app/?{key}=1", /only values/],
    ["http://app/?{key}", /only values/],
    ["http://app/{a b}", /plain name/],
    ["http://app/{}", /plain name/],
    ["http://app/{a", /plain name/],
    ["http://app/{{a}}", /plain name/],
    ["http://user:secret@app/{a}", /must not hold a password/],
    ["http://app:99999/{a}", /whole address/],
  ];
  for (const [text, message] of cases) t.match(readTemplate(text), message, text);
});

t.test("a place that nothing can be put into is refused", async (t) => {
  const issue = urlTemplate(["id"]).safeParse("http://app/{user}").error?.issues[0];
  t.match(issue?.message, "nothing can be put in for {user}; there is {id}");
  t.strictSame(urlTemplate(null).parse("http://app/{a}/{b}?c={a}").names, ["a", "b"]);
});

t.test("an address without places is checked the same way", async (t) => {
  t.ok(httpUrl.safeParse("http://127.0.0.1:8001/api/me").success);
  for (const url of ["", "me", "file:///x", "http://a:b@c/", "http://a/#b"])
    t.notOk(httpUrl.safeParse(url).success, url);
});

t.test("whatever the value, host and path depth are those of the template", async (t) => {
  const kept = fc.property(fc.string(), fc.string(), (a, b) => {
    const url = render("http://app:81/x/{a}/y?q={b}&r=1", { a, b });
    if (url === null) return true;
    const parsed = new URL(url);
    return (
      parsed.host === "app:81" &&
      parsed.href === url &&
      decodeURIComponent(parsed.pathname.split("/")[2] ?? "") === a &&
      parsed.pathname.split("/").length === 4 &&
      parsed.searchParams.get("q") === b &&
      parsed.searchParams.size === 2
    );
  });
  t.doesNotThrow(() => fc.assert(kept, { numRuns: 500 }));
});
