import t from "tap";
import { TOLD, toldReason } from "../../src/domain/told.ts";

t.test("a page of somebody whom an agent may not be is told as a page of nobody", async (t) => {
  const nobody = toldReason("no-owner", false);
  for (const reason of ["protected-target", "nested", "outside-grant", "no-owner"] as const) {
    t.equal(toldReason(reason, false), nobody, reason);
    t.equal(
      toldReason(reason, true),
      "outside-grant",
      `${reason}, where no entry of theirs covers the place`,
    );
  }
  t.equal(toldReason("owner-lookup-failed", true), "outside-grant");
  t.notMatch(TOLD[nobody], /protected|exist|may not be viewed/);
});

t.test("what is the agent's own, and what could not be found out, is told", async (t) => {
  for (const outside of [true, false]) {
    t.equal(toldReason("own-page", outside), "own-page");
    t.equal(toldReason("viewer", outside), "viewer");
  }
  t.equal(toldReason("owner-lookup-failed", false), "owner-lookup-failed");
});
