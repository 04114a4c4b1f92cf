import t from "tap";
import { turns } from "../../src/sessions/mutex.ts";

t.test("work on one thing is done in turn, on two things side by side", async (t) => {
  const inTurn = turns();
  const log: string[] = [];
  const work = (name: string) => async () => {
    log.push(`${name} begins`);
    await new Promise((resolve) => setImmediate(resolve));
    log.push(`${name} ends`);
    return name;
  };
  const done = [inTurn("a", work("a1")), inTurn("a", work("a2")), inTurn("b", work("b1"))];
  t.strictSame(await Promise.all(done), ["a1", "a2", "b1"]);
  t.strictSame(
    log.filter((line) => line.startsWith("a")),
    ["a1 begins", "a1 ends", "a2 begins", "a2 ends"],
  );
  t.ok(log.indexOf("b1 begins") < log.indexOf("a1 ends"));
});

t.test("work that fails is its own caller's affair", async (t) => {
  const inTurn = turns();
  const failing = inTurn("a", async () => {
    throw new RangeError("no");
  });
  const next = inTurn("a", async () => 1);
  await t.rejects(failing, RangeError);
  t.equal(await next, 1);
});
