import t from "tap";
import { axis, clock, lengthOf, ticks } from "../../../src/console/activity/axis.ts";

t.test("times lie between the ends, and beyond them at the nearer one", async (t) => {
  const { x } = axis(1_000, 2_000, 100, 500);
  t.same([0, 1_000, 1_500, 2_000, 9_000].map(x), [100, 100, 350, 600, 600]);
  t.equal(axis(5, 5, 0, 10).x(5), 0, "no time at all");
});

t.test("whatever the time, there are a few lines at round times", async (t) => {
  for (const long of [300, 5_000, 61_000, 3_600_000, 86_400_000]) {
    const text = ticks(axis(1_780_000_000_123, 1_780_000_000_123 + long, 0, 1_000), 0, 10).text;
    const labels = [...text.matchAll(/>([\d:.]+)</g)].map((it) => it[1]);
    t.ok(labels.length >= 1 && labels.length <= 10, `${long}: ${labels}`);
    t.equal(new Set(labels).size, labels.length, `${long}: ${labels}`);
  }
});

t.test("times and lengths in words", async (t) => {
  const at = Date.parse("2026-05-28T20:26:40.123Z");
  t.equal(clock(at, 60_000), "20:26");
  t.equal(clock(at), "20:26:40");
  t.equal(clock(at, 100), "20:26:40.1");
  t.same([5, 999, 1_000, 59_000, 60_000, 61_000, 3_600_000, 3_660_000].map(lengthOf), [
    "5 ms",
    "999 ms",
    "1 s",
    "59 s",
    "1 min",
    "1 min 1 s",
    "1 h",
    "1 h 1 min",
  ]);
});

t.test("days are named by their dates, and however long the time is, there are few lines", async (t) => {
  const [from, week] = [Date.parse("2026-05-26T12:00Z"), 7 * 86_400_000];
  t.match(ticks(axis(from, from + week, 0, 100), 0, 10).text, />27 May</);
  const years = ticks(axis(0, from, 0, 100), 0, 10).text;
  t.ok((years.match(/<line/g)?.length ?? 0) <= 9);
});
