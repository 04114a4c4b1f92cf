import t from "tap";
import { firstValue, valuesOf, without } from "../../src/domain/raw-headers.ts";

const LIST = ["Via", "a", "via", "b", "X-Via", "via", "Empty", ""];

t.test("values are found under a name in any spelling, and never in a value", async (t) => {
  t.same(valuesOf(LIST, "via"), ["a", "b"]);
  t.equal(firstValue(LIST, "via"), "a");
  t.equal(firstValue(LIST, "empty"), "");
  t.equal(firstValue(LIST, "a"), null);
});

t.test("what goes takes its value along; a list of which nothing goes is the same list", async (t) => {
  t.same(
    without(LIST, (name) => name.toLowerCase() === "via"),
    ["X-Via", "via", "Empty", ""],
  );
  t.same(
    without(LIST, (_, value) => value === "b"),
    ["Via", "a", "X-Via", "via", "Empty", ""],
  );
  t.equal(
    without(LIST, () => false),
    LIST,
  );
});
