import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { Redis } from "ioredis";
import t from "tap";
import { RedisStream } from "../../../src/audit/shipping/redis-stream.ts";
import { Shipper } from "../../../src/audit/shipping/shipper.ts";
import { event } from "../../audit/event.ts";
import { clock, memoryLog, openLedger } from "../../audit/journal-folder.ts";
import { guise } from "../../fixtures/gateway/process.ts";
import { redisServer } from "../../fixtures/servers/redis.ts";
import { testFolder } from "../../fixtures/test-folder.ts";
import { line, made, run } from "./made.ts";

const MAIN = new URL("../../../src/main.ts", import.meta.url).pathname;

t.test("tail shows the newest records in the order of their times", async (t) => {
  const { data, it } = await made(t);
  const { code, out } = await run(["tail", "-n", "2", "--data", data]);
  t.equal(code, 0);
  t.equal(out.split("\n").length, 3);
  const all = (await run(["query", "--data", data, "--path", "/site"])).out.split("\n");
  t.match(all[0], /^2026-05-28 20:26:40\.000 +alice as 17 +impersonation\.intent +GET \/site\/42 .*T-42/);
  t.match(all[1], /impersonation\.outcome +500 +GET \/site\/42 .*failure/);
  await it.close();
});

t.test("what stands in a record can not move the cursor", async (t) => {
  const { data, it } = await made(t);
  const { out } = await run(["query", "--action", "denied", "--data", data]);
  t.match(out, /no/);
  t.match(out, /^[^\p{Cc}]+\n$/u);
  await it.close();
});

t.test("tail shows what was asked for alone", async (t) => {
  const { data, it } = await made(t);
  const { out } = await run(["tail", "--customer", "17", "--action", "denied", "--data", data]);
  t.equal(out.split("\n").length, 2);
  t.match(out, /impersonation\.denied/);
  await it.close();
});

t.test("an id of odd letters is found as well", async (t) => {
  const { data, it } = await made(t);
  await it.record(event({ trueUser: { id: 'z\u00fc"\u202e', name: null, email: null, groups: null } }));
  const { out } = await run(["query", "--json", "--agent", 'z\u00fc"\u202e', "--data", data]);
  t.equal(out.split("\n").length, 2);
  await it.close();
});

t.test("the stream can be followed", async (t) => {
  const server = await redisServer();
  t.teardown(() => server.stop());
  const { data, it } = await made(t);
  const sink = new RedisStream(
    { url: server.url, stream: "{guise:audit}" },
    { clock, log: memoryLog(), folder: data, producer: it.source.producer },
  );
  const ship = new Shipper({ source: it.source, sink, clock, log: memoryLog(), linger: 1 });
  t.teardown(() => ship.close());
  while (ship.status().lag !== 0) await new Promise((done) => setTimeout(done, 5));
  const args = [MAIN, "audit", "tail", "-f", "-n", "1", "--redis", "THE_REDIS", "--customer", "17"];
  const child = spawn(process.execPath, args, {
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, THE_REDIS: server.url },
  });
  let said = "";
  let told = false;
  for await (const chunk of child.stdout) {
    said += chunk;
    if (!told) await it.record(event({ action: "impersonation.ended" }));
    told = true;
    if (said.includes("impersonation.ended")) child.kill();
  }
  t.match(said, /impersonation\.denied.*\n.*impersonation\.ended/);
  await it.close();
});

t.test("tail follows what is written, each record once, into the next file and the next life", async (t) => {
  const data = testFolder(t);
  const folder = join(data, "audit");
  const before = await openLedger(folder, { segmentBytes: 2_000 });
  await before.record(event());
  const it = guise(t, ["audit", "tail", "-f", "--json", "--data", data]);
  await it.until(/impersonation\.intent/);
  for (let n = 0; n < 8; n += 1) await before.record(event({ action: "impersonation.denied" }));
  await it.until(/(?:impersonation\.denied[\s\S]*){8}/);
  t.ok(
    (await readdir(folder)).filter((name) => name.endsWith(".jsonl")).length > 2,
    "there were several files",
  );
  await before.close();
  const after = await openLedger(folder);
  await after.record(event({ action: "impersonation.ended" }));
  const seen = (await it.until(/impersonation\.ended/)).split("\n").filter((line) => line !== "");
  t.equal(new Set(seen).size, seen.length);
  t.equal(seen.filter((line) => line.includes("impersonation.denied")).length, 8);
  await after.close();
});

t.test("a reader that has enough ends a command quietly", async (t) => {
  const { data, it } = await made(t);
  const guise = `${process.execPath} ${MAIN} audit`;
  for (const command of ["tail -f", "query", "export"]) {
    const text = `${guise} ${command} --data ${data}`;
    // The first line is waited for, so that there is a reader, and then none.
    const shell = spawn("sh", ["-c", `{ ${text}; echo "ended with $?" >&2; } | head -n 1`], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    let err = "";
    shell.stderr.on("data", (chunk: Buffer) => {
      err += chunk.toString();
      if (err.includes("ended with")) shell.kill();
    });
    const more = setInterval(() => void it.record(event()), 20);
    await once(shell, "close");
    clearInterval(more);
    t.equal(err, "ended with 0\n", command);
  }
  await it.close();
});

t.test("the stream is followed on when Redis comes back", async (t) => {
  const server = await redisServer({ args: ["--appendonly", "yes"] });
  t.teardown(() => server.stop());
  const add = async (action: string) => {
    const client = new Redis(server.url);
    await client.xadd("{guise:audit}", "*", "event", line(action));
    client.disconnect();
  };
  await add("impersonation.started");
  const it = guise(t, ["audit", "tail", "-f", "--redis", "IT"], { IT: server.url });
  await it.until(/impersonation\.started/);
  await server.kill();
  await it.until(/Redis does not answer/, "err");
  await server.start();
  await add("impersonation.ended");
  const said = await it.until(/impersonation\.ended/);
  t.equal(said.split("\n").length, 3, "each once");
});

t.test("what is not shown for want of room is said to be there", async (t) => {
  const { data, it } = await made(t);
  await it.close();
  t.match(await run(["query", "-n", "1", "--agent", "alice", "--data", data]), {
    out: /^.*impersonation\.outcome.*\n$/,
    err: /the newest 1 of 2/,
  });
  t.equal((await run(["query", "-n", "2", "--agent", "alice", "--data", data])).err, "");
});
