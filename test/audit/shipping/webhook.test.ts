import { createHmac } from "node:crypto";
import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import t, { type Test } from "tap";
import { shipping } from "../../../src/audit/shipping/shipping.ts";
import { problemWord } from "../../../src/audit/shipping/sink-errors.ts";
import { Webhook } from "../../../src/audit/shipping/webhook.ts";
import { auditSinkContract, records } from "../../contracts/audit-sink.ts";
import { hook, type Posted } from "../../fixtures/apps/hook.ts";
import { freePort } from "../../fixtures/servers/port.ts";
import { testFolder } from "../../fixtures/test-folder.ts";
import { event } from "../event.ts";
import { clock, memoryLog, openLedger } from "../journal-folder.ts";

async function setup(
  t: Test,
  more: { secret?: string; events?: ["impersonation.started"]; format?: "slack" } = {},
) {
  const there = await hook(t);
  const { url } = there;
  const log = memoryLog();
  const folder = testFolder(t);
  const make = () => new Webhook({ format: "json", url, ...more }, { clock, log, folder, producer: "gw-1" });
  const arrived = async () => there.taken();
  return { ...there, sink: make(), make, log, folder, arrived };
}

auditSinkContract(t, setup);

function first(posts: readonly Posted[]): Posted {
  const [post] = posts;
  if (post === undefined) throw new Error("nothing was told");
  return post;
}

t.test("a chat service gets the sentence alone, in which nobody's id can call a channel", async (t) => {
  const { sink, posts } = await setup(t, { format: "slack" });
  const [record] = records("gw-1", 1);
  if (record === undefined) throw new Error("unreachable");
  const line = record.line.replace('"id":"17"', '"id":"<!channel>\\n\\u202eall"');
  await sink.send([{ ...record, line }]);
  t.strictSame(JSON.parse(posts[0]?.body ?? ""), {
    text: "impersonation.intent: alice as &lt;!channel&gt; all (impersonating, T-42)",
  });
});

t.test("ids are told, names and reasons are not", async (t) => {
  const { sink, posts } = await setup(t);
  const [record] = records("gw-1", 1);
  if (record === undefined) throw new Error("unreachable");
  await sink.send([record]);
  const { headers, body } = first(posts);
  const { id } = JSON.parse(record.line).event;
  t.strictSame(JSON.parse(body), {
    text: "impersonation.intent: alice as 17 (impersonating, T-42)",
    id,
    action: "impersonation.intent",
    at: "2026-05-28T20:26:40.123Z",
    outcome: "unknown",
    trueUser: "alice",
    effectiveUser: "17",
    impersonation: "imp-1",
    mode: "read",
    decision: "impersonating",
    ticket: "T-42",
  });
  t.equal(headers["webhook-id"], id);
  t.notOk("webhook-signature" in headers);
});

t.test("a delivery is signed with its id and time", async (t) => {
  const key = Buffer.from("a secret of 24 bytes ...");
  const { sink, posts } = await setup(t, { secret: `whsec_${key.toString("base64")}` });
  await sink.send(records("gw-1", 1));
  const { headers, body } = first(posts);
  const signed = `${headers["webhook-id"]}.${headers["webhook-timestamp"]}.${body}`;
  const expected = createHmac("sha256", key).update(signed).digest("base64");
  t.equal(headers["webhook-signature"], `v1,${expected}`);
});

t.test("only the events that were asked for are told", async (t) => {
  const { sink, posts } = await setup(t, { events: ["impersonation.started"] });
  await sink.send(records("gw-1", 3));
  t.equal(posts.length, 0);
  t.equal(await sink.position("gw-1"), 3);
  t.strictSame(sink.counts(), { shipped: 0, filtered: 3, refused: 0 });
});

t.test("a service that is busy is told again, from the event that it did not take", async (t) => {
  const { sink, answers, arrived } = await setup(t);
  const sent = records("gw-1", 3);
  answers.push(200, 503);
  await t.rejects(sink.send(sent), /HTTP 503/);
  t.equal(await sink.position("gw-1"), 1);
  t.strictSame(sink.counts(), { shipped: 1, filtered: 0, refused: 0 });
  await sink.send(sent);
  t.equal((await arrived()).length, 3);
  t.strictSame(sink.counts(), { shipped: 3, filtered: 0, refused: 0 });
});

for (const status of [301, 400, 401, 404, 410])
  t.test(
    `an event that is refused for good (${status}) holds nothing up, is counted and logged`,
    async (t) => {
      const { sink, answers, arrived, log } = await setup(t);
      answers.push(status);
      await sink.send(records("gw-1", 2));
      t.equal((await arrived()).length, 1);
      t.strictSame(sink.counts(), { shipped: 1, filtered: 0, refused: 1 });
      t.match(log.lines, [{ level: "error", data: { status } }]);
    },
  );

/** A life in this folder that is over, with three records or more. Gives its name and its last number. */
async function pastLife(folder: string) {
  const ledger = await openLedger(folder);
  await ledger.record(event());
  await ledger.close();
  return { name: ledger.source.producer, last: ledger.source.durable() };
}

t.test("what was told is known after a restart", async (t) => {
  const { sink, make } = await setup(t);
  await sink.send(records("gw-1", 4));
  t.equal(await make().position("gw-1"), 4);
});

t.test("what was before the first time is not told, then or ever; what came after is", async (t) => {
  const { sink, make, folder } = await setup(t);
  const old = await pastLife(folder);
  t.equal(await sink.position(old.name), old.last, "where that life really ended");
  t.equal(await sink.position("gw-1"), 0, "all of our own life");
  const next = make();
  t.equal(await next.position(old.name), old.last, "nothing was told, and still it is known");
  await next.send(records("gw-1", 4));
  const later = make();
  t.equal(await later.position(old.name), old.last);
  t.equal(await later.position((await pastLife(folder)).name), 0, "a life since then is told whole");
});

t.test("a life that runs when another process is the first to tell knows its own place better", async (t) => {
  const folder = testFolder(t);
  const { url } = await hook(t);
  const of = (producer: string) =>
    new Webhook({ format: "json", url }, { clock, log: memoryLog(), folder, producer });
  const ledger = await openLedger(folder);
  const { producer } = ledger.source;
  t.equal(await of("gw-1").position(producer), 1);
  t.equal(await of(producer).position(producer), 0);
  await ledger.close();
});

t.test("an end cuts short what is under way, and the next life tells it again", async (t) => {
  const { sink, make, answers, came, arrived } = await setup(t);
  answers.push(200, "never");
  const sent = records("gw-1", 3);
  const sending = sink.send(sent).then(
    () => "sent",
    (error: Error) => error.name,
  );
  await came(2);
  await sink.close();
  t.equal(await sending, "AbortError");
  const next = make();
  t.equal(await next.position("gw-1"), 1);
  await next.send(sent.slice(1));
  t.strictSame(
    await arrived(),
    sent.map(({ line }) => JSON.parse(line).event.id),
  );
});

t.test("a file of positions that can't be read is a problem with a word of its own", async (t) => {
  const { sink, make, folder } = await setup(t);
  await sink.send(records("gw-1", 1));
  const [name = ""] = (await readdir(folder)).filter((it) => it.startsWith("webhook-"));
  for (const text of ["{", "7", '{"gw-1":"x"}']) {
    await writeFile(join(folder, name), text);
    const error = await make()
      .position("gw-1")
      .catch((it: unknown) => it);
    t.equal(problemWord(error), "cursor unreadable", text);
  }
});

t.test("a new password makes no other webhook of it, and is in no name", async (t) => {
  const { url } = await hook(t);
  const deps = { clock, log: memoryLog(), folder: testFolder(t), producer: "gw-1" };
  const of = (user: string) => new Webhook({ format: "json", url: url.replace("//", `//${user}`) }, deps);
  await of("me:hunter2@").send(records("gw-1", 2));
  t.equal(await of("me:hunter3@").position("gw-1"), 2);
  t.notMatch(of("me:hunter2@").name, /hunter|me:/);
});

t.test("two processes of one folder do not forget what the other one has told", async (t) => {
  const { make, posts } = await setup(t);
  const [one, other] = [make(), make()];
  const [ours, theirs] = [records("gw-1", 5), records("gw-2", 5)];
  await one.position("gw-1");
  await other.position("gw-2");
  await other.send(theirs.slice(0, 3));
  await one.send(ours.slice(0, 2));
  await other.send(theirs.slice(3));
  await one.send(ours.slice(2));
  t.equal(await other.position("gw-1"), 5, "it goes on with a life that is over where that one ended");
  const next = make();
  t.strictSame([await next.position("gw-1"), await next.position("gw-2")], [5, 5]);
  t.equal(posts.length, 10);
});

t.test("one address that is told of two things is two sinks", async (t) => {
  const folder = testFolder(t);
  const deps = { clock, log: memoryLog(), folder, producer: "gw-1" };
  const { url, posts } = await hook(t);
  const of = (more: object) => new Webhook({ format: "json", url, ...more }, deps);
  const [all, ends] = [of({}), of({ events: ["impersonation.ended"] })];
  t.not(all.name, ends.name);
  await ends.position("gw-1");
  await ends.send(records("gw-1", 3));
  t.equal(await all.position("gw-1"), 0);
  await all.send(records("gw-1", 3));
  t.equal(posts.length, 3);
});

t.test("a secret that says it is base64 and is not is refused", async (t) => {
  const options = { format: "json" as const, url: "http://127.0.0.1:1/", secret: "whsec_ä" };
  const deps = { clock, log: memoryLog(), folder: testFolder(t), producer: "gw-1" };
  t.throws(() => new Webhook(options, deps), { code: "config-invalid" });
});

t.test("an address that does not answer is a problem of its own", async (t) => {
  const folder = testFolder(t);
  const ledger = await openLedger(folder, { segmentBytes: 2_000, keepFor: 0 });
  const log = memoryLog();
  const url = `http://127.0.0.1:${await freePort()}/`;
  const plan = { redis: null, webhooks: [{ url }] };
  const it = shipping(plan, ledger.source, { clock, log });
  await ledger.record(event());
  while (it.status()[0]?.problem === null) await new Promise((done) => setTimeout(done, 5));
  t.match(it.status(), [{ sink: `webhook ${new URL(url).host}`, problem: "ECONNREFUSED" }]);
  await ledger.sweep();
  t.equal(
    (await readdir(folder)).filter((name) => name.endsWith(".jsonl")).length,
    1,
    "the journal is the archive",
  );
  await ledger.close();
  await it.close();
});
