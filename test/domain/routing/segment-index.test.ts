import t from "tap";
import { parsePattern } from "../../../src/domain/routing/route.ts";
import { newNode, pathSegments, place, search } from "../../../src/domain/routing/segment-index.ts";

function index(...written: readonly string[]) {
  const root = newNode<string>();
  for (const text of written) {
    const read = parsePattern(text, "path");
    if (read.kind === "problem") throw new Error(read.message);
    for (const pattern of read.patterns) place(root, pattern).value = text;
  }
  return root;
}

/** All that a path finds, in the order in which it is found. */
function all(written: readonly string[], path: string, below = false): readonly string[] {
  const found: string[] = [];
  const what = { segments: pathSegments(path), below, delimiter: "/" } as const;
  search(index(...written), what, (value, values) => {
    found.push([value, ...values].join(" "));
    return null;
  });
  return found;
}

t.test("what matches is found from the most to the least specific", async (t) => {
  t.same(all(["/*w", "/:p", "/a:m", "/ab", "/a:m.js"], "/ab"), ["/ab", "/a:m b", "/:p ab", "/*w ab"]);
});

t.test("a search that has its answer goes no further", async (t) => {
  const seen: string[] = [];
  const what = { segments: ["ab"], below: false, delimiter: "/" } as const;
  const answer = search(index("/*w", "/:p", "/ab"), what, (value) => {
    seen.push(value);
    return value === "/:p" ? 7 : null;
  });
  t.equal(answer, 7);
  t.same(seen, ["/ab", "/:p"]);
});

t.test("params of a branch that was left are forgotten", async (t) => {
  t.same(all(["/:a/:b/x", "/:a/*b"], "/1/2/3"), ["/:a/*b 1 2/3"]);
});

t.test("a value may count for what lies below it, but the front page never does", async (t) => {
  t.same(all(["/", "/a", "/a/b"], "/a/b/c", true), ["/a/b", "/a"]);
  t.same(all(["/", "/a"], "/", true), ["/"]);
  t.same(
    all(["/*any/x"], "/1/x/2/x/3", true).map((found) => found.split(" ")[1]),
    ["1", "1/x/2"],
  );
});

t.test("segments are decoded once, and a slash at the end makes none", async (t) => {
  t.same(pathSegments("/"), []);
  t.same(pathSegments("/a/b/"), ["a", "b"]);
  t.same(pathSegments("/%C3%A9/%252F"), ["é", "%2F"]);
});
