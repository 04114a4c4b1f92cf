import { execFileSync } from "node:child_process";
import { mkdirSync, rmdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { Redis } from "ioredis";
import t, { type Test } from "tap";
import { event } from "../../audit/event.ts";
import { openLedger } from "../../audit/journal-folder.ts";
import { liveApp } from "../../fixtures/apps/live-app.ts";
import { ask, CLICK } from "../../fixtures/client/named.ts";
import { frontConfig, frontFolder, impersonating } from "../../fixtures/gateway/front.ts";
import { serving } from "../../fixtures/gateway/serving.ts";
import { DURABLE, server, stage, WHOLE } from "../../fixtures/journal/shipped.ts";
import { caughtUp, compared, streamOf } from "../../fixtures/journal/stream.ts";
import type { RedisServer } from "../../fixtures/servers/redis.ts";
import { relay } from "../../fixtures/servers/relay.ts";

const LONG = process.env.GUISE_FAULTS !== undefined;

function client(t: Test, redis: RedisServer): Redis {
  const it = new Redis(redis.port, redis.host);
  t.teardown(() => it.disconnect());
  return it;
}

t.test("row 1: while Redis stands still all are served: no request can have waited for it", async (t) => {
  const { redis, it, work } = await stage(t, await server(t));
  await caughtUp(it);
  redis.pause();
  // From here to `resume` it answers nothing at all, so whatever waited for it would not end.
  await work(LONG ? 2_000 : 60);
  redis.resume();
  await caughtUp(it);
  t.match(await compared(redis, it.data), WHOLE);
});

t.test("row 2: what is on its way to a slow Redis is bounded, and nothing queues up behind it", async (t) => {
  const redis = await server(t);
  const between = await relay(redis.port);
  t.teardown(() => between.stop());
  const { it, work, metrics } = await stage(t, redis, `redis://127.0.0.1:${between.port}`);
  const admin = client(t, redis);
  /** How many commands of the gateway Redis was given: each is an HGET, or a script that has two in it. */
  const given = async (): Promise<number> => {
    const stats = await admin.info("commandstats");
    const calls = (name: string) => Number(new RegExp(`cmdstat_${name}:calls=(\\d+)`).exec(stats)?.[1] ?? 0);
    return calls("hget") - calls("eval");
  };
  const number = async (name: string) =>
    Number(new RegExp(`^guise_audit_${name}\\{sink="redis"\\} (\\d+)$`, "m").exec(await metrics())?.[1]);
  await caughtUp(it);

  const before = await given();
  const [failed, records] = [await number("failures_total"), (await streamOf(redis)).length];
  between.answers("hold");
  await work(LONG ? 2_000 : 100);
  while ((await given()) === before) await wait(10);
  // One command is out at a time. It is given up after ten seconds, and the next one only follows then.
  const out = (await given()) - before;
  const attempts = (await number("failures_total")) - failed + 1;
  t.ok(out <= attempts, `${out} commands in ${attempts} attempts`);
  t.ok((await number("lag_records")) > 100, "while the records wait in the journal");
  t.ok((await streamOf(redis)).length - records <= 500 * out, "a batch of 500 records at the most in each");

  // Nobody is there at all: attempts fail at once, and none of them is kept for later.
  between.aim(1);
  between.cut();
  between.answers("pass");
  const until = await given();
  const lost = await number("failures_total");
  while ((await number("failures_total")) < lost + 6) await wait(20);
  const during = await given();
  t.ok(during - until <= 1, "no command gets through, but for one that was on its way");
  await work(10);
  between.aim(redis.port);
  await caughtUp(it);
  const after = (await given()) - during;
  const batches = Math.ceil((await streamOf(redis)).length / 500);
  t.ok(after < 6 + batches, `${after} commands after it was back: those that failed did not come along`);
  t.match(await compared(redis, it.data), WHOLE);
});

const SNAPSHOTS = [...DURABLE, "--save", "3600 1", "--stop-writes-on-bgsave-error", "yes"];

t.test("row 5: a Redis that can't save its snapshot says so, and the alarm comes by itself", async (t) => {
  const redis = await server(t, SNAPSHOTS);
  const admin = client(t, redis);
  const app = await liveApp(t);
  const folder = frontFolder(
    t,
    frontConfig(app.origin, "audit: { redis: { url: { fromEnv: FAULTS_AUDIT } } }\n"),
  );
  const it = await serving(t, { ...folder, env: { FAULTS_AUDIT: redis.url } });
  const saved = async (status: "ok" | "err") => {
    // Only one can run at a time; a background rewrite may be before it.
    await admin.call("BGSAVE", "SCHEDULE");
    while (!(await admin.info("persistence")).includes(`rdb_last_bgsave_status:${status}`)) await wait(20);
  };
  // Its snapshot is renamed to this in the end, and a folder is in the way.
  const dump = join(redis.folder, "dump.rdb");
  mkdirSync(join(dump, "full"), { recursive: true });
  await saved("err");
  t.match(await admin.set("a", "b").catch((error: Error) => error.message), /^MISCONF/);

  const impersonated = await impersonating(it.url);
  t.match(await ask(`${it.url}/page`, { ...CLICK, ...impersonated, "sec-fetch-site": "same-origin" }), {
    status: 200,
    body: /guise-banner/,
  });
  await it.logged('"problem":"MISCONF"');
  const alarm = it
    .log()
    .split("\n")
    .find((line) => line.includes('"problem":"MISCONF"'));
  t.match(JSON.parse(alarm ?? ""), { level: 50, sink: "redis", msg: "audit: records can not be shipped" });
  t.match(
    (await ask(`${it.adminUrl}/metrics`)).body,
    /^guise_audit_problem\{sink="redis",problem="MISCONF"\} 1$/m,
  );
  t.equal((await ask(`${it.url}/page`, impersonated)).status, 200, "served meanwhile");
  t.equal((await ask(`${it.url}/page`)).status, 200);
  rmdirSync(join(dump, "full"));
  rmdirSync(dump);
  await saved("ok");
  await it.logged("audit: records are shipped again");
  it.child.kill("SIGTERM");
  t.equal(await it.exited, 0);
  t.match(await compared(redis, folder.data), { lost: 0, twice: 0 });
});

/** Only root may mount. */
const NO_MOUNT = process.getuid?.() === 0 ? false : "run this as root: it mounts a small disk";
const MEGABYTE = 1024 * 1024;

t.test(
  "row 5: with Redis full all are served up to the journal's hard mark, and again once it is not",
  { skip: NO_MOUNT },
  async (t) => {
    const redis = await server(t);
    const admin = client(t, redis);
    const app = await liveApp(t);
    const { data, config } = frontFolder(
      t,
      frontConfig(app.origin, "audit: { redis: { url: { fromEnv: FAULTS_AUDIT } } }\n"),
    );
    const audit = join(data, "audit");
    mkdirSync(audit);
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=8m", "tmpfs", audit]);
    t.teardown(() => execFileSync("umount", ["-l", audit]));
    // Redis has been full for long: what an earlier life could not ship takes most of the room.
    const earlier = await openLedger(audit);
    while (earlier.counters().journal.bytes < 5 * MEGABYTE)
      await Promise.all(
        Array.from({ length: 100 }, () =>
          earlier.record(event({ action: "impersonation.denied", detail: "x".repeat(1_000) })),
        ),
      );
    await earlier.close();
    await admin.config("SET", "maxmemory", "1");

    const it = await serving(t, { data, config, env: { FAULTS_AUDIT: redis.url } });
    const impersonated = await impersonating(it.url);
    const inside = { ...CLICK, ...impersonated, "sec-fetch-site": "same-origin" };
    t.match(await ask(`${it.url}/page`, inside), { status: 200, body: /guise-banner/ }, "served");
    await it.logged('"problem":"OOM"');
    const long = `${it.url}/page?${"q".repeat(2_000)}`;
    let page = await ask(long, inside);
    while (page.status === 200)
      page = (await Promise.all(Array.from({ length: 8 }, () => ask(long, inside)))).at(-1) ?? page;
    t.match(page, { status: 503, body: /audit-unavailable/ });
    await it.logged("audit: the journal is above its soft mark");
    await it.logged("audit: the journal is above its hard mark");
    t.match((await ask(`${it.adminUrl}/metrics`)).body, /^guise_audit_disk_mark 2$/m);
    const seen = app.seen.length;
    t.equal(
      (await ask(`${it.url}/site/2`, { ...CLICK, "x-user": "bob", "x-groups": "support" })).status,
      503,
    );
    t.equal(app.seen.length, seen, "nothing goes to the app");
    t.equal((await ask(`${it.url}/page`)).status, 200, "own traffic is served");

    await admin.config("SET", "maxmemory", "0");
    await it.logged("audit: records are shipped again");
    await it.logged("audit: the journal has room again");
    t.match(await ask(`${it.url}/page`, inside), { status: 200, body: /guise-banner/ }, "alone it goes on");
    it.child.kill("SIGTERM");
    t.equal(await it.exited, 0);
    t.match(await compared(redis, data), { lost: 0, twice: 0 });
  },
);
