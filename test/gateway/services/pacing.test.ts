import t from "tap";
import { pacing } from "../../../src/gateway/services/pacing.ts";

t.test("so many in a minute, evenly given back, and nobody takes another's", async (t) => {
  const inTime = pacing(10);
  t.same([inTime("a", 2, 0), inTime("a", 2, 0), inTime("a", 2, 0)], [true, true, false]);
  t.equal(inTime("b", 2, 0), true);
  t.equal(inTime("a", 2, 29_999), false);
  t.same([inTime("a", 2, 30_000), inTime("a", 2, 30_000)], [true, false]);
  t.same([inTime("a", 2, 90_000), inTime("a", 2, 90_000), inTime("a", 2, 90_000)], [true, true, false]);
});

t.test("of more than are remembered, the one that came the longest ago begins anew", async (t) => {
  const inTime = pacing(2);
  for (const whose of ["a", "b", "c"]) inTime(whose, 1, 0);
  t.same([inTime("c", 1, 0), inTime("b", 1, 0), inTime("a", 1, 0)], [false, false, true]);
});
