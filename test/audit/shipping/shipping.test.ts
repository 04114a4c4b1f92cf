import t from "tap";
import { shipping } from "../../../src/audit/shipping/shipping.ts";
import { redisServer } from "../../fixtures/servers/redis.ts";
import { testFolder } from "../../fixtures/test-folder.ts";
import { event } from "../event.ts";
import { clock, memoryLog, openLedger, recordsIn } from "../journal-folder.ts";

t.test("without a place to ship to, nothing is ever deleted", async (t) => {
  const folder = testFolder(t);
  const ledger = await openLedger(folder, { segmentBytes: 3_000, keepFor: 0 });
  const it = shipping({ redis: null }, ledger.source, { clock, log: memoryLog() });
  t.strictSame(it.status(), []);
  for (let at = 0; at < 20; at += 1) await ledger.record(event());
  await ledger.sweep();
  t.equal((await recordsIn(folder)).length, 21);
  await it.close();
  await ledger.close();
});

t.test("what is safe in Redis makes room in the journal", async (t) => {
  const server = await redisServer();
  t.teardown(() => server.stop());
  const folder = testFolder(t);
  const ledger = await openLedger(folder, { segmentBytes: 3_000, keepFor: 0 });
  const plan = { redis: { url: server.url, stream: "{guise:audit}" } };
  const it = shipping(plan, ledger.source, { clock, log: memoryLog() });
  for (let at = 0; at < 20; at += 1) await ledger.record(event());
  while (it.status()[0]?.lag !== 0) await new Promise((done) => setTimeout(done, 5));
  await ledger.sweep();
  t.ok((await recordsIn(folder)).length < 5);
  t.match(it.status(), [{ sink: "redis", lag: 0, shipped: 21 }]);
  await it.close();
  await ledger.close();
});
