import fc from "fast-check";
import { match } from "path-to-regexp";
import t from "tap";
import { compileRoutes, parsePattern, type RouteSpec } from "../../../src/domain/routing/route.ts";

type Written = string | { readonly host?: string; readonly path?: string };

function spec(written: Written, i: number): RouteSpec<string> {
  const { host = null, path = null } = typeof written === "string" ? { path: written } : written;
  return { host, path, name: `routes[${i}]`, target: `${host ?? ""}${path ?? ""}` };
}

function compile(...written: readonly Written[]) {
  return compileRoutes(written.map(spec));
}

/** What an address matches, as `target {params}`, or `nothing`. */
function found(routes: readonly Written[], path: string, host = "app.example.com"): string {
  const { finder, problems } = compile(...routes);
  if (problems.length > 0) throw new Error(problems.map((problem) => problem.message).join());
  const hit = finder.match(host, path);
  return hit === null ? "nothing" : `${hit.target} ${JSON.stringify(hit.params)}`;
}

function problemOf(...written: readonly Written[]): string {
  return compile(...written)
    .problems.map((problem) => `${problem.name}: ${problem.message}`)
    .join("\n");
}

const matches: readonly (readonly [pattern: string, path: string, expected: string])[] = [
  ["/", "/", "/ {}"],
  ["/", "/a", "nothing"],
  ["/site", "/site", "/site {}"],
  ["/site", "/site/", "/site {}"],
  ["/site/", "/site", "/site/ {}"],
  ["/site", "/Site", "nothing"],
  ["/site", "/site/x", "nothing"],
  ["/site/:site", "/site/42", '/site/:site {"site":"42"}'],
  ["/site/:site", "/site/", "nothing"],
  ["/site/:site", "/site/caf%C3%A9", '/site/:site {"site":"café"}'],
  ["/site/:site", "/site/%252e", '/site/:site {"site":"%2e"}'],
  ["/site/:site", "/site/a%2Fb", '/site/:site {"site":"a/b"}'],
  ["/site/:site{/*rest}", "/site/42", '/site/:site{/*rest} {"site":"42"}'],
  ["/site/:site{/*rest}", "/site/42/", '/site/:site{/*rest} {"site":"42"}'],
  ["/site/:site{/*rest}", "/site/42/a/b%20c", '/site/:site{/*rest} {"site":"42","rest":"a/b c"}'],
  ["/*rest", "/", "nothing"],
  ["/*rest", "/a", '/*rest {"rest":"a"}'],
  ["/*any/edit", "/edit", "nothing"],
  ["/*any/edit", "/a/b/edit", '/*any/edit {"any":"a/b"}'],
  ["/*any/edit/:id", "/a/edit/edit/7", '/*any/edit/:id {"any":"a/edit","id":"7"}'],
  ["/file-:id.html", "/file-7.html", '/file-:id.html {"id":"7"}'],
  ["/file-:id.html", "/file-.html", "nothing"],
  ["/:from-:to", "/a-b-c", '/:from-:to {"from":"a","to":"b-c"}'],
  ["/:from-:to", "/-b", "nothing"],
  ["/a{-:b}{/c}", "/a-1/c", '/a{-:b}{/c} {"b":"1"}'],
  ["/a{-:b}{/c}", "/a/c", "/a{-:b}{/c} {}"],
  ["/caf%C3%A9", "/caf%C3%A9", "/caf%C3%A9 {}"],
  ["/café", "/caf%C3%A9", "/café {}"],
  ["/a\\:b", "/a:b", "/a\\:b {}"],
  ["/a\\:b", "/a%3Ab", "/a\\:b {}"],
  ["/:constructor", "/x", '/:constructor {"constructor":"x"}'],
];

for (const [pattern, path, expected] of matches) {
  t.test(`${pattern} on ${path}: ${expected}`, async (t) => t.equal(found([pattern], path), expected));
}

t.test("the most specific route wins, whatever the order", async (t) => {
  const routes = [
    "/*rest",
    "/:a",
    "/file-:id",
    "/file-:id.html",
    "/file-1.html",
    "/:a/b",
    "/x/:b",
    "/*rest/b",
  ];
  const expected: Readonly<Record<string, string>> = {
    "/file-1.html": "/file-1.html",
    "/file-2.html": "/file-:id.html",
    "/file-2": "/file-:id",
    "/other": "/:a",
    "/x/b": "/x/:b",
    "/y/b": "/:a/b",
    "/y/z/b": "/*rest/b",
    "/y/c": "/*rest",
  };
  for (const order of [routes, routes.toReversed()]) {
    for (const [path, pattern] of Object.entries(expected))
      t.equal(found(order, path).split(" ")[0], pattern, path);
  }
});

t.test("a branch that leads nowhere is left again", async (t) => {
  t.equal(found(["/a/b/c", "/:x/b/d", "/*rest"], "/a/b/d"), '/:x/b/d {"x":"a"}');
  t.equal(found(["/a/b/c", "/:x/b/d", "/*rest"], "/a/b/e"), '/*rest {"rest":"a/b/e"}');
});

t.test("hosts match by label, the most specific first, and before routes without a host", async (t) => {
  const routes = [
    { host: ":team.mailcoach.example" },
    { host: "www.mailcoach.example", path: "/a" },
    { host: "*any.example" },
    { host: ":team-dev.mailcoach.example", path: "/:page" },
    "/a",
  ];
  t.equal(found(routes, "/a", "www.mailcoach.example"), "www.mailcoach.example/a {}");
  t.equal(found(routes, "/b", "www.mailcoach.example"), ':team.mailcoach.example {"team":"www"}');
  t.equal(found(routes, "/", "acme.mailcoach.example"), ':team.mailcoach.example {"team":"acme"}');
  t.equal(
    found(routes, "/p", "acme-dev.mailcoach.example"),
    ':team-dev.mailcoach.example/:page {"team":"acme","page":"p"}',
  );
  t.equal(found(routes, "/a", "a.b.example"), '*any.example {"any":"a.b"}');
  t.equal(found(routes, "/a", "localhost"), "/a {}");
  t.equal(found(routes, "/b", "localhost"), "nothing");
});

const problems: readonly (readonly [name: string, written: readonly Written[], expected: RegExp])[] = [
  ["neither path nor host", [{}], /neither `path` nor `host`/],
  ["no slash at the start", ["site/:id"], /must begin with `\/`/],
  ["an empty segment", ["/a//b"], /empty segment/],
  ["a dot segment", ["/a/../b"], /dot|`\.\.`/],
  ["a wildcard that is no whole segment", ["/a*rest"], /whole segment, as in `\/\*rest`/],
  ["two wildcards", ["/*a/x/*b"], /two wildcards/],
  ["two params side by side", ["/:a:b"], /side by side/],
  ["a name twice", ["/:a/:a"], /names `a` twice/],
  ["a name twice, in host and path", [{ host: ":a.example", path: "/:a" }], /host and path both name `a`/],
  ["a name that every object has", ['/:"__proto__"'], /__proto__/],
  ["a missing name", ["/:/x"], /missing parameter name.*write `:name`/],
  ["express's optional mark", ["/a/:id?"], /unexpected \?.*braces/],
  ["a bracket", ["/a(b)"], /unexpected \(.*write `\\`/],
  ["an open brace", ["/a{/b"], /unexpected end/],
  ["an escape that does not decode", ["/a%zz"], /write a percent sign as `%25`/],
  ["a character that no path has", ["/a#b"], /no path has/],
  ["more than 64 readings", ["/a{/b}{/c}{/d}{/e}{/f}{/g}{/h}"], /128 ways; 64 is the most/],
  ["braces deep enough to break a stack", [`/a${"{".repeat(20000)}`], /longer than 1000/],
  ["a host with a port", [{ host: "a.example:80" }], /missing parameter name|no part of a host/i],
  ["a host in its own letters", [{ host: "bücher.example" }], /xn--/],
  ["optional parts that look alike", ["/a{/:b}{/:c}"], /optional parts can't be told apart/],
  ["the same route twice", ["/a/:b", "/a/:c"], /routes\[1\].*routes\[0\]/],
  ["a slash at the end is no difference", ["/a", "/a/"], /routes\[1\].*routes\[0\]/],
  ["two wildcards at one place", ["/a/*b", "/a/*c"], /routes\[1\].*routes\[0\]/],
  ["mixed segments that nothing tells apart", ["/:a-:b", "/:a.:b"], /routes\[1\].*routes\[0\]/],
  [
    "the same host and path",
    [
      { host: ":a.x", path: "/p" },
      { host: ":b.x", path: "/p" },
    ],
    /routes\[1\].*routes\[0\]/,
  ],
];

for (const [name, written, expected] of problems) {
  t.test(`problem: ${name}`, async (t) => t.match(problemOf(...written), expected));
}

t.test("routes without a problem work beside one with", async (t) => {
  const { finder, problems } = compile("/a", "/:", "/b");
  t.equal(problems.length, 1);
  t.equal(finder.match("", "/b")?.target, "/b");
});

t.test("all problems come at once", async (t) => t.equal(compile("a", "/a//b", "/:").problems.length, 3));

t.test("the same paths match as with path-to-regexp itself, and with the same params", async (t) => {
  const part = fc.constantFrom("/a", "/b", "/:p", "/f-:q", "/:r.js", "{/a}", "{/:o}");
  const pattern = fc
    .tuple(
      fc.uniqueArray(part, { minLength: 1, maxLength: 4 }),
      fc.constantFrom("", "{/*rest}", "/*rest", "/*rest/a"),
    )
    .map(([parts, end]) => parts.join("") + end);
  const path = fc
    .array(fc.constantFrom("/a", "/b", "/f-1", "/x.js", "/%C3%A9"), { minLength: 1 })
    .map((parts) => parts.join(""));
  fc.assert(
    fc.property(pattern, path, (written, asked) => {
      const { finder, problems } = compile(written);
      if (problems.length > 0) return true;
      const theirs = match(written, { sensitive: true })(asked);
      return (finder.match("", asked) !== null) === (theirs !== false);
    }),
    { numRuns: 3000 },
  );
  t.pass("holds");
});

t.test("which route wins does not depend on their order", async (t) => {
  const part = fc.constantFrom("/a", "/b", "/:p", "/f-:q", "/:q.js", "/*w");
  const routes = fc.uniqueArray(
    fc.array(part, { minLength: 1, maxLength: 3 }).map((parts) => parts.join("")),
    {
      minLength: 2,
      maxLength: 8,
    },
  );
  const path = fc
    .array(fc.constantFrom("/a", "/b", "/f-1", "/f-1.js"), { minLength: 1 })
    .map((parts) => parts.join(""));
  fc.assert(
    fc.property(routes, path, (written, asked) => {
      const forward = compile(...written);
      if (forward.problems.length > 0) return true;
      const backward = compile(...written.toReversed());
      return forward.finder.match("", asked)?.target === backward.finder.match("", asked)?.target;
    }),
    { numRuns: 2000 },
  );
  t.pass("holds");
});

t.test("DOS-02 patterns that make regular expressions slow are read once from left to right", async (t) => {
  const many = `/${Array.from({ length: 12 }, (_, i) => `:p${i}`).join("-")}.x`;
  t.equal(found([many], `/${"-".repeat(2000)}`), "nothing");
  t.match(found([many], `/${"a-".repeat(1000)}a.x`), /^\/:p0-:p1/);
});

t.test("a path that is not canonical is read as it stands", async (t) => {
  t.equal(found(["/:a"], "/%zz"), '/:a {"a":"%zz"}');
});

t.test("a pattern's readings come with the names of each", async (t) => {
  const read = parsePattern("/a/:b{/*c}", "path");
  t.same(read.kind === "patterns" && read.patterns.map((pattern) => pattern.names), [["b"], ["b", "c"]]);
});
