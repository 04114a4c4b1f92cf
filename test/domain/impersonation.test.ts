import t from "tap";
import {
  elevate,
  endedAt,
  endsAt,
  lower,
  modeAt,
  start,
  stop,
  touch,
} from "../../src/domain/impersonation.ts";

const NOW = 1_000_000;
const PERSON = { name: null, email: null, groups: null };
const IT = start({
  id: "imp",
  agent: { id: "alice", ...PERSON },
  effectiveUser: { id: "17", ...PERSON },
  mode: "read",
  reason: "why",
  ticket: "T-1",
  returnTo: "/",
  now: NOW,
  total: 60_000,
  idle: 10_000,
});

t.test("it begins now and has both limits", async (t) => {
  t.match(IT, {
    startedAt: NOW,
    lastSeenAt: NOW,
    expiresAt: NOW + 60_000,
    idleFor: 10_000,
    writeUntil: null,
    end: null,
  });
});

t.test("it is over by the clock when a limit is reached, not before", async (t) => {
  t.equal(endedAt(IT, NOW + 9_999), null);
  t.equal(endedAt(IT, NOW + 10_000), "ended-idle");
  const used = touch(IT, NOW + 55_000);
  t.equal(endedAt(used, NOW + 59_999), null);
  t.equal(endedAt(used, NOW + 60_000), "ended-expired", "use never puts the total limit off");
  t.equal(endsAt(IT), NOW + 10_000);
  t.equal(endsAt(used), NOW + 60_000);
});

t.test("use is never noted backwards", async (t) => {
  const used = touch(IT, NOW + 5_000);
  t.equal(used.lastSeenAt, NOW + 5_000);
  t.equal(touch(used, NOW + 1_000), used);
  t.equal(touch(used, NOW + 5_000), used);
});

t.test("a step up counts for its time, and never beyond the end", async (t) => {
  const lifted = elevate(IT, NOW, 5_000, null);
  t.equal(modeAt(IT, NOW), "read");
  t.equal(modeAt(lifted, NOW + 4_999), "write");
  t.equal(modeAt(lifted, NOW + 5_000), "read");
  t.equal(elevate(IT, NOW, 600_000, null).writeUntil, IT.expiresAt);
  t.equal(modeAt(lower(lifted), NOW), "read");
  t.equal(modeAt({ ...IT, mode: "write" }, NOW + 50_000), "write");
});

t.test("a step up may say another reason, or keep the first", async (t) => {
  t.equal(elevate(IT, NOW, 1, null).reason, "why");
  t.equal(elevate(IT, NOW, 1, "fix").reason, "fix");
});

t.test("it ends once: a second end changes nothing", async (t) => {
  const over = stop(IT, NOW + 1, "ended-by-agent");
  t.same(over.end, { at: NOW + 1, why: "ended-by-agent" });
  t.equal(stop(over, NOW + 2, "ended-revoked"), over);
  t.equal(endedAt(over, NOW), "ended-by-agent", "whatever the clock says");
});

t.test("nothing is changed in place", async (t) => {
  const before = JSON.stringify(IT);
  touch(IT, NOW + 1);
  elevate(IT, NOW, 1, "x");
  stop(IT, NOW, "ended-idle");
  t.equal(JSON.stringify(IT), before);
});
