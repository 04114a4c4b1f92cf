import fc from "fast-check";
import t from "tap";
import { mayPass } from "../../../../src/domain/routing/conditions/value-test.ts";

const contains = { kind: "contains", texts: ["Pass", "é"] } as const;

t.test("a long value is not taken apart to look for a text in it", async (t) => {
  const splits = t.capture(String.prototype, "split", String.prototype.split);
  t.equal(mayPass(contains, ",".repeat(10_000)), false);
  t.same(
    splits().filter(({ args: [by] }) => by === ","),
    [],
  );
});

t.test("a text is found in any case, and also where the value is decoded once more", async (t) => {
  for (const value of ["a,PASSWORD", " pass ", "x\0pass", "%70ass", "CAF\u00c9"])
    t.equal(mayPass(contains, value), true, value);
  const piece = fc.constantFrom("pa", "SS", ",", "\0", " ", "%2C", "%70", "a");
  const held = fc.property(fc.array(piece, { maxLength: 6 }), (pieces) => {
    const value = pieces.join("");
    const readings = [value, value.includes("%") ? decodeURIComponent(value) : value];
    return mayPass(contains, value) === readings.some((it) => it.toLowerCase().includes("pass"));
  });
  t.doesNotThrow(() => fc.assert(held, { numRuns: 1_000 }));
});
