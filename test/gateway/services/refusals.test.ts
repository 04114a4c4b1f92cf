import t from "tap";
import { refusals } from "../../../src/gateway/services/refusals.ts";

t.test("so many of one person in a minute, and so many of one address", async (t) => {
  const all = refusals();
  const of = (person: string, address: string) => all.admits({ person, address }, 2, 0);
  t.same([of("a", "x"), of("a", "y"), of("a", "z")], [true, true, false]);
  t.same([of("b", "x"), of("c", "x")], [true, false]);
});

t.test("how many were left out is told at once, then once a minute", async (t) => {
  const all = refusals();
  t.equal(all.leaveOut(5), 1);
  t.equal(all.leaveOut(6), null);
  t.equal(all.leaveOut(60_004), null);
  t.equal(all.leaveOut(60_005), 3);
  t.equal(all.leaveOut(60_006), null);
});
