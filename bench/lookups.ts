/**
 * What lookups in databases cost: `node bench/lookups.ts [questions] [rounds] [seconds]`. First p50 and p99 of one lookup, cold (nothing
 * remembered, connections open) and remembered, for each kind of database. Then the own traffic of one gateway whose agents open links
 * all the time, in turn with its PostgreSQL at work and with it hanging. What the machine itself does meanwhile hits both alike: how far
 * the rounds of one state are apart says how much of a difference between the states is none. Needs postgresql and mariadb-server.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { Agent, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { clients } from "../src/clients/clients.ts";
import { ownerLookup } from "../src/domain/routing/lookup.ts";
import { ownerEntrySchema } from "../src/owners/registry.ts";
import { mariadbServer } from "../test/fixtures/servers/mariadb.ts";
import { postgresServer } from "../test/fixtures/servers/postgres.ts";
import { app, gateway, place } from "./stand/stage.ts";

const QUESTIONS = Number(process.argv[2] ?? 2_000);
const ROUNDS = Number(process.argv[3] ?? 6);
const SECONDS = Number(process.argv[4] ?? 4);
const ROWS = 10_000;
const QUERY = "select user_id from sites where id = {site}";
const NEVER = new AbortController().signal;

function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

function shown(values: readonly number[]): string {
  return `p50 ${percentile(values, 0.5).toFixed(3)} ms, p99 ${percentile(values, 0.99).toFixed(3)} ms`;
}

const folder = mkdtempSync(join(tmpdir(), "guise-bench-"));
const file = join(folder, "app.db");
const sqlite = new DatabaseSync(file);
const numbers = `with recursive n(i) as (select 1 union all select i + 1 from n where i < ${ROWS}) select i, i + 1000 from n`;
sqlite.exec(`create table sites (id integer primary key, user_id integer); insert into sites ${numbers}`);
sqlite.close();
const postgres = await postgresServer();
postgres.admin(`create table sites (id int primary key, user_id int); insert into sites ${numbers}`);
const mariadb = await mariadbServer();
mariadb.admin(
  `use app; create table sites (id int primary key, user_id int); insert into sites select seq, seq + 1000 from seq_1_to_${ROWS}`,
);

const nothing = () => undefined;
const log = { debug: nothing, info: nothing, warn: nothing, error: nothing };
const clock = { now: () => Date.now(), monotonic: () => performance.now() };
const { borrowed, close } = clients(log);

function lookup(site: number) {
  const params = { site: String(site) };
  return ownerLookup({ resolver: "bench", params, path: "/", query: null, host: "h" });
}

for (const [name, url] of Object.entries({
  postgres: postgres.url,
  mariadb: mariadb.url,
  sqlite: `sqlite:${file}`,
})) {
  const entry = ownerEntrySchema.parse({ sql: { url: { fromEnv: "DB" }, query: QUERY } });
  const resolver = entry.create({ ...borrowed, clock, secret: () => url, directory: "/" });
  for (let n = 0; n < 100; n += 1) await resolver.resolve(lookup(ROWS - n), NEVER);
  const [cold, kept]: [number[], number[]] = [[], []];
  for (const times of [cold, kept])
    for (let n = 1; n <= QUESTIONS; n += 1) {
      const began = performance.now();
      const owner = await resolver.resolve(lookup(n), NEVER);
      times.push(performance.now() - began);
      if (owner?.id !== String(n + 1000)) throw new Error(`${name}: a wrong owner`);
    }
  console.log(`${name}: cold ${shown(cold)}; remembered ${shown(kept)} (${QUESTIONS} lookups)`);
}
await close();
await mariadb.stop();

const at = place("lookups", await app());
const sql = `{ sql: { url: "${postgres.url}", query: "${QUERY}" }, cacheFor: 0s, timeout: 2s }`;
writeFileSync(at.config, readFileSync(at.config, "utf8").replace(/ {2}site: \{.*/, `  site: ${sql}`));
const it = await gateway(at);
const agent = new Agent({ keepAlive: true, maxSockets: 8 });

function get(path: string, headers: Readonly<Record<string, string>>, pool: Agent | false): Promise<void> {
  return new Promise((resolve, reject) => {
    const asking = request({ host: "127.0.0.1", port: it.port, path, headers, agent: pool }, (response) => {
      response.resume().once("end", resolve);
    });
    asking.once("error", reject).end();
  });
}

const CLICK = {
  accept: "text/html",
  "sec-fetch-dest": "document",
  "sec-fetch-mode": "navigate",
  "sec-fetch-user": "?1",
  "sec-fetch-site": "cross-site",
};
/** Of each round by itself. */
const samples: Record<"healthy" | "hanging", number[][]> = { healthy: [], hanging: [] };
for (let round = -1; round < ROUNDS; round += 1) {
  const state = round % 2 === 0 ? "hanging" : "healthy";
  if (state === "hanging") postgres.pause();
  const until = performance.now() + SECONDS * 1_000;
  const times: number[] = [];
  // The first round warms up.
  if (round >= 0) samples[state].push(times);
  let links = 0;
  const agents = Array.from({ length: 4 }, async (_, n) => {
    while (performance.now() < until) {
      links += 1;
      await get(
        `/site/${(links * 7) % ROWS}`,
        { ...CLICK, "x-user": `agent${n}`, "x-groups": "support" },
        false,
      );
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  });
  while (performance.now() < until) {
    const began = performance.now();
    await get("/site/1", CLICK, agent);
    times.push(performance.now() - began);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  if (state === "hanging") postgres.resume();
  await Promise.all(agents);
}
for (const [state, rounds] of Object.entries(samples)) {
  const each = rounds.map((times) => percentile(times, 0.99)).toSorted((a, b) => a - b);
  const apart = `p99 of a round ${each[0]?.toFixed(3)} to ${each.at(-1)?.toFixed(3)} ms`;
  console.log(
    `own traffic, database ${state}: ${shown(rounds.flat())} (${rounds.flat().length} requests; ${apart})`,
  );
}
const ratio = percentile(samples.hanging.flat(), 0.99) / percentile(samples.healthy.flat(), 0.99);
console.log(`p99 hanging against healthy: ${ratio.toFixed(2)}`);
agent.destroy();
await postgres.stop();
rmSync(folder, { recursive: true, force: true });
// The gateway's pipes would keep this process; it ends with it.
process.exit(0);
