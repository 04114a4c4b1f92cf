import t from "tap";
import { unknownOutcome } from "../../../src/audit/journal/journal-records.ts";
import { draft } from "../../../src/audit/record/format.ts";
import { seal } from "../../../src/audit/record/hash-chain.ts";
import { event } from "../event.ts";

t.test(
  "the outcome that nobody saw has both people and the request, and nothing that its intent has once",
  async (t) => {
    const made = event({
      effectiveUser: { id: "17", name: "Nuno\u202e\u0085", email: null, groups: ["customer"] },
      captured: { headers: [["accept", "x"]], form: { fields: "a=1", whole: true } },
      decision: {
        word: "impersonating",
        route: "/site/:site",
        rule: "1",
        via: "jwt",
        checks: [{ name: "you may impersonate", passed: true, saw: "Alice" }],
      },
    });
    const tip = { sequence: 4, hash: "0".repeat(64) };
    const intent = seal(draft(made, { monotonic: 1, redact: (text) => text }), "gw-1", tip).line;
    const line = unknownOutcome(intent, { at: 2_000, monotonic: 7 });
    const again = unknownOutcome(intent, { at: 9_000, monotonic: 8 });
    t.match(line, /^[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+$/u, "what can't be seen is escaped here too");
    const it = JSON.parse(line);
    t.match(it, {
      "@timestamp": "1970-01-01T00:00:02.000Z",
      event: {
        action: "impersonation.outcome",
        outcome: "unknown",
        id: JSON.parse(again).event.id,
        reason: /chart/,
      },
      user: { id: "alice", effective: { id: "17" } },
      guise: {
        intent: made.id,
        ending: "unknown",
        decision: "impersonating",
        rule: "1",
        config: "sha256:00",
      },
    });
    t.notOk("headers" in it.http.request || "body" in it.http.request || "checks" in it.guise);
    t.ok("chain" in JSON.parse(seal(line, "gw-2", tip).line).guise, "it can be sealed like any other");
  },
);
