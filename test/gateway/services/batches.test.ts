import t from "tap";
import { inBatches } from "../../../src/gateway/services/batches.ts";

t.test("everything is done, never more than so many at a time", async (t) => {
  const done: number[] = [];
  let now = 0;
  let most = 0;
  await inBatches([1, 2, 3, 4, 5, 6, 7], 3, async (item) => {
    now += 1;
    most = Math.max(most, now);
    await new Promise((resolve) => setImmediate(resolve));
    now -= 1;
    done.push(item);
  });
  t.same(done.toSorted(), [1, 2, 3, 4, 5, 6, 7]);
  t.equal(most, 3);
});

t.test("nothing to do is done, and a failure is told", async (t) => {
  await inBatches([], 3, () => Promise.reject(new Error("never")));
  await t.rejects(
    inBatches([1], 3, () => Promise.reject(new Error("no"))),
    { message: "no" },
  );
});
