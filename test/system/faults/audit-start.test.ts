import { mkdirSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import t from "tap";
import { takeLock } from "../../../src/audit/journal/lock.ts";
import { lockPath } from "../../../src/audit/journal/segments.ts";
import { liveApp } from "../../fixtures/apps/live-app.ts";
import { frontConfig, frontFolder, recordsOf } from "../../fixtures/gateway/front.ts";
import { refusesToServe, serving } from "../../fixtures/gateway/serving.ts";
import { NO_MOUNT, smallDisk, verified } from "../../fixtures/journal/journal.ts";

t.test(
  "row 9: where the journal can't be written it does not start, and says why",
  { skip: NO_MOUNT },
  async (t) => {
    const app = await liveApp(t);
    const file = frontFolder(t, frontConfig(app.origin));
    writeFileSync(join(file.data, "audit"), "a file");
    const readOnly = frontFolder(t, frontConfig(app.origin));
    smallDisk(t, join(readOnly.data, "audit"), "ro,size=1m");
    for (const folder of [file, readOnly]) {
      const { code, said } = await refusesToServe(t, folder);
      t.equal(code, 1);
      t.match(said, /audit-unavailable|audit journal/);
      t.match(said, join(folder.data, "audit"), "names the folder");
    }
  },
);

t.test("row 9: what another process has locked is not written to, and it does not start", async (t) => {
  const app = await liveApp(t);
  const folder = frontFolder(t, frontConfig(app.origin));
  const audit = join(folder.data, "audit");
  mkdirSync(audit);
  const namesake = `${Date.UTC(2030, 0, 1).toString(36)}-00c0ffee`;
  const producer = `${hostname()
    .replace(/[^A-Za-z0-9]+/g, "-")
    .slice(0, 40)}-${namesake}`;
  const lock = takeLock(lockPath(audit, producer), { create: true });
  const { code, said } = await refusesToServe(t, { ...folder, namesake });
  t.equal(code, 1);
  t.match(said, `the audit journal can not be kept in ${audit}: ${producer} is locked by another process`);
  t.same(recordsOf(folder.data, "journal.boot"), [], "nothing was written");
  lock?.release();
  const it = await serving(t, { ...folder, namesake });
  const neighbour = await serving(t, folder);
  t.equal(recordsOf(folder.data, "journal.boot").length, 2, "let go, it starts; a folder itself is nobody's");
  for (const { child, exited } of [it, neighbour]) {
    child.kill("SIGTERM");
    t.equal(await exited, 0);
  }
  t.match(await verified(folder.data), { code: 0 });
});
