import { generateKeyPairSync } from "node:crypto";
import t from "tap";
import { type Checkpoint, checkpointHolds } from "../../../src/audit/journal/checkpoint.ts";
import { testFolder } from "../../fixtures/test-folder.ts";
import { event } from "../event.ts";
import { clock, memoryLog, openLedger, recordsIn } from "../journal-folder.ts";

const pair = generateKeyPairSync("ed25519");
const key = { kid: "k1", privateKey: pair.privateKey };

function checkpointsIn(records: readonly object[]): readonly Checkpoint[] {
  return records.flatMap((record) => {
    const { guise } = record as { guise: { checkpoint?: Checkpoint } };
    return guise.checkpoint === undefined ? [] : [guise.checkpoint];
  });
}

t.test(
  "a checkpoint is signed every thousand records and at the end, each names the one before",
  async (t) => {
    const folder = testFolder(t);
    const log = memoryLog();
    const it = await openLedger(folder, { checkpoint: () => key, log });
    for (let round = 0; round < 3; round += 1) {
      await Promise.all(Array.from({ length: 1_100 }, () => it.record(event())));
    }
    await it.close();
    const records = await recordsIn(folder);
    const made = checkpointsIn(records);
    t.equal(made.length, 4);
    let previous: string | null = null;
    for (const checkpoint of made) {
      t.ok(checkpointHolds(checkpoint, pair.publicKey));
      t.equal(checkpoint.previous, previous);
      const attested = records.find((record) => record.event.sequence === checkpoint.sequence);
      t.equal(attested?.guise.chain.hash, checkpoint.hash);
      previous = checkpoint.signature;
    }
    t.strictSame(
      log.lines.filter((line) => line.message === "audit: checkpoint").map((line) => line.data),
      made.map((checkpoint) => ({ checkpoint })),
      "each is also told to the log",
    );
  },
);

t.test("a checkpoint is made after a minute, also when nothing happened", async (t) => {
  const folder = testFolder(t);
  let now = 0;
  const slow = { now: clock.now, monotonic: () => now };
  const it = await openLedger(folder, { checkpoint: () => key, clock: slow });
  await it.sweep();
  t.equal(checkpointsIn(await recordsIn(folder)).length, 0);
  now = 60_000;
  await it.sweep();
  await it.sweep();
  t.equal(checkpointsIn(await recordsIn(folder)).length, 1);
  await it.close();
});

t.test("an altered checkpoint does not hold, nor does one of another key", async (t) => {
  const folder = testFolder(t);
  const it = await openLedger(folder, { checkpoint: () => key });
  await it.close();
  const [made] = checkpointsIn(await recordsIn(folder));
  if (made === undefined) throw new Error("there is no checkpoint");
  t.notOk(checkpointHolds({ ...made, sequence: made.sequence + 1 }, pair.publicKey));
  t.notOk(checkpointHolds({ ...made, hash: "0".repeat(64) }, pair.publicKey));
  t.notOk(checkpointHolds({ ...made, producer: "another" }, pair.publicKey));
  t.notOk(checkpointHolds({ ...made, previous: "x" }, pair.publicKey));
  t.notOk(checkpointHolds(made, generateKeyPairSync("ed25519").publicKey));
});

t.test("a key that can not be had stops no record", async (t) => {
  const log = memoryLog();
  const checkpoint = () => {
    throw new Error("no key");
  };
  const it = await openLedger(testFolder(t), { checkpoint, log });
  await t.resolves(it.record(event()));
  await it.close();
  t.ok(log.lines.some((line) => line.message === "audit: a checkpoint could not be written"));
});
