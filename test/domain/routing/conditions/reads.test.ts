import t from "tap";
import { compileReads } from "../../../../src/domain/routing/conditions/reads.ts";
import { compileRules } from "../../../../src/domain/routing/rule.ts";

const reads = compileReads([
  { name: "id", test: { kind: "there" } },
  { name: "utm_*", test: { kind: "there" } },
  { name: "ids[]", test: { kind: "there" } },
  { name: "action", test: { kind: "is", values: ["view", "edit"] } },
]);

t.test("a looking request has no parameter but these", async (t) => {
  for (const query of [
    null,
    "",
    "id=1",
    "id=1&id=2",
    "utm_source=a&id=3",
    "ids%5B%5D=1&ids[]=2",
    "action=edit",
    "id",
  ])
    t.equal(reads.covers(query), true, String(query));
  for (const query of [
    "do=1",
    "id=1&do=1",
    "ID=1",
    "i%64=1",
    "id=1;do=1",
    "action=delete",
    "action=view&action=edit",
    "id=%ff",
    "action",
  ])
    t.equal(reads.covers(query), false, query);
});

t.test("a query is taken apart once, however many parameters it has", async (t) => {
  const split = t.capture(String.prototype, "split", String.prototype.split);
  const splits = (query: string) => {
    split();
    t.equal(reads.covers(query), true);
    return split().filter(({ args: [by] }) => by === "&").length;
  };
  t.equal(splits("id&".repeat(1_000)), splits("id&id"));
});

t.test("every other may change something, whatever its method", async (t) => {
  const { index } = compileRules([], reads);
  const ask = (method: string, query: string | null) =>
    index.mayChange({ host: "a", path: "/x", method, query });
  t.equal(ask("GET", "id=1"), false);
  t.equal(ask("GET", "delete=1"), true);
  t.equal(ask("HEAD", "delete=1"), true);
  t.equal(ask("POST", "id=1"), true);
  t.equal(
    compileRules([]).index.mayChange({ host: "a", path: "/x", method: "GET", query: "delete=1" }),
    false,
  );
});
