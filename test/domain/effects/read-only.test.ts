import t from "tap";
import { readOnly } from "../../../src/domain/effects/read-only.ts";
import { requestFacts } from "../../fixtures/client/attempt.ts";

t.test("in mode read what is safe goes on, and nothing else", async (t) => {
  for (const method of ["GET", "HEAD", "OPTIONS", "PROPFIND"])
    t.equal(readOnly(requestFacts({ method }), "read", null), null, method);
  for (const method of ["POST", "PUT", "DELETE", "LOCK", "UNKNOWN"])
    t.match(
      readOnly(requestFacts({ method }), "read", null),
      { kind: "refuse", status: 403, reason: "read-only" },
      method,
    );
});

t.test("a safe method that anything overrides is not safe", async (t) => {
  t.match(readOnly(requestFacts({ overridden: true }), "read", null), { reason: "read-only" });
});

t.test("in mode write everything goes on", async (t) => {
  t.equal(readOnly(requestFacts({ method: "DELETE", overridden: true }), "write", null), null);
});
