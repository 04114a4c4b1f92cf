import t, { type Test } from "tap";
import { problemWord, SinkProblem } from "../../../src/audit/shipping/sink-errors.ts";
import { addressOf, delivery } from "../../../src/audit/shipping/webhook-delivery.ts";
import { hook } from "../../fixtures/apps/hook.ts";

const NOW = Date.parse("2026-05-28T20:26:40Z");
const HOUR = 3_600_000;

async function setup(t: Test, more: { url?: (url: string) => string; timeout?: number } = {}) {
  const there = await hook(t);
  const stop = new AbortController();
  const post = delivery({
    url: more.url?.(there.url) ?? there.url,
    clock: { now: () => NOW, monotonic: () => 0 },
    timeout: more.timeout ?? HOUR,
    retryAfter: 60_000,
    signal: stop.signal,
  });
  return { ...there, post: () => post({ "webhook-id": "e1" }, "{}"), stop };
}

/** What a POST was rejected with. */
async function rejection(posting: Promise<number>): Promise<unknown> {
  try {
    return new Error(`it was answered ${await posting}`);
  } catch (error) {
    return error;
  }
}

for (const [status, word] of [
  [408, "HTTP 408"],
  [425, "HTTP 425"],
  [429, "HTTP 429"],
  [500, "HTTP 500"],
  [502, "HTTP 502"],
  [503, "HTTP 503"],
  [504, "HTTP 504"],
  [507, "HTTP 5xx"],
] as const) {
  t.test(`${status} says to try again`, async (t) => {
    const { post, answers } = await setup(t);
    answers.push(status);
    const error = await rejection(post());
    t.type(error, SinkProblem);
    t.match(error, { word, message: `HTTP ${status}`, after: 0 });
  });
}

for (const status of [200, 202, 204, 400, 401, 403, 404, 409, 410, 413, 422]) {
  t.test(`${status} is the last word`, async (t) => {
    const { post, answers, posts } = await setup(t);
    answers.push(status);
    t.equal(await post(), status);
    t.equal(posts.length, 1);
  });
}

for (const status of [301, 302, 303, 307, 308]) {
  t.test(`${status} is the last word, and nobody goes where it leads`, async (t) => {
    const redirectTarget = await hook(t);
    const { post, answers, posts } = await setup(t);
    answers.push({ status, headers: { location: redirectTarget.url } });
    t.equal(await post(), status);
    t.equal(posts.length, 1);
    t.equal(redirectTarget.posts.length, 0);
  });
}

for (const [name, header, after] of [
  ["a number of seconds", "7", 7_000],
  ["a date", "Thu, 28 May 2026 20:27:10 GMT", 30_000],
  ["a date that is over", "Thu, 28 May 2026 20:00:00 GMT", 0],
  ["more than the most", "86400", 60_000],
  ["a number that no clock has", "9".repeat(400), 0],
  ["what is neither", "soon", 0],
] as const) {
  t.test(`Retry-After is ${name}`, async (t) => {
    const { post, answers } = await setup(t);
    answers.push({ status: 429, headers: { "retry-after": header } });
    t.match(await rejection(post()), { word: "HTTP 429", after });
  });
}

t.test("a service that does not answer in time is tried again", async (t) => {
  // Long enough for the second answer on a busy machine.
  const { post, answers, came } = await setup(t, { timeout: 2_000 });
  answers.push("never");
  const error = rejection(post());
  await came(1);
  t.equal(problemWord(await error), "timeout");
  t.equal(await post(), 200);
});

t.test("an end reaches the POST that is under way", async (t) => {
  const { post, answers, came, stop } = await setup(t);
  answers.push("never");
  const error = rejection(post());
  await came(1);
  stop.abort();
  t.match(await error, { name: "AbortError" });
});

t.test("a user and password in the address are sent as Basic, and are nowhere else", async (t) => {
  const { post, posts } = await setup(t, { url: (url) => url.replace("//", "//us%40er:p%25w%C3%BC@") });
  t.equal(await post(), 200);
  const sent = `Basic ${Buffer.from("us@er:p%wü").toString("base64")}`;
  t.equal(posts[0]?.headers.authorization, sent);
  t.equal(addressOf("https://user:hunter2@hooks.example/x?y").url, "https://hooks.example/x?y");
  t.throws(() => addressOf("https://user:hunter2%zz@hooks.example/x"), {
    code: "config-invalid",
    detail: /^audit\.webhooks: the address at hooks\.example can not be read; write a % .* as %25$/,
  });
});
