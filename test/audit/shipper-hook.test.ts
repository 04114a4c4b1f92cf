import { EventEmitter, once } from "node:events";
import t, { type Test } from "tap";
import type { AuditLedger } from "../../src/audit/journal/ledger.ts";
import { type Pause, pause } from "../../src/audit/shipping/backoff.ts";
import { Shipper } from "../../src/audit/shipping/shipper.ts";
import { shipping } from "../../src/audit/shipping/shipping.ts";
import { Webhook } from "../../src/audit/shipping/webhook.ts";
import { type Hook, hook } from "../fixtures/apps/hook.ts";
import { testFolder } from "../fixtures/test-folder.ts";
import { event } from "./event.ts";
import { clock, memoryLog, openLedger, recordsIn } from "./journal-folder.ts";

type ShipperOptions = ConstructorParameters<typeof Shipper>[0];

const HOUR = 3_600_000;
const rounds = new EventEmitter();
/** A shipper has done a round, and its status is that after it. */
const round = () => once(rounds, "done");

/** A rest that tells when a round is done. */
function heard(real: Pause): Pause {
  const telling = (rest: Pause["sleep"]) => (ms: number) => {
    rounds.emit("done");
    return rest(ms);
  };
  return { ...real, idle: telling(real.idle), sleep: telling(real.sleep) };
}

/** One life of a gateway with this hook. */
async function life(t: Test, there: Hook, folder: string, more: Partial<ShipperOptions> = {}) {
  const log = memoryLog();
  const ledger = await openLedger(folder);
  const sink = new Webhook(
    { format: "json", url: there.url, timeout: HOUR },
    { clock, log, folder, producer: ledger.source.producer },
  );
  const it = new Shipper({
    source: ledger.source,
    sink,
    clock,
    log,
    linger: 1,
    patience: 20,
    ...more,
    pause: heard(more.pause ?? pause()),
  });
  let closing: Promise<void> | null = null;
  const close = () => {
    closing ??= ledger.close().then(() => it.close());
    return closing;
  };
  t.teardown(close);
  return { ledger, it, log, close };
}

const some = (ledger: AuditLedger, count: number) =>
  Promise.all(Array.from({ length: count }, () => ledger.record(event({ action: "impersonation.denied" }))));

/** The ids of what happened to people, in the journal's order; not of the journal's own records. */
async function told(folder: string, except: ReadonlySet<string> = new Set()): Promise<readonly string[]> {
  const records = (await recordsIn(folder)).filter(({ event: { action } }) => !action.startsWith("journal."));
  return records.map((record) => record.event.id).filter((id) => !except.has(id));
}

t.test("a webhook that is added begins with what happens from then on, also after restarts", async (t) => {
  const folder = testFolder(t);
  const before = await openLedger(folder);
  await some(before, 3);
  await before.close();
  const old = new Set(await told(folder));
  const there = await hook(t);
  for (let round = 0; round < 3; round += 1) {
    const { ledger, it, log, close } = await life(t, there, folder);
    await some(ledger, 3);
    await close();
    t.match(it.status(), { gaps: 0, failures: 0, lag: 0, refused: 0 });
    t.strictSame(
      log.lines.filter(({ level }) => level === "error"),
      [],
    );
    t.same([...there.taken()].sort(), [...(await told(folder, old))].sort(), `life ${round}`);
  }
  t.equal(there.posts.length, 9, "each once");
});

t.test(
  "an end does not wait for a hook that does not answer; the next life tells what was left",
  async (t) => {
    const folder = testFolder(t);
    const there = await hook(t);
    there.answers.push(200, "never");
    const { ledger, it, log, close } = await life(t, there, folder, { closeTimeout: 50 });
    await some(ledger, 5);
    await there.came(2);
    await close();
    t.match(it.status(), { shipped: 1, failures: 0, problem: null });
    t.match(log.lines.at(-1), { level: "warn", message: /what is left is sent by the next life/ });
    const next = await life(t, there, folder);
    while (next.it.status().lag > 0) await round();
    t.strictSame(there.taken(), await told(folder), "all of it, in order; what was cut short came again");
    t.equal(there.posts[1]?.headers["webhook-id"], there.posts[2]?.headers["webhook-id"]);
  },
);

t.test("what ended lives owe counts in the lag, from when they begin to wait", async (t) => {
  const folder = testFolder(t);
  const there = await hook(t);
  const first = await life(t, there, folder);
  await some(first.ledger, 1);
  await there.came(1);
  there.usual = 503;
  await some(first.ledger, 40);
  await there.came(2);
  await first.close();
  const { ledger, it } = await life(t, there, folder);
  while (it.status().failures === 0) await round();
  const rest = first.ledger.source.durable() - 2;
  t.match(it.status(), { problem: "HTTP 503", lag: rest + ledger.source.durable() });
  t.ok(it.status().late > 24 * HOUR, "those events are of a day that is long over");
  there.usual = 200;
  while (it.status().lag > 0) await round();
  t.equal(it.status().late, 0);
  t.same([...there.taken()].sort(), [...(await told(folder))].sort());
});

t.test("while a sink does not say what it has, ended lives owe it everything", async (t) => {
  const folder = testFolder(t);
  const first = await openLedger(folder);
  await some(first, 10);
  await first.close();
  const ledger = await openLedger(folder);
  const [log, there] = [memoryLog(), await hook(t)];
  const real = new Webhook(
    { format: "json", url: there.url },
    { clock, log, folder, producer: ledger.source.producer },
  );
  let mute = true;
  const sink = {
    name: "mute",
    position: async (producer: string) => {
      if (mute) throw new Error("not now");
      return await real.position(producer);
    },
    send: real.send.bind(real),
    counts: real.counts.bind(real),
    changed: () => undefined,
    warnings: async () => [],
    close: () => real.close(),
  };
  const it = new Shipper({
    source: ledger.source,
    sink,
    clock,
    log,
    linger: 1,
    patience: 20,
    pause: heard(pause()),
  });
  t.teardown(async () => {
    await ledger.close();
    await it.close();
  });
  while (it.status().failures === 0) await round();
  t.match(it.status(), {
    problem: "other",
    lag: first.source.durable() + ledger.source.durable(),
  });
  mute = false;
  while (it.status().lag > 0) await round();
  t.equal(there.posts.length, 0, "that life was here before the webhook");
});

/** A rest that takes no time and is known. */
function instant(real: Pause) {
  const sleeps: number[] = [];
  const sleep = async (ms: number) => {
    sleeps.push(ms);
    await new Promise((done) => setImmediate(done));
  };
  return { sleeps, pause: { ...real, sleep } };
}

t.test(
  "attempts come further and further apart, up to the most, and begin anew when it was well",
  async (t) => {
    const there = await hook(t);
    const { sleeps, pause: rest } = instant(pause());
    const { ledger, it } = await life(t, there, testFolder(t), { patience: 1_000, pause: rest });
    const waits = () => sleeps.filter((ms) => ms > 1);
    there.answers.push(503, 503, 503, 503, 503, 503, 503);
    await some(ledger, 1);
    const well = async (shipped: number) => {
      while (it.status().shipped < shipped || it.status().problem !== null) await round();
    };
    await well(1);
    const wholes = [100, 200, 400, 800, 1_000, 1_000, 1_000];
    t.equal(waits().length, wholes.length);
    for (const [n, whole] of wholes.entries()) {
      const wait = waits()[n] ?? 0;
      t.ok(wait >= whole / 2 && wait <= whole, `attempt ${n}: ${wait} of ${whole} ms`);
    }
    there.answers.push(503);
    await some(ledger, 1);
    await well(2);
    t.ok((waits()[wholes.length] ?? 0) <= 100);
    t.match(it.status(), { failures: 8, problem: null });
  },
);

t.test("a hook is left alone for as long as it says, up to a minute", async (t) => {
  const there = await hook(t);
  const { sleeps, pause: rest } = instant(pause());
  const { ledger, it } = await life(t, there, testFolder(t), { pause: rest });
  there.answers.push({ status: 429, headers: { "retry-after": "30" } });
  there.answers.push({ status: 503, headers: { "retry-after": "86400" } });
  await some(ledger, 1);
  while (it.status().shipped < 1) await round();
  t.strictSame(
    sleeps.filter((ms) => ms > 1),
    [30_000, 60_000],
  );
});

t.test("what is wrong with a webhook is known before anything runs", async (t) => {
  const ledger = await openLedger(testFolder(t));
  t.teardown(() => ledger.close());
  const plan = {
    redis: { url: "redis://127.0.0.1:1", stream: "{guise:audit}" },
    webhooks: [{ url: "http://127.0.0.1:1/", secret: "hunter2" }],
  };
  const log = memoryLog();
  t.throws(() => shipping(plan, ledger.source, { clock, log }), { code: "config-invalid" });
  await new Promise((done) => setImmediate(done));
  t.strictSame(log.lines, [], "nobody has begun to connect");
});
