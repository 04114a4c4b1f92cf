import { randomBytes } from "node:crypto";
import fc from "fast-check";
import t from "tap";
import { csrfToken, csrfValid, masked, openNotice, signedNotice, unmasked } from "../../src/keys/csrf.ts";

const HOUR = 3_600_000;
const key = randomBytes(32);
const now = 1_000 * 12 * HOUR;

t.test("a field is good for its own parts only", async (t) => {
  const token = csrfToken(key, ["alice", "stop"], now);
  t.ok(csrfValid(key, token, ["alice", "stop"], now));
  for (const parts of [["alice", "start"], ["bob", "stop"], ["alicestop"], ["alice", "stop", ""], []]) {
    t.notOk(csrfValid(key, token, parts, now), parts.join("+"));
  }
  t.notOk(csrfValid(randomBytes(32), token, ["alice", "stop"], now));
});

t.test("a field outlives the turn of its window, but not the next one", async (t) => {
  const token = csrfToken(key, ["a"], now + 12 * HOUR - 1);
  t.ok(csrfValid(key, token, ["a"], now + 12 * HOUR));
  t.ok(csrfValid(key, token, ["a"], now + 24 * HOUR - 1));
  t.notOk(csrfValid(key, token, ["a"], now + 24 * HOUR));
});

t.test("nothing else is ever a valid field", async (t) => {
  for (const token of ["", "a", "é".repeat(43), "x".repeat(43)]) t.notOk(csrfValid(key, token, ["a"], now));
});

t.test("a notice comes back as it was, until its time is up", async (t) => {
  const notice = signedNotice(key, "You stopped being Nuno – ok; path=/", now + 60_000);
  t.match(notice, /^[\w.-]+$/);
  t.equal(openNotice(key, notice, now), "You stopped being Nuno – ok; path=/");
  t.equal(openNotice(key, notice, now + 60_000), null);
});

t.test("an altered notice is no notice", async (t) => {
  const notice = signedNotice(key, "hello", now + 60_000);
  fc.assert(
    fc.property(fc.nat(notice.length - 1), fc.constantFrom("A", "z", ".", "9"), (at, letter) => {
      const altered = notice.slice(0, at) + letter + notice.slice(at + 1);
      return altered === notice || openNotice(key, altered, now) === null;
    }),
  );
  t.equal(openNotice(key, `${notice}.x`, now), null);
  t.equal(openNotice(key, csrfToken(key, ["a"], now), now), null);
});

t.test("a masked field looks different each time and is the same field", async (t) => {
  const token = csrfToken(Buffer.alloc(32, 7), ["alice"], 0);
  const [one, other] = [masked(token), masked(token)];
  t.not(one, other);
  t.same([unmasked(one), unmasked(other)], [token, token]);
  t.not(unmasked("never masked"), token);
});
