import t from "tap";
import { stop } from "../../../src/domain/effects/stop.ts";
import { attempt } from "../../fixtures/client/attempt.ts";

t.test("it ends in every mode, as signing out does", async (t) => {
  for (const mode of ["read", "write"] as const)
    t.match(stop.judge(attempt({ mode })), {
      kind: "stop",
      reason: "ended-by-logout",
      rule: { name: "rules[0]" },
    });
});
