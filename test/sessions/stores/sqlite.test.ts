import { existsSync, statSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import t from "tap";
import { openBackend } from "../../../src/sessions/stores/registry.ts";
import { sqlite, sqliteBackend } from "../../../src/sessions/stores/sqlite.ts";
import { storeContract } from "../../contracts/store.ts";
import { stayAlive } from "../../fixtures/alive.ts";
import { fakeClock } from "../../fixtures/clock.ts";
import { fakeLog } from "../../fixtures/log.ts";
import { testFolder } from "../../fixtures/test-folder.ts";

const backendOf = (file: string, clock = fakeClock()) =>
  sqliteBackend({ file, clock, log: fakeLog(), poll: 20 });
const FOREVER = { version: null, expiresAt: 9e15 };

storeContract("sqlite", async () => {
  const folder = await mkdtemp(join(tmpdir(), "guise-sqlite-"));
  const clock = fakeClock();
  return {
    open: async () => backendOf(join(folder, "guise.db"), clock),
    now: () => clock.now(),
    pass: async (ms) => clock.pass(ms),
    stop: () => rm(folder, { recursive: true }),
  };
});

t.test("only its owner can read the file, and what lies beside it", async (t) => {
  const file = join(testFolder(t), "deep/er/guise.db");
  const backend = backendOf(file);
  await backend.store.write("a:1", "x", FOREVER);
  for (const name of [file, `${file}-wal`, `${file}-shm`]) t.equal(statSync(name).mode & 0o777, 0o600, name);
  t.equal(statSync(join(file, "..")).mode & 0o777, 0o700);
  await backend.close();
});

t.test("what was written is there for the next process", async (t) => {
  const file = join(testFolder(t), "guise.db");
  const first = backendOf(file);
  await first.store.write("a:1", "kept", FOREVER);
  await first.close();
  const second = backendOf(file);
  t.teardown(() => second.close());
  t.equal((await second.store.read("a:1"))?.value, "kept");
});

t.test("expired values leave the file", async (t) => {
  const file = join(testFolder(t), "guise.db");
  const clock = fakeClock();
  const backend = backendOf(file, clock);
  t.teardown(() => backend.close());
  await backend.store.write("a:1", "x", { version: null, expiresAt: clock.now() + 10 });
  clock.pass(60_000);
  await backend.store.write("a:2", "x", FOREVER);
  const look = new DatabaseSync(file, { readOnly: true });
  t.teardown(() => look.close());
  t.strictSame(
    look
      .prepare("select key from held")
      .all()
      .map((row) => row.key),
    ["a:2"],
  );
});

t.test("who slept while news went by hears that it missed some", async (t) => {
  const file = join(testFolder(t), "guise.db");
  const clock = fakeClock();
  const sleeper = sqliteBackend({ file, clock, log: fakeLog(), poll: 1_000 });
  const teller = backendOf(file, clock);
  stayAlive(t);
  t.teardown(() => sleeper.close());
  t.teardown(() => teller.close());
  const heard: (string | null)[] = [];
  const { promise, resolve } = Promise.withResolvers<void>();
  sleeper.bulletin.listen((key) => {
    heard.push(key);
    if (key === "a:2") resolve();
  });
  await teller.bulletin.tell("a:1");
  clock.pass(61_000);
  await teller.bulletin.tell("a:2");
  await promise;
  t.strictSame(heard, [null, "a:2"]);
});

t.test("a file that can't be used is a fault that names it", async (t) => {
  const folder = testFolder(t, {
    "not.db": "this is no database, though it is long enough to look like something",
  });
  const open = (file: string) => () => backendOf(join(folder, file));
  t.throws(open("not.db"), { code: "store-unavailable", detail: /not\.db: file is not a database/ });
  t.throws(open("not.db/x.db"), { code: "store-unavailable" });
  const newer = new DatabaseSync(join(folder, "newer.db"));
  newer.exec("pragma user_version = 99");
  newer.close();
  t.throws(open("newer.db"), { code: "store-unavailable", detail: /newer version/ });
});

t.test("a locked or full file is a fault, and works again afterwards", async (t) => {
  const file = join(testFolder(t), "guise.db");
  const backend = backendOf(file);
  t.teardown(() => backend.close());
  const other = new DatabaseSync(file);
  t.teardown(() => other.close());
  other.exec("begin immediate");
  await t.rejects(backend.store.write("a:1", "x", FOREVER), { code: "store-unavailable", detail: /locked/ });
  t.equal(await backend.store.read("a:1"), null, "reading goes on");
  other.exec("rollback");
  t.equal(await backend.store.write("a:1", "x", FOREVER), true);
});

t.test("without `store` in the config the file is in the data folder", async (t) => {
  const data = testFolder(t);
  writeFileSync(join(data, "other.txt"), "");
  const deps = { clock: fakeClock(), log: fakeLog(), data, secret: () => "" };
  const backend = await openBackend(null, deps);
  t.teardown(() => backend.close());
  t.ok(existsSync(join(data, "guise.db")));
  const named = sqlite.create(sqlite.schema.parse({ sqlite: { file: "named.db" } }), deps);
  t.teardown(() => named.close());
  t.ok(existsSync(join(data, "named.db")));
});
