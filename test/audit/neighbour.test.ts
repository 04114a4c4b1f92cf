import { EventEmitter, once } from "node:events";
import t from "tap";
import { Shipper } from "../../src/audit/shipping/shipper.ts";
import type { JournalRecord } from "../../src/ports.ts";
import { stayAlive } from "../fixtures/alive.ts";
import { testFolder } from "../fixtures/test-folder.ts";
import { event } from "./event.ts";
import { clock, memoryLog, openLedger } from "./journal-folder.ts";

t.test("what a process records that still runs is shipped by nobody else", async (t) => {
  stayAlive(t);
  const folder = testFolder(t);
  const [one, two] = [await openLedger(folder), await openLedger(folder)];
  const sent: string[] = [];
  const heard = new EventEmitter();
  const sink = {
    name: "memory",
    position: async () => 0,
    send: async (records: readonly JournalRecord[]) => {
      sent.push(...records.map(({ producer }) => producer));
      heard.emit("sent");
    },
    counts: () => ({ shipped: sent.length, filtered: 0, refused: 0 }),
    changed: () => undefined,
    warnings: async () => [],
    close: async () => undefined,
  };
  await one.record(event());
  const it = new Shipper({ source: two.source, sink, clock, log: memoryLog(), linger: 1, idle: 1 });
  while (!sent.includes(two.source.producer)) await once(heard, "sent");
  const before = sent.length;
  await two.record(event());
  while (sent.length === before) await once(heard, "sent");
  t.strictSame([...new Set(sent)], [two.source.producer]);
  await one.close();
  await two.sweep();
  while (!sent.includes(one.source.producer)) await once(heard, "sent");
  t.strictSame(
    new Set(sent),
    new Set([two.source.producer, one.source.producer]),
    "until it is over, then by the one that is left",
  );
  await two.close();
  await it.close();
});
