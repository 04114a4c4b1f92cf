import fc from "fast-check";
import t from "tap";
import { timeOrderedIds } from "../../../src/gateway/services/ids.ts";

t.test("an id is a UUID of version 7 that says when it was made", async (t) => {
  const id = timeOrderedIds(() => 1_700_000_000_000)();
  t.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  t.equal(Number.parseInt(id.replace("-", "").slice(0, 12), 16), 1_700_000_000_000);
});

t.test("each sorts behind the one before, whatever the clock does", async (t) => {
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(fc.array(fc.nat(2 ** 45), { minLength: 2, maxLength: 50 }), (times) => {
        let turn = 0;
        const make = timeOrderedIds(() => times[turn++] ?? 0);
        const ids = times.map(make);
        return ids.every((id, n) => n === 0 || id > (ids[n - 1] ?? ""));
      }),
    ),
  );
});

t.test("a clock that stands still makes thousands in their order", async (t) => {
  const make = timeOrderedIds(() => 5);
  const ids = Array.from({ length: 10_000 }, make);
  t.same(ids.toSorted(), ids);
  t.equal(new Set(ids).size, 10_000);
});

t.test("two gateways make no two that are the same", async (t) => {
  const [one, other] = [timeOrderedIds(() => 5), timeOrderedIds(() => 5)];
  t.equal(new Set(Array.from({ length: 1_000 }, () => [one(), other()]).flat()).size, 2_000);
});
