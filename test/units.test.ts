import fc from "fast-check";
import t from "tap";
import { z } from "zod";
import { duration, parseDuration, parseTime, size } from "../src/units.ts";

t.test("a length of time comes out as milliseconds", async (t) => {
  const cases = { "0s": 0, "500ms": 500, "5s": 5_000, "10m": 600_000, "1h": 3_600_000, "1d": 86_400_000 };
  for (const [text, ms] of Object.entries(cases)) t.equal(duration.parse(text), ms, text);
});

t.test("a size comes out as bytes", async (t) => {
  const cases = { "512B": 512, "8kB": 8_192, "1MB": 1_048_576, "1GB": 1_073_741_824 };
  for (const [text, bytes] of Object.entries(cases)) t.equal(size.parse(text), bytes, text);
});

t.test("a bare number is refused with the words to write instead", async (t) => {
  const time = duration.safeParse(5);
  t.match(time.error?.issues[0]?.message, /with its unit, like 500ms, 5s/);
  const bytes = size.safeParse(1024);
  t.match(bytes.error?.issues[0]?.message, /with its unit, like 512B, 8kB/);
});

t.test("what has no unit, a sign, a space or a fraction is refused", async (t) => {
  for (const text of ["5", "", "-5s", "5 s", " 5s", "5s\n", "1.5h", "05s", "5S", "5sec", "1e3s"])
    t.equal(parseDuration(text), null, JSON.stringify(text));
  for (const text of ["5", "", "-5B", "5 kB", "1.5MB", "5KB", "5mb", "5k", "5B\n"])
    t.notOk(size.safeParse(text).success, JSON.stringify(text));
});

t.test("any whole number with a unit is read exactly", async (t) => {
  const exact = fc.property(
    fc.integer({ min: 0, max: 100_000 }),
    (n) => parseDuration(`${n}s`) === n * 1_000 && size.parse(`${n}kB`) === n * 1_024,
  );
  t.doesNotThrow(() => fc.assert(exact));
});

t.test("editors are told that a string with a pattern is wanted", async (t) => {
  const schema = z.toJSONSchema(duration, { io: "input" });
  t.match(schema, { type: "string", pattern: /ms\|s\|m\|h\|d/ });
});

t.test("a time without a zone is UTC, wherever it is read", async (t) => {
  const at = Date.parse("2026-05-28T20:26:00Z");
  for (const text of ["2026-05-28T20:26", "2026-05-28 20:26:00.000", "2026-05-28T22:26+02:00"])
    t.equal(parseTime(text), at, text);
  t.equal(parseTime("2026-05-28"), Date.parse("2026-05-28T00:00Z"));
});

t.test("what only looks like a time is refused", async (t) => {
  const wrong = [
    "",
    "17",
    "28 May",
    "foo 1",
    "2026-02-30",
    "2026-13-01",
    "2026-05-28T24:01",
    "2026-05-28Z",
    "20260528",
  ];
  for (const text of wrong) t.equal(parseTime(text), null, text);
});
