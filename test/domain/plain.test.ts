import t from "tap";
import { plain } from "../../src/domain/plain.ts";

t.test("what shows nothing or turns the line is taken out", async (t) => {
  const cases: readonly (readonly [string, string])[] = [
    ["Nuno Almeida", "Nuno Almeida"],
    ["\u202eadminA\u202c onuN", "adminA onuN"],
    ["a\u200b\u200c\u200d\u2060\ufeff\u00adb", "ab"],
    ["a\u2066b\u2069\u200e\u200f\u061cc", "abc"],
    ["a\nb\r\n\tc\u2028d\u00a0e", "a b c d e"],
    ["a\u0000\u0007\u001b[31mb\u0085c", "a[31mbc"],
    ["\u3164\u115f\u2800", ""],
    ["Z\u0351\u0352\u0353\u0354\u0355\u0356algo", "Z\u0351\u0352\u0353algo"],
    ["\ud800a\udc00", "a"],
    ["\ue000\uffff\u{e0041}a", "a"],
    ["  a  ", "a"],
    ["\u0645\u062f\u064a\u0631", "\u0645\u062f\u064a\u0631"],
    ["\u{1f600}", "\u{1f600}"],
  ];
  for (const [index, [value, want]] of cases.entries()) t.ok(plain(value) === want, `case ${index}`);
});

t.test("long names end with an ellipsis after sixty characters", async (t) => {
  t.equal(plain("a".repeat(60)), "a".repeat(60));
  t.equal(plain("a".repeat(61)), `${"a".repeat(59)}\u2026`);
  t.equal([...plain("\u{1f600}".repeat(10_000))].length, 60);
  t.equal(plain("x".repeat(10 << 20)).length, 60);
  t.equal(plain(`${"x".repeat(58)}\u00e4`).length, 59, "in no time, whatever the last letter is");
});
