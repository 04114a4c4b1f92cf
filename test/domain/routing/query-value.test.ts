import t from "tap";
import { queryValue } from "../../../src/domain/routing/query-value.ts";

t.test("a parameter that is there once says its value", async (t) => {
  const one = (query: string, value: string) =>
    t.strictSame(queryValue(query, "post"), { kind: "one", value }, query);
  one("post=42", "42");
  one("action=edit&post=42&x=1", "42");
  one("post=a%20b+c", "a b c");
  one("post=", "");
  one("post=a=b", "a=b");
  one("posts=1&post=42&my_post=2&post_id=3", "42");
});

t.test("none is none", async (t) => {
  for (const query of [null, "", "a=1", "posts=1", "xpost=2", "post_id=3"])
    t.strictSame(queryValue(query, "post"), { kind: "none" }, String(query));
});

t.test("what servers read in different ways says nothing", async (t) => {
  for (const query of [
    "post=1&post=2",
    "post=1&post=1",
    "post=1&Post=2",
    "POST=1",
    "post[]=1",
    "post[0]=1",
    "post%5B%5D=1",
    "post=1&post[a]=2",
    "[post]=1",
    "po%73t=1",
    "post%00x=1",
    "+post=1",
    "post+=1",
    "post=1;post=2",
    "post=1;x=2",
    "x=1;post=2",
    "post",
    "post=%zz",
    "post=%ff",
    "post=1&po\u017ft=2",
  ])
    t.strictSame(queryValue(query, "post"), { kind: "doubtful" }, query);
  for (const query of ["post.id=1", "post id=1", "post-id=1", "post_id=1&post.id=2"])
    t.strictSame(queryValue(query, "post_id"), { kind: "doubtful" }, query);
});
