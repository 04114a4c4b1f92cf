import fc from "fast-check";
import t from "tap";
import { lru } from "../../src/clients/lru.ts";

t.test("a value is there until its time, also a null", async (t) => {
  const held = lru<string | null>(10);
  held.set("a", null, 100);
  t.match(held.get("a", 99), { value: null });
  t.equal(held.get("a", 100), null);
  t.equal(held.get("b", 0), null);
});

t.test("the one that was not asked for the longest makes room", async (t) => {
  const held = lru<number>(2);
  held.set("a", 1, 100);
  held.set("b", 2, 100);
  held.get("a", 0);
  held.set("c", 3, 100);
  t.strictSame(
    ["a", "b", "c"].map((key) => held.get(key, 0)?.value ?? null),
    [1, null, 3],
  );
});

t.test("it never holds more than it may and never gives what is too old", async (t) => {
  const step = fc.record({ key: fc.constantFrom("a", "b", "c", "d"), until: fc.nat(20), now: fc.nat(20) });
  const bounded = fc.property(fc.array(step), (steps) => {
    const held = lru<number>(3);
    return steps.every(({ key, until, now }) => {
      held.set(key, until, until);
      const kept = held.get(key, now);
      return held.size <= 3 && (kept === null) === now >= until && (kept === null || kept.value === until);
    });
  });
  t.doesNotThrow(() => fc.assert(bounded));
});
