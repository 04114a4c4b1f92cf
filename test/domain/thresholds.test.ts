import t from "tap";
import { passed } from "../../src/domain/thresholds.ts";

const LIMITS = {
  customersPerHour: 2,
  agentsPerDay: 1,
  night: { from: "22:00", to: "06:00" },
  breakGlass: true,
};
const QUIET = { customersWithinHour: 2, agentsWithinDay: 1, timeOfDay: "12:00", breakGlass: false };
const words = (more: Partial<typeof QUIET>, limits: Partial<Parameters<typeof passed>[0]> = {}) =>
  passed({ ...LIMITS, ...limits }, { ...QUIET, ...more }).map(({ threshold }) => threshold);

t.test("what is more than the limit is told, and nothing that is as much", async (t) => {
  t.same(words({}), []);
  t.same(words({ customersWithinHour: 3, agentsWithinDay: 2, breakGlass: true, timeOfDay: "23:00" }), [
    "many-customers",
    "many-agents",
    "night",
    "break-glass",
  ]);
});

t.test("the night may go over midnight, and ends before its end", async (t) => {
  const at = (timeOfDay: string, night: { from: string; to: string }) =>
    words({ timeOfDay }, { night }).length;
  const over = { from: "22:00", to: "06:00" };
  t.same(
    ["21:59", "22:00", "00:00", "05:59", "06:00"].map((it) => at(it, over)),
    [0, 1, 1, 1, 0],
  );
  const noon = { from: "12:00", to: "13:00" };
  t.same(
    ["11:59", "12:00", "12:59", "13:00"].map((it) => at(it, noon)),
    [0, 1, 1, 0],
  );
});

t.test("null tells of nothing", async (t) => {
  const none = { customersPerHour: null, agentsPerDay: null, night: null, breakGlass: false };
  const all = { customersWithinHour: 99, agentsWithinDay: 99, breakGlass: true, timeOfDay: "23:00" };
  t.same(words(all, none), []);
});
