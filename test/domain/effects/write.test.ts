import t from "tap";
import { write } from "../../../src/domain/effects/write.ts";
import { attempt, requestFacts } from "../../fixtures/client/attempt.ts";

t.test("a link that changes something needs the mode write", async (t) => {
  const request = requestFacts({ method: "GET" });
  t.match(write.judge(attempt({ request, mode: "read" })), { kind: "refuse", reason: "read-only" });
  t.equal(write.judge(attempt({ request, mode: "write" })), null);
});
