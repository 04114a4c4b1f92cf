import { randomBytes } from "node:crypto";
import fc from "fast-check";
import t from "tap";
import { formToken, openFormToken, openMark, signedMark } from "../../src/keys/csrf.ts";

const HOUR = 3_600_000;
const key = randomBytes(32);
const now = 1_000 * 12 * HOUR;

t.test("a field is good for its own parts only", async (t) => {
  const token = formToken(key, ["stop", "alice"], now);
  t.equal(openFormToken(key, token, ["stop", "alice"])?.expiresAt, now);
  for (const parts of [["start", "alice"], ["stop", "bob"], ["stopalice"], ["stop", "alice", ""], []]) {
    t.equal(openFormToken(key, token, parts), null, parts.join("+"));
  }
  t.equal(openFormToken(randomBytes(32), token, ["stop", "alice"]), null);
});

t.test("no two fields are the same, and each has a name of its own", async (t) => {
  const [one, other] = [formToken(key, ["a"], now), formToken(key, ["a"], now)];
  t.not(one, other);
  t.not(openFormToken(key, one, ["a"])?.id, openFormToken(key, other, ["a"])?.id);
});

t.test("nothing else is ever a valid field", async (t) => {
  const token = formToken(key, ["a"], now);
  const [id, expiry, signature] = token.split(".");
  const later = `${id}.${Math.floor(now / 1000 + 60).toString(36)}.${signature}`;
  for (const wrong of ["", "a", "é".repeat(43), "x".repeat(43), `${token}.`, `x${token}`, later])
    t.equal(openFormToken(key, wrong, ["a"]), null, wrong);
  t.equal(openFormToken(key, `${id}.${expiry}.${signature}`, ["a"])?.expiresAt, now);
  t.equal(openFormToken(key, signedMark(key, "notice", "a", now), ["a"]), null);
});

t.test("a notice comes back as it was, until its time is up", async (t) => {
  const notice = signedMark(key, "notice", "You stopped being Nuno – ok; path=/", now + 60_000);
  t.match(notice, /^[\w.-]+$/);
  t.equal(openMark(key, "notice", notice, now), "You stopped being Nuno – ok; path=/");
  t.equal(openMark(key, "notice", notice, now + 60_000), null);
});

t.test("an altered notice is no notice", async (t) => {
  const notice = signedMark(key, "notice", "hello", now + 60_000);
  fc.assert(
    fc.property(fc.nat(notice.length - 1), fc.constantFrom("A", "z", ".", "9"), (at, letter) => {
      const altered = notice.slice(0, at) + letter + notice.slice(at + 1);
      return altered === notice || openMark(key, "notice", altered, now) === null;
    }),
  );
  t.equal(openMark(key, "notice", `${notice}.x`, now), null);
  t.equal(openMark(key, "notice", formToken(key, ["a"], now), now), null);
});
