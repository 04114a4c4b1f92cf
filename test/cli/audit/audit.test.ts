import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Redis } from "ioredis";
import t, { type Test } from "tap";
import { redisStream } from "../../../src/audit/shipping/redis-stream.ts";
import { shipper } from "../../../src/audit/shipping/shipper.ts";
import { audit } from "../../../src/cli/audit/audit.ts";
import { openKeyring } from "../../../src/keys/keyring.ts";
import { event } from "../../audit/event.ts";
import { clock, memoryLog, openLedger } from "../../audit/journal-folder.ts";
import { runCommand } from "../../fixtures/command.ts";
import { guise } from "../../fixtures/gateway/process.ts";
import { redisServer } from "../../fixtures/servers/redis.ts";
import { testFolder } from "../../fixtures/test-folder.ts";

const MAIN = new URL("../../../src/main.ts", import.meta.url).pathname;

/** A record as it might stand in the stream. */
function line(action: string): string {
  const event = { sequence: 1, id: action, action };
  return JSON.stringify({ "@timestamp": "2026-05-28T20:26:40.000Z", event, guise: {} });
}

const run = (args: readonly string[], env: Record<string, string> = {}) => runCommand(audit, args, env);

/** A data folder with keys and a few records, and what the log was told. */
async function made(t: Test) {
  const data = testFolder(t);
  const log = memoryLog();
  const keyring = await openKeyring({ folder: join(data, "keys"), clock, log, reloadEvery: 0 });
  const folder = join(data, "audit");
  const it = await openLedger(folder, { log, checkpoint: () => keyring.signer("checkpoint") });
  const intent = event({ at: 1_780_000_000_000 });
  await it.record(intent);
  await it.record(
    event({
      at: 1_780_000_001_000,
      action: "impersonation.outcome",
      outcome: "failure",
      intent: intent.id,
      response: { status: 500, bytes: 3, duration: 2, ending: "failure" },
    }),
  );
  await it.record(
    event({
      at: 1_780_000_002_000,
      action: "impersonation.denied",
      trueUser: { id: "bob", name: "\u001b[31mBob", email: null, groups: null },
      detail: "\u001b[2Jno",
      app: "wiki",
    }),
  );
  const file = join(folder, `${it.source.producer}.${"1".padStart(12, "0")}.jsonl`);
  return { data, log, it, file };
}

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

t.test("query finds by people, action, path and time", async (t) => {
  const { data, it } = await made(t);
  const count = async (...words: string[]) => {
    const { out } = await run(["query", "--json", "--data", data, ...words]);
    return out.split("\n").length - 1;
  };
  t.equal(await count("--agent", "alice"), 2);
  t.equal(await count("--customer", "17"), 3);
  t.equal(await count("--customer", "18"), 0);
  t.equal(await count("--impersonation", "imp-1"), 3);
  t.equal(await count("--app", "wiki"), 1);
  t.equal(await count("--app", "shop"), 0);
  t.equal(await count("--action", "impersonation"), 3);
  t.equal(await count("--action", "impersonation.intent"), 1);
  t.equal(await count("--path", "/sites"), 0);
  t.equal(await count("--since", "2026-05-28T20:26:41Z", "--until", "2026-05-28T20:26:42Z"), 1);
  t.equal(await count("--agent", "alice", "-n", "1"), 1);
  await it.close();
});

t.test("an untouched journal is verified, with the keys of the data folder", async (t) => {
  const { data, it } = await made(t);
  await it.close();
  const { code, out } = await run(["verify", "--data", data]);
  t.match(out, "whole, unaltered and in order: 6 records of 1 lives, 1 checkpoints, 0 without outcome");
  t.equal(code, 0);
});

t.test("verify names what is wrong and exits with 1", async (t) => {
  const { data, it, file } = await made(t);
  await it.close();
  await writeFile(file, (await readFile(file, "utf8")).replace("Nuno", "Nina"));
  const { code, out } = await run(["verify", "--data", data]);
  t.equal(code, 1);
  t.match(out, /^damaged +\S+ 2: .*\nmissing +\S+ 2: /);
  const json = JSON.parse((await run(["verify", "--json", "--data", data])).out);
  t.match(json.findings, [
    { kind: "damaged", from: 2 },
    { kind: "missing", from: 2, to: 2 },
  ]);
});

t.test("a cut tail is found with the checkpoints of a log", async (t) => {
  const { data, it, file, log } = await made(t);
  await it.close();
  await writeFile(file, `${(await readFile(file, "utf8")).split("\n").slice(0, 3).join("\n")}\n`);
  const kept = join(data, "gateway.log");
  const lines = log.lines.map((line) => JSON.stringify({ level: 30, msg: line.message, ...line.data }));
  await writeFile(kept, `starting\n${lines.join("\n")}\n`);
  t.equal((await run(["verify", "--data", data])).code, 0);
  t.match(await run(["verify", "--data", data, "--checkpoints", kept]), { code: 1, out: /^cut .* 4: / });
});

t.test("a key of one's own is used instead", async (t) => {
  const { data, it } = await made(t);
  await it.close();
  const folder = join(data, "other-keys");
  const keyring = await openKeyring({ folder, clock, log: memoryLog(), reloadEvery: 0 });
  const file = join(data, "other.json");
  await writeFile(file, JSON.stringify(keyring.signer("checkpoint").jwk));
  t.match(await run(["verify", "--data", data, "--key", file]), { code: 1, out: /unsigned .* is not known/ });
});

t.test("what is exported can be verified", async (t) => {
  const { data, it, file } = await made(t);
  await it.close();
  const { out } = await run(["export", "--data", data]);
  t.equal(out, await readFile(file, "utf8"));
  const copy = join(data, "export.jsonl");
  await writeFile(copy, out);
  t.equal((await run(["verify", "--file", copy, "--data", data])).code, 0);
});

t.test("what is exported for other tools has only what was asked for", async (t) => {
  const { data, it } = await made(t);
  await it.close();
  const csv = (await run(["export", "--format", "csv", "--agent", "alice", "--data", data])).out;
  t.equal(csv.split("\r\n").length, 4, "the first line, two records, the end");
  t.match(csv, /^time,action,/);
  const ocsf = (await run(["export", "--format", "ocsf", "--action", "outcome", "--data", data])).out;
  t.match(JSON.parse(ocsf), { class_uid: 4002, status_id: 2 });
  t.match(await run(["export", "--format", "xml", "--data", data]), { code: 2, err: /ecs, ocsf or csv/ });
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
  const sink = redisStream.create(
    { redis: { url: server.url, stream: "{guise:audit}" } },
    { clock, log: memoryLog(), folder: data, producer: it.source.producer },
  );
  const ship = shipper({ source: it.source, sink, clock, log: memoryLog(), linger: 1 });
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

t.test("the stream is read like a journal", async (t) => {
  const server = await redisServer();
  t.teardown(() => server.stop());
  const { data, it } = await made(t);
  const sink = redisStream.create(
    { redis: { url: server.url, stream: "{guise:audit}" } },
    { clock, log: memoryLog(), folder: data, producer: it.source.producer },
  );
  const ship = shipper({ source: it.source, sink, clock, log: memoryLog() });
  await it.close();
  await ship.close();
  const { code, out } = await run(["verify", "--redis", "THE_REDIS", "--data", data], {
    THE_REDIS: server.url,
  });
  t.match(out, /in order: 6 records/);
  t.equal(code, 0);
  t.match(await run(["verify", "--redis", "NO_REDIS"]), { code: 1, err: /NO_REDIS is not set/ });
});

t.test("--whole also names what is not here any more", async (t) => {
  const { data, it, file } = await made(t);
  await it.close();
  await writeFile(file, (await readFile(file, "utf8")).split("\n").slice(2).join("\n"));
  t.equal((await run(["verify", "--data", data])).code, 0);
  t.match(await run(["verify", "--whole", "--data", data]), { code: 1, out: /gone .* begins at 3/ });
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

t.test("a Redis that can not be asked is said to be so", async (t) => {
  const server = await redisServer();
  t.teardown(() => server.stop());
  const client = new Redis(server.url);
  await client.set("{guise:audit}", "no stream");
  client.disconnect();
  for (const verb of ["tail", "query", "export", "verify", "reship"])
    t.match(await run([verb, "--redis", "IT", "--data", testFolder(t)], { IT: server.url }), {
      code: 1,
      err: /the stream can not be read: WRONGTYPE/,
    });
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

t.test("words that are not known are answered with the usage", async (t) => {
  for (const args of [
    [],
    ["frob"],
    ["tail", "more"],
    ["tail", "--what"],
    ["query", "-n", "x"],
    ["query", "-n", "1e3"],
    ["query", "--since", "x"],
    ["query", "--since", "17"],
    ["query", "--until", "2026-02-30"],
    ["query", "--since", "1d", "--until", "2d"],
    ["query", "--action", "frob"],
  ]) {
    t.match(await run(args), { code: 2, err: /guise audit tail/ }, args.join(" "));
  }
  t.match(await run(["--help"]), { code: 0, out: /guise audit tail/ });
});

t.test("each command takes only words that it looks at, and names them", async (t) => {
  const data = testFolder(t, { audit: {} });
  for (const [args, said] of [
    [["verify", "--agent", "nobody"], /verify takes no --agent, only --checkpoints, --key, .*--stream\n/],
    [["verify", "--since", "1d"], /verify takes no --since/],
    [["verify", "-n", "1"], /verify takes no -n,/],
    [["export", "-n", "1"], /export takes no -n, only --agent, .*--format/],
    [["export", "--follow"], /export takes no --follow/],
    [["export", "--json"], /export takes no --json/],
    [["query", "--format", "csv"], /query takes no --format, only .*-n, --json/],
    [["query", "-f"], /query takes no --follow/],
    [["tail", "--whole"], /tail takes no --whole/],
    [["reship", "--redis", "IT", "--file", "x"], /reship takes no --file, only --redis/],
    [["tail", "--stream", "x"], /--stream is a name in Redis: say --redis/],
    [["query", "--file", "x", "--redis", "IT"], /--file or --redis, not both/],
    [["export", "--format", "toString"], /ecs, ocsf or csv/],
  ] as const)
    t.match(await run([...args, "--data", data]), { code: 2, out: "", err: said }, args.join(" "));
});

t.test("what is no record is named with its place, and the rest is exported", async (t) => {
  const good = line("impersonation.denied");
  const altered = line("impersonation.ended").replace('"event":{', '"event":{"reason":null,');
  const file = join(testFolder(t), "lines.jsonl");
  await writeFile(file, `${good}\n${altered}\ngarbage\n\n${good}\n`);
  const err = `${file}:2: this is no record; it is left out\n${file}:3: this is no record; it is left out\n`;
  for (const [format, filter, lines] of [
    ["csv", [], 3],
    ["ocsf", [], 2],
    ["ecs", ["--action", "impersonation"], 2],
  ] as const) {
    const it = await run(["export", "--format", format, ...filter, "--file", file]);
    t.match(it, { code: 1, err }, format);
    t.equal(it.out.trimEnd().split("\n").length, lines, format);
  }
  t.match(await run(["export", "--file", file]), { code: 0, out: await readFile(file, "utf8"), err: "" });
  const named = {
    code: 0,
    err: /:2: this is no record\n(?:.*\n)*.*:3: this is no record\n|:3:(?:.*\n)*.*:2:/,
  };
  t.match(await run(["query", "--file", file]), named);
  t.match(await run(["query", "--action", "denied", "--file", file]), named);
});

t.test("an error that is nobody's words is no usage", async (t) => {
  const file = join(testFolder(t), "lines.jsonl");
  await writeFile(file, `${line("impersonation.denied")}\n`);
  const broken = {
    out: () => {
      throw new TypeError("out of order");
    },
    err: (text: string) => t.fail(text),
    env: {},
  };
  await t.rejects(audit.run(["export", "--file", file], broken), { message: "out of order" });
});

t.test("what is exported since some time is whole lines that can be verified", async (t) => {
  const data = testFolder(t);
  let at = Date.now() - 40 * 86_400_000;
  const it = await openLedger(join(data, "audit"), { clock: { ...clock, now: () => at } });
  await it.record(event({ at, action: "impersonation.denied" }));
  at += 39 * 86_400_000;
  for (let n = 0; n < 3; n += 1) await it.record(event({ at, action: "impersonation.denied" }));
  await it.close();
  const all = (await run(["export", "--data", data])).out.split("\n");
  const since = await run(["export", "--format", "ecs", "--since", "30d", "--data", data]);
  t.match(since, { code: 0, out: all.slice(2).join("\n"), err: "" });
  const copy = join(data, "month.jsonl");
  await writeFile(copy, since.out);
  t.match(await run(["verify", "--file", copy, "--data", data]), {
    code: 0,
    out: /begins at 3\n(?:.*\n)*whole, unaltered and in order: 4 records/,
  });
});

t.test("what has no folder and no right address is told where to say it", async (t) => {
  const hint = /the journals can not be read: ENOENT.*nowhere.*\n.*--data.*GUISE_DATA/;
  const data = join(testFolder(t), "nowhere");
  for (const args of [["tail"], ["tail", "-f"], ["query"], ["export"], ["verify"]])
    t.match(await run([...args, "--data", data]), { code: 1, err: hint }, args.join(" "));
  t.match(await run(["tail"], { GUISE_DATA: data }), { code: 1, err: hint });
  for (const address of ["", "nonsense", "redis://127.0.0.1:0"]) {
    const it = await run(["tail", "--redis", "IT"], { IT: address });
    t.match(it, { code: 1, err: /^the variable IT: the address of Redis: .*\nCheck the address of Redis/ });
    t.notMatch(it.err, "guise check");
  }
});

t.test("a folder without records is said to be one", async (t) => {
  t.match(await run(["verify", "--data", testFolder(t)]), { code: 1, err: /ENOENT/ });
  t.match(await run(["verify", "--data", testFolder(t, { audit: {} })]), { code: 1, out: /no records/ });
});
