import fc from "fast-check";
import t from "tap";
import { parseCookieDate } from "../../../src/domain/cookies/cookie-date.ts";

t.test("the three spellings of HTTP are read, and what servers send beside them", async (t) => {
  const at = Date.UTC(1994, 10, 6, 8, 49, 37);
  t.equal(parseCookieDate("Sun, 06 Nov 1994 08:49:37 GMT"), at);
  t.equal(parseCookieDate("Sunday, 06-Nov-94 08:49:37 GMT"), at);
  t.equal(parseCookieDate("Sun Nov  6 08:49:37 1994"), at);
  t.equal(parseCookieDate("6 november 1994 8:49:37"), at);
  t.equal(parseCookieDate("08:49:37 1994 06th NOV"), at);
  t.equal(parseCookieDate("Thu, 01-Jan-1970 00:00:00 GMT"), 0);
});

t.test("two digits are of this age or of the last", async (t) => {
  t.equal(parseCookieDate("1 Jan 69 00:00:00"), Date.UTC(2069, 0, 1));
  t.equal(parseCookieDate("1 Jan 70 00:00:00"), 0);
});

t.test("what is no date is none", async (t) => {
  const none = ["", "0", "soon", "32 Jan 2030 00:00:00", "1 Jan 1600 00:00:00", "1 Jan 2030 24:00:00"];
  for (const text of [
    ...none,
    "30 Feb 2030 00:00:00",
    "31 Apr 2030 00:00:00",
    "1 Jan 2030",
    "1 Jan 2030 1:2",
  ])
    t.equal(parseCookieDate(text), null, text);
  t.equal(parseCookieDate("29 Feb 2028 00:00:00"), Date.UTC(2028, 1, 29));
  t.equal(parseCookieDate("29 Feb 2100 00:00:00"), null);
});

t.test("every date that the platform writes is read back", async (t) => {
  const seconds = fc.integer({ min: 0, max: 4_102_444_800 });
  fc.assert(fc.property(seconds, (at) => parseCookieDate(new Date(at * 1000).toUTCString()) === at * 1000));
  t.pass();
});

t.test("no text makes it throw", async (t) => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      const at = parseCookieDate(text);
      return at === null || Number.isFinite(at);
    }),
  );
  t.pass();
});
