import t from "tap";
import { confirm } from "../../../src/domain/effects/confirm.ts";
import { attempt, requestFacts } from "../../fixtures/client/attempt.ts";

const RULE = { name: "rules[0]", effect: "confirm", sentence: "Sure?" } as const;

t.test("it asks with the rule's sentence, or what the word means", async (t) => {
  t.match(confirm.judge(attempt({ rule: RULE })), {
    kind: "page",
    page: "confirm",
    reason: "confirm-required",
    sentence: "Sure?",
  });
  t.match(confirm.judge(attempt()), { sentence: "This has to be confirmed first." });
});

t.test("it asks before a safe method too, in either mode", async (t) => {
  for (const mode of ["read", "write"] as const)
    t.match(confirm.judge(attempt({ mode, rule: RULE, request: requestFacts() })), {
      reason: "confirm-required",
    });
});

t.test("what was confirmed goes on", async (t) => {
  t.equal(
    confirm.judge(attempt({ rule: RULE, request: requestFacts({ method: "POST", confirmed: true }) })),
    null,
  );
});

t.test("a yes never lifts read-only", async (t) => {
  for (const confirmed of [true, false]) {
    const request = requestFacts({ method: "POST", confirmed });
    t.match(confirm.judge(attempt({ mode: "read", rule: RULE, request })), { reason: "read-only" });
  }
});
