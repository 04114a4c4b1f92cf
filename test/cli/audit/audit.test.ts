import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Redis } from "ioredis";
import t from "tap";
import { RedisStream } from "../../../src/audit/shipping/redis-stream.ts";
import { Shipper } from "../../../src/audit/shipping/shipper.ts";
import { audit } from "../../../src/cli/audit/audit.ts";
import { openKeyring } from "../../../src/keys/keyring.ts";
import { event } from "../../audit/event.ts";
import { clock, memoryLog, openLedger } from "../../audit/journal-folder.ts";
import { redisServer } from "../../fixtures/servers/redis.ts";
import { testFolder } from "../../fixtures/test-folder.ts";
import { line, made, run } from "./made.ts";

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

t.test("the stream is read like a journal", async (t) => {
  const server = await redisServer();
  t.teardown(() => server.stop());
  const { data, it } = await made(t);
  const sink = new RedisStream(
    { url: server.url, stream: "{guise:audit}" },
    { clock, log: memoryLog(), folder: data, producer: it.source.producer },
  );
  const ship = new Shipper({ source: it.source, sink, clock, log: memoryLog() });
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
