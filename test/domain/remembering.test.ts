import t from "tap";
import { remembering } from "../../src/domain/remembering.ts";

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
