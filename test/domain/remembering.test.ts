import t from "tap";
import { remembering, setBounded } from "../../src/domain/remembering.ts";

t.test("an answer is asked for once, until there are too many or the question is too long", async (t) => {
  const asked: string[] = [];
  const length = remembering(
    (question) => {
      asked.push(question);
      return question.length;
    },
    2,
    3,
  );
  t.same([length("a"), length("bb"), length("a")], [1, 2, 1]);
  t.same(asked, ["a", "bb"]);
  length("ccc");
  length("a");
  t.same(asked, ["a", "bb", "ccc", "a"], "the third made room for itself");
  length("long");
  length("long");
  t.same(asked.slice(4), ["long", "long"]);
});

t.test("of more entries than it may have, a map loses the one that was set the longest ago", async (t) => {
  const map = new Map<string, number>();
  for (const [key, value] of [
    ["a", 1],
    ["b", 2],
    ["a", 3],
    ["c", 4],
  ] as const)
    setBounded(map, 2, key, value);
  t.same(
    [...map],
    [
      ["a", 3],
      ["c", 4],
    ],
  );
});
