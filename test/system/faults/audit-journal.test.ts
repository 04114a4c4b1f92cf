// Needs: strace
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import t from "tap";
import { liveApp } from "../../fixtures/apps/live-app.ts";
import { ask, CLICK } from "../../fixtures/client/named.ts";
import {
  frontConfig,
  frontFolder,
  impersonating,
  pressStop,
  recordsOf,
} from "../../fixtures/gateway/front.ts";
import { serving } from "../../fixtures/gateway/serving.ts";
import { NO_MOUNT, smallDisk, verified } from "../../fixtures/journal/journal.ts";

t.test(
  "row 7: the journal's disk is full: nobody is impersonated, and it goes on when there is space",
  { skip: NO_MOUNT },
  async (t) => {
    const app = await liveApp(t);
    const { data, config } = frontFolder(t, frontConfig(app.origin));
    smallDisk(t, join(data, "audit"), "size=1m");
    const it = await serving(t, { data, config });
    const impersonated = await impersonating(it.url);
    const inside = { ...CLICK, ...impersonated, "sec-fetch-site": "same-origin" };
    t.equal((await ask(`${it.url}/page`, inside)).status, 200);
    const filler = join(data, "audit", "filler");
    t.throws(() => writeFileSync(filler, Buffer.alloc(2 * 1024 * 1024)), { code: "ENOSPC" });

    let page = await ask(`${it.url}/page`, inside);
    while (page.status === 200) page = await ask(`${it.url}/page`, inside);
    t.match(page, { status: 503, body: /audit-unavailable/ });
    const before = app.seen.length;
    t.match(await ask(`${it.url}/api`, impersonated), { status: 503, body: /"code":"audit-unavailable"/ });
    t.equal(app.seen.length, before, "nothing goes to the app");
    t.equal((await ask(`${it.url}/page`)).status, 200, "own traffic is served");
    t.match(await ask(`${it.adminUrl}/readyz`), { status: 503 });

    const [first = ""] = readdirSync(join(data, "audit")).filter((name) => name === "filler");
    rmSync(join(data, "audit", first));
    page = await ask(`${it.url}/page`, inside);
    while (page.status === 503) {
      await wait(50);
      page = await ask(`${it.url}/page`, inside);
    }
    t.match(page, { status: 200, body: /guise-banner/ }, "alone it goes on");
    t.equal((await ask(`${it.adminUrl}/readyz`)).status, 200);

    t.throws(() => writeFileSync(filler, Buffer.alloc(2 * 1024 * 1024)), { code: "ENOSPC" });
    page = await ask(`${it.url}/page`, inside);
    while (page.status === 200) page = await ask(`${it.url}/page`, inside);
    t.equal(await pressStop(it.url, impersonated), 303, "Stop works");
    t.equal((await ask(`${it.url}/page`, SELF)).status, 200, "and the agent is themselves");
    rmSync(filler);
    it.child.kill("SIGTERM");
    t.equal(await it.exited, 0);
    t.match(await verified(data), { code: 0 }, "nothing that was written half is read as whole");
  },
);

const SELF = { "x-user": "alice", "x-groups": "support" };

t.test("row 8: a failed fsync ends impersonation for good, and the process with an error", async (t) => {
  const app = await liveApp(t);
  const { data, config } = frontFolder(t, frontConfig(app.origin));
  const it = await serving(t, { data, config });
  const impersonated = await impersonating(it.url);
  const held = ask(`${it.url}/held`);
  await app.holding(1);
  const sync = ["-e", "trace=fdatasync", "-e", "inject=fdatasync:error=EIO"];
  const tracer = spawn("strace", ["-f", "-p", String(it.pid), ...sync], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  t.teardown(() => tracer.kill("SIGKILL"));
  await once(tracer.stderr, "data");
  const seen = app.seen.length;
  t.match(await ask(`${it.url}/api`, impersonated), { status: 503, body: /audit-unavailable/ });
  t.equal(app.seen.length, seen, "it did not get to the app");
  tracer.kill("SIGTERM");
  await once(tracer, "exit");
  const again = await ask(`${it.url}/api`, impersonated).catch((error: Error) => error);
  t.ok(again instanceof Error || again.status === 503, "a disk that is well again proves nothing");
  app.held[0]?.end("late");
  t.match(await held, { status: 200, body: "late" }, "what was open is finished");
  t.equal(await it.exited, 1);
  t.match(it.log(), /"level":(50|60).*audit/);

  const next = await serving(t, { data, config });
  t.equal((await ask(`${next.url}/page`, impersonated)).status, 200, "the next life goes on");
  next.child.kill("SIGTERM");
  t.equal(await next.exited, 0);
  t.match(await verified(data), { code: 0 });
  const answered = new Set(recordsOf(data, "impersonation.outcome").map((line) => line.guise.intent));
  const open = recordsOf(data, "impersonation.intent").filter((line) => !answered.has(line.event.id));
  t.same(open, [], "each intent has its outcome");
});

t.test(
  "a journal that somebody removes while it is written ends the process, and nothing goes unrecorded",
  async (t) => {
    const app = await liveApp(t);
    const { data, config } = frontFolder(t, frontConfig(app.origin));
    const it = await serving(t, { data, config });
    const impersonated = await impersonating(it.url);
    t.equal((await ask(`${it.url}/page`, impersonated)).status, 200);
    // An outcome that comes later would find the journal gone, and the next request nobody who listens.
    while (!/^guise_audit_open_intents 0$/m.test((await ask(`${it.adminUrl}/metrics`)).body)) await wait(20);
    for (const name of readdirSync(join(data, "audit"))) rmSync(join(data, "audit", name));
    const seen = app.seen.length;
    t.match(await ask(`${it.url}/api`, impersonated), { status: 503, body: /audit-unavailable/ });
    t.equal(app.seen.length, seen, "it did not get to the app");
    t.equal(await it.exited, 1, "the process manager starts it again");
    t.match(it.log(), /"level":50.*no such file.*\.jsonl.*the journal failed/, "the log names the file");
  },
);

t.test("in blocking and batch a journal that failed stops nobody, and what is lost is counted", async (t) => {
  for (const mode of ["blocking", "batch, insecureBatch: true"]) {
    const app = await liveApp(t);
    const { data, config } = frontFolder(t, frontConfig(app.origin, `audit: { mode: ${mode} }\n`));
    const it = await serving(t, { data, config });
    const impersonated = await impersonating(it.url);
    for (const name of readdirSync(join(data, "audit"))) rmSync(join(data, "audit", name));
    for (let n = 0; n < 3; n += 1)
      t.match(await ask(`${it.url}/page`, { ...CLICK, ...impersonated, "sec-fetch-site": "same-origin" }), {
        status: 200,
        body: /guise-banner/,
      });
    await it.logged("the journal failed");
    let lost = 0;
    while (lost === 0)
      lost = Number(/^guise_audit_lost_total (\d+)$/m.exec((await ask(`${it.adminUrl}/metrics`)).body)?.[1]);
    t.ok(lost > 0, `${mode}: ${lost} lost`);
    it.child.kill("SIGTERM");
    t.equal(await it.exited, 0, "it was chosen to go on");
  }
});
