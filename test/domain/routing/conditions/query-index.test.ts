import t from "tap";
import type { ValueTest } from "../../../../src/domain/routing/conditions/value-test.ts";
import { compileRoutes, type RouteSpec } from "../../../../src/domain/routing/route.ts";

const is = (...values: string[]): ValueTest => ({ kind: "is", values });
const THERE: ValueTest = { kind: "there" };
const param = (name: string): ValueTest => ({ kind: "param", param: name });

function route(
  target: string,
  path: string | null,
  query: Readonly<Record<string, ValueTest>>,
): RouteSpec<string> {
  const tests = Object.entries(query).map(([name, test]) => ({ name, test }));
  return { host: null, path, query: tests, target, name: target };
}

function finder(...specs: readonly RouteSpec<string>[]) {
  const { finder, problems } = compileRoutes(specs);
  if (problems.length > 0) throw new Error(problems.map(({ message }) => message).join());
  return (path: string, query: string | null = null) => {
    const found = finder.match("app.example", path, query);
    return found === null ? null : `${found.target} ${JSON.stringify(found.params)}`;
  };
}

t.test("the query tells routes of one path apart, and its values are params", async (t) => {
  const find = finder(
    route("plain", "/index.php", {}),
    route("site", "/index.php", { page: is("site"), id: param("site") }),
    route("user", "/index.php", { page: is("user", "person"), id: param("user") }),
    route("any", "/:dir/index.php", { id: param("id") }),
  );
  t.equal(find("/index.php", "page=site&id=42"), 'site {"site":"42"}');
  t.equal(find("/index.php", "x=1&id=42&page=person"), 'user {"user":"42"}');
  t.equal(find("/index.php", "page=wiki&id=42"), "plain {}");
  t.equal(find("/index.php"), "plain {}");
  t.equal(find("/a/index.php", "id=7"), 'any {"dir":"a","id":"7"}');
  t.equal(find("/a/index.php", "id="), null, "an empty value is none");
  t.equal(find("/a/index.php"), null);
});

t.test("more conditions, and narrower ones, are more specific, in whatever order they stand", async (t) => {
  const find = finder(
    route("there", "/x", { a: THERE }),
    route("list", "/x", { a: is("1", "2") }),
    route("one", "/x", { a: is("1") }),
    route("two", "/x", { a: THERE, b: THERE }),
    route("without", "/x", { c: { kind: "absent" }, d: is("1") }),
  );
  t.equal(find("/x", "a=1"), "one {}");
  t.equal(find("/x", "a=2"), "list {}");
  t.equal(find("/x", "a=3"), "there {}");
  t.equal(find("/x", "a=1&b=2"), "two {}");
  t.equal(find("/x", "d=1"), "without {}");
  t.equal(find("/x", "d=1&c=1"), null);
});

t.test("a path without a route of this query leads to the wider one", async (t) => {
  const find = finder(
    route("post", "/admin/post.php", { post: param("post") }),
    route("admin", "/admin{/*rest}", {}),
  );
  t.equal(find("/admin/post.php", "post=1"), 'post {"post":"1"}');
  t.equal(find("/admin/post.php", "other=1"), 'admin {"rest":"post.php"}');
});

t.test("what can be read in two ways matches no route at all, the wider ones neither", async (t) => {
  const find = finder(route("post", "/post.php", { post: param("post") }), route("all", "/{*rest}", {}));
  for (const query of [
    "post=1&post=2",
    "Post=1",
    "post[]=1",
    "po%73t=1",
    "post=1;x=2",
    "post=%ff",
    "post",
    "post=1&post[x]=2",
  ])
    t.equal(find("/post.php", query), null, query);
  t.equal(
    find("/post.php", "cat[]=1&cat[]=2&post=1"),
    'post {"post":"1"}',
    "what nobody asks about doesn't matter",
  );
});

t.test("any address, by its query alone", async (t) => {
  const find = finder(route("page", null, { page_id: param("page") }));
  t.equal(find("/a/b", "page_id=3"), 'page {"page":"3"}');
  t.equal(find("/a/b"), null);
});

t.test("problems are named", async (t) => {
  const problems = (...specs: readonly RouteSpec<string>[]) =>
    compileRoutes(specs).problems.map(({ message }) => message);
  t.match(problems(route("a", "/x", { p: param("u") }), route("b", "/x", { p: param("v") })), [
    "it can't be told apart from a: the same addresses match both; remove one",
  ]);
  t.match(problems(route("a", "/:u", { p: param("u") })), [/names `u` twice/]);
  t.strictSame(problems(route("a", "/x", { p: param("u") }), route("b", "/x", {})), []);
});
