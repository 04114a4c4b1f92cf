import t from "tap";
import { diagnostics } from "../../../src/gateway/services/diagnostics.ts";

type Line = Parameters<ReturnType<typeof diagnostics>["say"]>[0];

function collected() {
  const lines: object[] = [];
  const at = (level: string) => (data: object, message: string) =>
    void lines.push({ level, message, ...data });
  const log = { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
  return { lines, ...diagnostics(log) };
}

const line = (key: string): Line => ({ key, level: "warn", message: `${key} happened`, data: { n: 1 } });

t.test("the same line is written once in ten minutes, then with how often it was the same", async (t) => {
  const { lines, say } = collected();
  for (let n = 0; n < 1_000; n += 1) say(line("a"), n);
  say(line("b"), 1_000);
  t.strictSame(lines, [
    { level: "warn", message: "a happened", n: 1 },
    { level: "warn", message: "b happened", n: 1 },
  ]);
  say(line("a"), 600_000);
  t.strictSame(lines.slice(2), [{ level: "warn", message: "a happened", n: 1, since: 999 }]);
  say(line("a"), 1_200_000);
  t.strictSame(lines.slice(3), [{ level: "warn", message: "a happened", n: 1 }], "none was left out");
});

t.test("what is remembered is bounded, whatever is said", async (t) => {
  const { lines, say } = collected();
  for (let n = 0; n < 3_000; n += 1) say(line(`k${n}`), n);
  t.equal(lines.length, 3_000);
  say(line("k2999"), 3_000);
  t.equal(lines.length, 3_000, "the latest are remembered");
  say(line("k0"), 3_000);
  t.equal(lines.length, 3_001, "the oldest are not");
});
