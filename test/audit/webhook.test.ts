import { createHmac } from "node:crypto";
import { once } from "node:events";
import { readdir } from "node:fs/promises";
import { createServer, type IncomingHttpHeaders } from "node:http";
import t, { type Test } from "tap";
import { shipping } from "../../src/audit/shipping.ts";
import { webhook } from "../../src/audit/webhook.ts";
import { auditSinkContract, records } from "../contracts/audit-sink.ts";
import { freePort } from "../fixtures/port.ts";
import { event } from "./event.ts";
import { clock, memoryLog, openLedger } from "./world.ts";

interface Delivery {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** A service that is told of events and answers with the next of these statuses, then 200. */
async function service(t: Test) {
  const deliveries: Delivery[] = [];
  const statuses: number[] = [];
  const server = createServer(async (request, response) => {
    let body = "";
    for await (const chunk of request) body += chunk;
    const status = statuses.shift() ?? 200;
    if (status < 300) deliveries.push({ headers: request.headers, body });
    response.writeHead(status).end("ok");
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.teardown(() => server.close());
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("a server without a port");
  return { url: `http://127.0.0.1:${address.port}/hook`, deliveries, statuses };
}

async function setup(
  t: Test,
  more: { secret?: string; events?: ["impersonation.started"]; format?: "slack" } = {},
) {
  const { url, deliveries, statuses } = await service(t);
  const log = memoryLog();
  const folder = t.testdir();
  const make = () =>
    webhook.create({ webhook: { format: "json", url, ...more } }, { clock, log, folder, producer: "gw-1" });
  const arrived = async () => deliveries.map((it) => JSON.parse(it.body).id);
  return { sink: make(), make, deliveries, statuses, log, folder, arrived };
}

auditSinkContract(t, setup);

t.test("a chat service gets the sentence alone, in which nobody's id can call a channel", async (t) => {
  const { sink, deliveries } = await setup(t, { format: "slack" });
  const [record] = records("gw-1", 1);
  if (record === undefined) throw new Error("unreachable");
  const line = record.line.replace('"id":"17"', '"id":"<!channel>\\n\\u202eall"');
  await sink.send([{ ...record, line }]);
  t.strictSame(JSON.parse(deliveries[0]?.body ?? ""), {
    text: "impersonation.intent: alice as &lt;!channel&gt; all (impersonating, T-42)",
  });
});

t.test("ids are told, names and reasons are not", async (t) => {
  const { sink, deliveries } = await setup(t);
  const [record] = records("gw-1", 1);
  if (record === undefined) throw new Error("unreachable");
  await sink.send([record]);
  const [{ headers, body } = { headers: {}, body: "" }] = deliveries;
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
  const { sink, deliveries } = await setup(t, {
    secret: `whsec_${Buffer.from("a secret").toString("base64")}`,
  });
  await sink.send(records("gw-1", 1));
  const [{ headers, body } = { headers: {}, body: "" }] = deliveries;
  const signed = `${headers["webhook-id"]}.${headers["webhook-timestamp"]}.${body}`;
  const expected = createHmac("sha256", "a secret").update(signed).digest("base64");
  t.equal(headers["webhook-signature"], `v1,${expected}`);
});

t.test("only the events that were asked for are told", async (t) => {
  const { sink, deliveries } = await setup(t, { events: ["impersonation.started"] });
  await sink.send(records("gw-1", 3));
  t.equal(deliveries.length, 0);
  t.equal(await sink.position("gw-1"), 3);
});

t.test("a service that is busy is told again, from the event that it did not take", async (t) => {
  const { sink, statuses, arrived } = await setup(t);
  const sent = records("gw-1", 3);
  statuses.push(200, 503);
  await t.rejects(sink.send(sent), /HTTP 503/);
  t.equal(await sink.position("gw-1"), 1);
  await sink.send(sent);
  t.equal((await arrived()).length, 3);
});

t.test("an event that is refused for good holds nothing up, and is logged", async (t) => {
  const { sink, statuses, arrived, log } = await setup(t);
  statuses.push(400);
  await sink.send(records("gw-1", 2));
  t.equal((await arrived()).length, 1);
  t.match(log.lines, [{ level: "error", data: { status: 400 } }]);
});

t.test(
  "what was told is known after a restart, and what was before the first time is not told",
  async (t) => {
    const { sink, make } = await setup(t);
    t.equal(await sink.position("an-older-life"), Number.MAX_SAFE_INTEGER);
    await sink.send(records("gw-1", 4));
    const next = make();
    t.equal(await next.position("gw-1"), 4);
    t.equal(await next.position("a-life-in-between"), 0);
  },
);

t.test("two processes of one folder do not forget what the other one has told", async (t) => {
  const { make, deliveries } = await setup(t);
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
  t.equal(deliveries.length, 10);
});

t.test("one address that is told of two things is two sinks", async (t) => {
  const folder = t.testdir();
  const deps = { clock, log: memoryLog(), folder, producer: "gw-1" };
  const { url, deliveries } = await service(t);
  const of = (more: object) => webhook.create({ webhook: { format: "json", url, ...more } }, deps);
  const [all, ends] = [of({}), of({ events: ["impersonation.ended"] })];
  t.not(all.name, ends.name);
  await ends.position("gw-1");
  await ends.send(records("gw-1", 3));
  t.equal(await all.position("gw-1"), 0);
  await all.send(records("gw-1", 3));
  t.equal(deliveries.length, 3);
});

t.test("a secret that says it is base64 and is not is refused", async (t) => {
  const options = { webhook: { format: "json" as const, url: "http://127.0.0.1:1/", secret: "whsec_ä" } };
  const deps = { clock, log: memoryLog(), folder: t.testdir(), producer: "gw-1" };
  t.throws(() => webhook.create(options, deps), { code: "config-invalid" });
});

t.test("an address that does not answer is a problem of its own", async (t) => {
  const folder = t.testdir();
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
