import fc from "fast-check";
import t from "tap";
import {
  formatCookies,
  formatSetCookie,
  parseCookies,
  parseSetCookie,
} from "../../../src/domain/cookies/cookie.ts";

const NOW = 1_700_000_000_000;

t.test("a Cookie header keeps its order, its doubles and its bytes", async (t) => {
  t.strictSame(parseCookies('b="2 x"; a=1;  a = 3=4 ;;lonely; =empty; c='), [
    { name: "b", value: '"2 x"' },
    { name: "a", value: "1" },
    { name: "a", value: "3=4" },
    { name: "", value: "lonely" },
    { name: "", value: "empty" },
    { name: "c", value: "" },
  ]);
  t.strictSame(parseCookies(null), []);
  t.strictSame(parseCookies("x=\xe9%20\x80"), [{ name: "x", value: "\xe9%20\x80" }]);
});

t.test("pairs that are written are read back the same", async (t) => {
  const text = (of: string) => fc.string({ unit: fc.constantFrom(...of), maxLength: 8 });
  const pair = fc.record({ name: text("ab_-\xe9"), value: text('ab"=%, \xe9') }).map(({ name, value }) => ({
    name,
    value: name === "" ? value.replaceAll("=", "").trim() : value.trim(),
  }));
  fc.assert(
    fc.property(fc.array(pair), (pairs) => {
      const meant = pairs.filter(({ name, value }) => name !== "" || value !== "");
      t.strictSame(parseCookies(formatCookies(meant)), meant);
    }),
  );
  t.equal(formatCookies([]), null);
});

t.test("a Set-Cookie line is read with all its attributes", async (t) => {
  const line =
    "sid = a=b ; Path=/x; DOMAIN=.Example.com; Max-Age=60; Expires=Thu, 01 Jan 1970 00:00:00 GMT; secure; HttpOnly; SameSite=LAX; Priority=High";
  t.strictSame(parseSetCookie(line, NOW), {
    name: "sid",
    value: "a=b",
    domain: "example.com",
    path: "/x",
    expiresAt: NOW + 60_000,
    secure: true,
    httpOnly: true,
    sameSite: "lax",
  });
});

t.test("attributes that mean nothing count as not written", async (t) => {
  const read = (line: string) => parseSetCookie(line, NOW);
  t.equal(read("a=1; Path=x")?.path, null);
  t.equal(read("a=1; Path=/x; Path=")?.path, null, "the last one counts");
  t.equal(read("a=1; Domain=")?.domain, null);
  t.equal(read("a=1; Max-Age=1h; Expires=soon")?.expiresAt, null);
  t.equal(read("a=1; Max-Age=")?.expiresAt, null);
  t.equal(read("a=1; SameSite=Other")?.sameSite, null);
  t.equal(read(`a=1; Path=/${"x".repeat(1024)}`)?.path, null, "too long an attribute");
});

t.test("an expiry is at least now and at most 400 days away", async (t) => {
  t.equal(parseSetCookie("a=1; Max-Age=-5", NOW)?.expiresAt, 0);
  t.equal(parseSetCookie("a=1; Max-Age=0", NOW)?.expiresAt, 0);
  t.equal(parseSetCookie("a=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT", NOW)?.expiresAt, 0);
  const longest = NOW + 400 * 86_400_000;
  t.equal(parseSetCookie(`a=1; Max-Age=${"9".repeat(400)}`, NOW)?.expiresAt, longest);
  t.equal(parseSetCookie("a=1; Expires=Fri, 31 Dec 2100 00:00:00 GMT", NOW)?.expiresAt, longest);
});

t.test("control characters, emptiness and size make a whole line count for nothing", async (t) => {
  for (const code of [0, 8, 10, 13, 31, 127])
    t.equal(parseSetCookie(`a=1${String.fromCharCode(code)}; Path=/`, NOW), null, String(code));
  t.ok(parseSetCookie("a=1\t; Path=/", NOW), "a tab is allowed");
  t.equal(parseSetCookie("", NOW), null);
  t.equal(parseSetCookie("=; Path=/", NOW), null);
  t.equal(parseSetCookie(`a=${"x".repeat(4096)}`, NOW), null);
  t.ok(parseSetCookie(`a=${"x".repeat(4095)}`, NOW));
});

t.test("a cookie without a name has a value only", async (t) => {
  t.match(parseSetCookie("lonely; Secure", NOW), { name: "", value: "lonely", secure: true });
  t.match(parseSetCookie("=lonely", NOW), { name: "", value: "lonely" });
});

t.test("a line that is written is read back the same", async (t) => {
  const cookie = fc.record({
    name: fc.string({ unit: fc.constantFrom(..."abc_-"), minLength: 1, maxLength: 5 }),
    value: fc.string({ unit: fc.constantFrom(..."abc=%\xe9"), maxLength: 5 }),
    domain: fc.constantFrom(null, "example.com"),
    path: fc.constantFrom(null, "/", "/a/b"),
    expiresAt: fc.constantFrom(null, 0, NOW + 5_000),
    secure: fc.boolean(),
    httpOnly: fc.boolean(),
    sameSite: fc.constantFrom(null, "strict" as const, "lax" as const, "none" as const),
  });
  fc.assert(
    fc.property(cookie, (it) => {
      t.strictSame(parseSetCookie(formatSetCookie(it, NOW), NOW), { ...it });
    }),
  );
});

t.test("many blanks take no time to speak of, and no bytes make it throw", async (t) => {
  const blanks = `a=1;${" ".repeat(200_000)}x${" ".repeat(200_000)}`;
  t.equal(parseCookies(blanks).length, 2);
  fc.assert(
    fc.property(fc.string({ unit: "binary-ascii" }), (line) => parseSetCookie(line, NOW) !== undefined),
  );
});
