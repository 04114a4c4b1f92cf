import t from "tap";
import { allow } from "../../../src/domain/effects/allow.ts";
import { attempt, requestFacts } from "../../fixtures/client/attempt.ts";

t.test("it lets through whatever the mode and the method", async (t) => {
  for (const mode of ["read", "write"] as const)
    for (const method of ["GET", "POST", "DELETE", "UNKNOWN"])
      t.equal(allow.judge(attempt({ mode, request: requestFacts({ method, overridden: true }) })), null);
});
