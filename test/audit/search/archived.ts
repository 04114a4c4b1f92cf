import { join } from "node:path";
import type { Test } from "tap";
import { archive } from "../../../src/audit/search/archive.ts";
import { shipping } from "../../../src/audit/shipping/shipping.ts";
import type { AuditEvent } from "../../../src/domain/audit-event.ts";
import { redisServer } from "../../fixtures/servers/redis.ts";
import { testFolder } from "../../fixtures/test-folder.ts";
import { event } from "../event.ts";
import { clock, memoryLog, openLedger } from "../journal-folder.ts";

export const STREAM = "{guise:audit}";

/** A ledger and an archive of its journal, or of the stream that it is shipped to. */
export async function opened(t: Test, where: "journal" | "stream") {
  const data = testFolder(t);
  const log = memoryLog();
  const ledger = await openLedger(join(data, "audit"), { log, segmentBytes: 20_000 });
  const server = where === "stream" ? await redisServer() : null;
  const redis = server === null ? null : { url: server.url, stream: STREAM };
  const ship = shipping({ redis }, ledger.source, { clock, log });
  const make = () => archive({ data, source: ledger.source, redis, log, patience: 0 });
  let it = make();
  t.teardown(async () => {
    await it.close();
    await ledger.close();
    await ship.close();
    await server?.stop();
  });
  return {
    data,
    log,
    server,
    ledger,
    archive: () => it,
    again: async () => {
      await it.close();
      it = make();
      return it;
    },
    record: async (...events: readonly Partial<AuditEvent>[]) => {
      const made = events.map((more) => event(more));
      await Promise.all(made.map((one) => ledger.record(one)));
      while (ship.status().some(({ lag }) => lag > 0)) await new Promise((done) => setTimeout(done, 2));
      return made;
    },
  };
}
