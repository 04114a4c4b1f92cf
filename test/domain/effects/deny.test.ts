import t from "tap";
import { deny } from "../../../src/domain/effects/deny.ts";
import { attempt, requestFacts } from "../../fixtures/client/attempt.ts";

t.test("it refuses in every mode, also what only looks and what was confirmed", async (t) => {
  for (const mode of ["read", "write"] as const)
    for (const request of [requestFacts(), requestFacts({ method: "POST", confirmed: true })])
      t.match(deny.judge(attempt({ mode, request })), { kind: "refuse", status: 403, reason: "denied" });
});

t.test("the agent reads the rule's sentence, or what the word means", async (t) => {
  const rule = { name: "rules[0]", effect: "deny", sentence: "Never." } as const;
  t.match(deny.judge(attempt({ rule })), { sentence: "Never.", rule });
  t.match(deny.judge(attempt()), { sentence: "This must not be done as somebody else." });
});
