import { cpSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Redis } from "ioredis";
import t from "tap";
import { audit } from "../../../src/cli/audit/audit.ts";
import { liveApp } from "../../fixtures/apps/live-app.ts";
import { ask } from "../../fixtures/client/named.ts";
import { frontConfig, frontFolder, impersonating } from "../../fixtures/gateway/front.ts";
import { serving } from "../../fixtures/gateway/serving.ts";
import { verified } from "../../fixtures/journal/journal.ts";
import { server } from "../../fixtures/journal/shipped.ts";
import { caughtUp, compared, streamOf } from "../../fixtures/journal/stream.ts";

t.test("row 28: an old journal that was put back is named by the verifier", async (t) => {
  const app = await liveApp(t);
  const { data, config } = frontFolder(t, frontConfig(app.origin));
  const first = await serving(t, { data, config });
  const impersonated = await impersonating(first.url);
  for (let n = 0; n < 5; n += 1) await ask(`${first.url}/page`, impersonated);
  const backup = join(data, "backup");
  cpSync(join(data, "audit"), backup, { recursive: true });
  for (let n = 0; n < 5; n += 1) await ask(`${first.url}/page`, impersonated);
  first.child.kill("SIGTERM");
  await first.exited;
  const second = await serving(t, { data, config });
  second.child.kill("SIGTERM");
  await second.exited;
  t.match(await verified(data), { code: 0 });

  for (const name of readdirSync(backup).filter((name) => name.endsWith(".jsonl")))
    cpSync(join(backup, name), join(data, "audit", name));
  const { code, said } = await verified(data);
  t.equal(code, 1);
  const life =
    readdirSync(backup)
      .find((name) => name.endsWith(".jsonl"))
      ?.split(".")[0] ?? "?";
  t.match(said, new RegExp(`${life}[^\\n]*cut|cut[^\\n]*${life}`), "the life, and that its end is gone");
});

t.test(
  "row 28: a stream that was put back from a backup is named by the verifier, and filled up from the journal",
  async (t) => {
    const redis = await server(t, []);
    const admin = () => {
      const it = new Redis(redis.port, redis.host);
      t.teardown(() => it.disconnect());
      return it;
    };
    const app = await liveApp(t);
    const more = "audit: { redis: { url: { fromEnv: FAULTS_AUDIT } } }\n";
    const folder = frontFolder(t, frontConfig(app.origin, more));
    const { data } = folder;
    const journals = join(data, "audit");
    const env = { FAULTS_AUDIT: redis.url };
    const first = await serving(t, { ...folder, env });
    const impersonated = await impersonating(first.url);
    const shipped = () => caughtUp({ gateway: { adminUrl: first.adminUrl } });
    const stream = async (...words: readonly string[]) => {
      const said: string[] = [];
      const say = (text: string) => said.push(text);
      const io = { env: { ...process.env, ...env }, out: say, err: say };
      const code = await audit.run(["verify", "--data", data, "--redis", "FAULTS_AUDIT", ...words], io);
      return { code, said: said.join("") };
    };
    for (let n = 0; n < 5; n += 1) await ask(`${first.url}/page`, impersonated);
    await shipped();
    await admin().call("SAVE");
    const backup = join(data, "backup");
    cpSync(join(redis.folder, "dump.rdb"), join(backup, "dump.rdb"));
    cpSync(journals, join(backup, "audit"), { recursive: true });
    const kept = (await streamOf(redis)).length;
    for (let n = 0; n < 5; n += 1) await ask(`${first.url}/page`, impersonated);
    first.child.kill("SIGTERM");
    t.equal(await first.exited, 0);
    const all = (await streamOf(redis)).length;
    t.match(await stream("--against", journals, "--whole"), { code: 0 });
    const producer = readdirSync(journals)
      .find((name) => name.endsWith(".jsonl"))
      ?.split(".")[0];

    // The journal is the older one: what only the stream has was cut off there.
    const old = await stream("--against", join(backup, "audit"));
    t.equal(old.code, 1);
    t.match(old.said, new RegExp(`^cut +${producer} \\d+–${all}, the newer ones, are only here$`, "m"));

    await redis.kill();
    cpSync(join(backup, "dump.rdb"), join(redis.folder, "dump.rdb"));
    await redis.start();
    t.equal((await streamOf(redis)).length, kept);
    const gone = `${kept + 1}–${all}`;
    const beside = await stream("--against", journals, "--whole");
    t.equal(beside.code, 1);
    t.match(
      beside.said,
      `${producer}: ${gone}, the newer ones, are only there`,
      "beside the files: the range",
    );
    t.match(beside.said, `gone      ${producer} ${gone} is only there`);
    const log = join(data, "gateway.log");
    writeFileSync(
      log,
      first
        .log()
        .split("\n")
        .filter((line) => line.includes('"audit: checkpoint"'))
        .join("\n"),
    );
    const attested = await stream("--checkpoints", log);
    t.equal(attested.code, 1);
    t.match(
      attested.said,
      new RegExp(`^cut +${producer} ${kept + 1}–\\d+: an external checkpoint`, "m"),
      "by the log's checkpoints as well",
    );

    const second = await serving(t, { ...folder, env });
    await caughtUp({ gateway: { adminUrl: second.adminUrl } });
    second.child.kill("SIGTERM");
    t.equal(await second.exited, 0);
    t.match(
      await stream("--against", journals, "--checkpoints", log, "--whole"),
      { code: 0 },
      "the next life fills it up",
    );
    t.match(await compared(redis, data), { lost: 0, twice: 0, outOfOrder: { length: 0 } });
    rmSync(backup, { recursive: true });
  },
);
