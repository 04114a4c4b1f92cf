import t, { type Test } from "tap";
import { memo } from "../../src/clients/memo.ts";
import { Fault } from "../../src/errors.ts";
import { fakeClock } from "../fixtures/clock.ts";

type Ask = (question: string, signal: AbortSignal) => Promise<string | null>;

function setup(ask: Ask, options: { entries?: number; timeout?: number; failures?: null } = {}) {
  const clock = fakeClock();
  const asked: string[] = [];
  const find = memo<string, string | null>({
    code: "owner-lookup-failed",
    what: "the owner",
    clock,
    timeout: options.timeout ?? 1_000,
    entries: options.entries ?? 100,
    failures: options.failures === null ? null : 5,
    keyOf: (question) => question,
    ask: (question, signal) => {
      asked.push(question);
      return ask(question, signal);
    },
    keep: (answer) => (answer === null ? { ms: 50, negative: true } : { ms: 100, negative: false }),
  });
  return { clock, asked, find };
}

const failing: Ask = async () => {
  throw new Error("down");
};

async function failTimes(t: Test, find: (question: string) => unknown, times: number) {
  for (let n = 0; n < times; n += 1)
    await t.rejects(async () => find(`${n}`), { code: "owner-lookup-failed" });
}

t.test("an answer is given at once until its time is up", async (t) => {
  const { clock, asked, find } = setup(async (question) => `${question}!`);
  t.ok(find("a") instanceof Promise);
  t.equal(await find("a"), "a!");
  clock.pass(99);
  t.equal(find("a"), "a!");
  clock.pass(1);
  t.ok(find("a") instanceof Promise);
  t.strictSame(asked, ["a", "a"]);
});

t.test("the time of an answer counts from the question, not from the answer", async (t) => {
  const { clock, find } = setup(async () => {
    clock.pass(60);
    return "x";
  });
  await find("a");
  clock.pass(39);
  t.equal(find("a"), "x");
  clock.pass(1);
  t.ok(find("a") instanceof Promise);
  await find("a");
});

t.test("nobody is an answer with a time of its own", async (t) => {
  const { clock, find } = setup(async () => null);
  await find("a");
  clock.pass(49);
  t.equal(find("a"), null);
  clock.pass(1);
  t.ok(find("a") instanceof Promise);
});

t.test("many who ask the same at once ask once", async (t) => {
  const gate = Promise.withResolvers<string>();
  const { asked, find } = setup(() => gate.promise);
  const answers = Promise.all(Array.from({ length: 50 }, () => find("a")));
  gate.resolve("x");
  t.equal(new Set(await answers).size, 1);
  t.equal(asked.length, 1);
});

t.test("a failure is a fault for all who wait, and is never kept", async (t) => {
  const { asked, find } = setup(failing);
  const both = await Promise.allSettled([find("a"), find("a")]);
  for (const one of both) {
    t.match(one, { status: "rejected", reason: { code: "owner-lookup-failed", detail: "the owner: down" } });
  }
  await t.rejects(async () => find("a"), Fault);
  t.equal(asked.length, 2);
});

t.test("who throws instead of rejecting is a fault as well", async (t) => {
  const { find } = setup(() => {
    throw new Error("broken");
  });
  await t.rejects(async () => find("a"), { code: "owner-lookup-failed", detail: /broken/ });
});

t.test("C25: after five failures in a row nobody is asked for five seconds", async (t) => {
  let ask = failing;
  const { clock, asked, find } = setup((question, signal) => ask(question, signal));
  await failTimes(t, find, 5);
  await t.rejects(async () => find("x"), { message: /not asked, since it failed 5 times/ });
  t.equal(asked.length, 5);
  clock.pass(5_000);
  ask = async () => "back";
  t.equal(await find("x"), "back");
  t.equal(await find("y"), "back");
});

t.test("where strangers choose the questions, failures don't stop the others", async (t) => {
  const { asked, find } = setup(failing, { failures: null });
  await failTimes(t, find, 20);
  t.equal(asked.length, 20);
});

t.test("a kept answer is given while nobody is asked, but no longer than its time", async (t) => {
  let ask: Ask = async () => "x";
  const { clock, find } = setup((question, signal) => ask(question, signal));
  await find("kept");
  ask = failing;
  await failTimes(t, find, 5);
  t.equal(find("kept"), "x");
  clock.pass(100);
  await t.rejects(async () => find("kept"), Fault);
});

t.test("one that never answers is left at the timeout and told so", async (t) => {
  let told: AbortSignal | null = null;
  const { find } = setup(
    (_question, signal) => {
      told = signal;
      return new Promise(() => undefined);
    },
    { timeout: 20 },
  );
  await t.rejects(async () => find("a"), {
    message: "owner-lookup-failed: the owner: no answer within 20 ms",
  });
  t.match(told, { aborted: true });
});

t.test("a caller who leaves doesn't take the answer from the others", async (t) => {
  const gate = Promise.withResolvers<string>();
  const { asked, find } = setup(() => gate.promise);
  const leaving = new AbortController();
  const first = Promise.resolve(find("a", leaving.signal));
  const second = find("a", new AbortController().signal);
  leaving.abort(new Error("gone"));
  await t.rejects(first, { code: "owner-lookup-failed", detail: /gone/ });
  gate.resolve("x");
  t.equal(await second, "x");
  await t.rejects(async () => find("b", AbortSignal.abort(new Error("gone before"))), {
    message: /gone before/,
  });
  t.strictSame(asked, ["a", "b"]);
});

t.test("a flood of questions about nobody doesn't push out the answers that are good", async (t) => {
  const { asked, find } = setup(async (question) => (question === "good" ? "x" : null), { entries: 10 });
  await find("good");
  for (let n = 0; n < 50; n += 1) await find(`bad${n}`);
  t.equal(find("good"), "x");
  t.equal(asked.length, 51);
});

t.test("no more than a thousand questions are open at once", async (t) => {
  const gate = Promise.withResolvers<string>();
  const { find } = setup(() => gate.promise);
  const open = Array.from({ length: 1_000 }, (_, n) => find(`${n}`));
  await t.rejects(async () => find("one more"), { message: /too many questions/ });
  gate.resolve("x");
  t.equal(new Set(await Promise.all(open)).size, 1);
});
