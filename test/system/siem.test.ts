// Needs: rsyslog for Elasticsearch
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import t from "tap";
import { parse } from "yaml";
import { liveApp } from "../fixtures/apps/live-app.ts";
import { service } from "../fixtures/apps/service.ts";
import { ask } from "../fixtures/client/named.ts";
import { front, impersonating } from "../fixtures/gateway/front.ts";
import { journalOf } from "../fixtures/journal/journal.ts";

const read = (name: string) =>
  parse(readFileSync(new URL(`../../examples/siem/${name}`, import.meta.url), "utf8"));

t.test(
  "the shippers read the files that the gateway writes, and take what they name from them",
  async (t) => {
    const app = await liveApp(t);
    const it = await front(t, app.origin);
    await ask(`${it.url}/page`, await impersonating(it.url));
    await it.close();
    const [input] = read("filebeat.yml")["filebeat.inputs"];
    for (const pattern of [...input.paths, ...read("vector.yaml").sources.guise.include]) {
      const ending = basename(pattern).replace("*", "");
      const files = readdirSync(join(it.data, "audit")).filter((name) => name.endsWith(ending));
      t.ok(files.length > 0, pattern);
    }
    const records = await journalOf(it.data);
    t.ok(
      records.every(({ event }) => /^[0-9a-f-]{36}$/.test(event.id)),
      "each has the id that it is stored by",
    );
    const own = new RegExp(input.processors[1].drop_event.when.regexp["event.action"]);
    const kept = records.filter(({ event }) => !own.test(event.action)).map(({ event }) => event.action);
    t.same(
      kept.includes("impersonation.intent") && !kept.some((action) => action.startsWith("journal.")),
      true,
    );
  },
);

const MODULE = ["x86_64", "aarch64"]
  .map((machine) => `/usr/lib/${machine}-linux-gnu/rsyslog/omelasticsearch.so`)
  .find(existsSync);
const NO_RSYSLOG = MODULE === undefined ? "rsyslog-elasticsearch is not on this machine" : false;

t.test("rsyslog indexes each record once, byte for byte", { skip: NO_RSYSLOG }, async (t) => {
  const stored = new Map<string, string>();
  let heard: () => void = () => undefined;
  const elastic = await service((request, response) => {
    let body = "";
    request.on("data", (chunk) => {
      body += chunk;
    });
    request.on("end", () => {
      const lines = body.trimEnd().split("\n");
      const ids = lines.filter((_, n) => n % 2 === 0).map((line) => String(JSON.parse(line).create._id));
      for (const [n, id] of ids.entries()) stored.set(id, lines[2 * n + 1] ?? "");
      const items = ids.map((id) => ({ create: { _id: id, status: 201 } }));
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify({ took: 1, errors: false, items }));
      heard();
    });
  });
  t.teardown(() => elastic.close());
  const app = await liveApp(t);
  const it = await front(t, app.origin);
  const impersonated = await impersonating(it.url);
  const state = join(it.data, "rsyslog");
  mkdirSync(state);
  const example = fileURLToPath(new URL("../../examples/siem/rsyslog.conf", import.meta.url));
  writeFileSync(join(state, "main.conf"), `global(workDirectory="${state}")\ninclude(file="${example}")\n`);
  const child = spawn("rsyslogd", ["-n", "-iNONE", "-f", join(state, "main.conf")], {
    env: { PATH: `${process.env.PATH}:/usr/sbin`, GUISE_DATA: it.data, ELASTICSEARCH: elastic.url },
    stdio: "inherit",
  });
  t.teardown(async () => {
    child.kill("SIGKILL");
    if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
  });
  for (let n = 0; n < 20; n += 1) await ask(`${it.url}/page/${n}?q=${"x".repeat(n * 100)}`, impersonated);
  await it.close();
  const kept = readdirSync(join(it.data, "audit"))
    .filter((name) => name.endsWith(".jsonl"))
    .flatMap((name) =>
      readFileSync(join(it.data, "audit", name), "utf8")
        .trimEnd()
        .split("\n"),
    )
    .filter((line) => !JSON.parse(line).event.action.startsWith("journal."));
  await new Promise<void>((done) => {
    heard = () => (stored.size >= kept.length ? done() : undefined);
    heard();
  });
  t.same([...stored.values()].toSorted(), kept.toSorted());
  for (const [id, line] of stored) t.equal(JSON.parse(line).event.id, id, "stored by the id of its event");
});
