// What docs/upgrade.md promises of 0.1.0: test/fixtures/version-0.1/ is what a gateway of that version left that was killed with a request
// under way. `kept` is its data folder, with the database in one file.
import { chmodSync, cpSync, globSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import t, { type Test } from "tap";
import { audit } from "../../src/cli/audit/audit.ts";
import { openKeyring } from "../../src/keys/keyring.ts";
import { openImpersonations } from "../../src/sessions/impersonations.ts";
import { sqliteBackend } from "../../src/sessions/stores/sqlite.ts";
import { liveApp } from "../fixtures/apps/live-app.ts";
import { fakeClock } from "../fixtures/clock.ts";
import { runCommand } from "../fixtures/command.ts";
import { problemsOf } from "../fixtures/gateway/config.ts";
import { journalOf } from "../fixtures/gateway/front.ts";
import { guise } from "../fixtures/gateway/process.ts";
import { fakeLog } from "../fixtures/log.ts";
import { testFolder } from "../fixtures/test-folder.ts";
import { ROOT } from "../house/source.ts";

const FOLDER = join(ROOT, "test/fixtures/version-0.1");
const config = readFileSync(join(FOLDER, "routes.config.yaml"), "utf8");
/** A minute after it was killed; the impersonation may last a day. */
const THEN = Date.parse("2026-11-28T22:40:00Z");
const SECRET = "zFEPDuJuVywa60aTlPjEI2tXeY762m6GO51wdTkLE-w";

/** The data folder of 0.1.0, as its own user had it. */
function kept(t: Test): string {
  const data = join(testFolder(t, {}), "data");
  cpSync(join(FOLDER, "kept"), data, { recursive: true });
  for (const file of globSync(["keys/*", "audit/*", "guise.db"], { cwd: data }))
    chmodSync(join(data, file), 0o600);
  for (const folder of ["keys", "audit", "."]) chmodSync(join(data, folder), 0o700);
  return data;
}

t.test("a config of 0.1.0 loads", async (t) => t.same(problemsOf(config), []));

t.test("an impersonation of 0.1.0 goes on, with its cookie jar", async (t) => {
  const data = kept(t);
  const [clock, log] = [fakeClock(THEN), fakeLog()];
  const keyring = await openKeyring({ folder: join(data, "keys"), files: {}, clock, log, reloadEvery: 0 });
  const backend = sqliteBackend({ file: join(data, "guise.db"), clock, log });
  const it = openImpersonations({ ...backend, clock, log, sealKey: keyring.derive("jar") });
  t.teardown(async () => {
    await it.shut();
    await backend.close();
  });
  const loaded = await it.recall(SECRET);
  t.match(loaded, {
    kind: "found",
    impersonation: {
      agent: { id: "alice" },
      effectiveUser: { id: "17", name: "Nuno" },
      mode: "read",
      end: null,
    },
  });
  const id = loaded.kind === "found" ? loaded.impersonation.id : "";
  const scope = { host: "127.0.0.1", path: "/", secure: false, now: clock.now() };
  t.match(await it.cookies(id, "app=1", scope), "app=1");
});

t.test("a journal of 0.1.0 is taken over, and is whole from then on", async (t) => {
  const data = kept(t);
  const verify = async () => (await runCommand(audit, ["verify", "--data", data])).out;
  // It was killed before its first checkpoint, and until somebody takes note of its end nothing attests that; all else is right.
  t.match(
    await verify(),
    /^unsigned [^\n]+\nsomething is wrong: 4 records of 1 lives, 0 checkpoints, 1 without outcome\n$/,
  );
  const app = await liveApp(t);
  const file = join(data, "..", "routes.config.yaml");
  writeFileSync(file, config.replace("http://127.0.0.1:8001", app.origin));
  const gateway = guise(t, ["serve", "-c", file, "--port", "0", "--admin-port", "0"]);
  await gateway.until(/guise is listening/);
  gateway.child.kill("SIGTERM");
  t.equal(await gateway.ended, 0);
  t.match(
    await verify(),
    /whole, unaltered and in order: \d+ records of 2 lives, [1-9]\d* checkpoints, 0 without outcome/,
  );
  const [outcome] = journalOf(data).filter(({ event }) => event.action === "impersonation.outcome");
  t.match(outcome, { event: { outcome: "unknown" }, user: { id: "alice", effective: { id: "17" } } });
});
