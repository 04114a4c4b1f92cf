// What `bench/memory.ts` shows with a million requests, in a smaller size: what is over leaves nothing behind.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import { httpApp } from "../fixtures/apps/upstream.ts";
import { manyImpersonations, manyRequests } from "../fixtures/client/long-life.ts";
import { ask, CLICK, cookieOf } from "../fixtures/client/named.ts";
import { serving } from "../fixtures/gateway/serving.ts";
import { YAML } from "../fixtures/gateway/test-services.ts";
import { testFolder } from "../fixtures/test-folder.ts";

const ROUNDS = 4;
/** How many impersonations that have ended a gateway remembers (docs/scale.md); the heap grows until then. */
const REMEMBERED = 10_000;
const MB = 1024 * 1024;
/** What a heap differs by without growing, bytes. */
const NOISE = 3 * MB;

const app = await httpApp(t, (_request, response) => {
  response.writeHead(200, { "content-type": "application/json" }).end('{"ok":true}');
});
const folder = testFolder(t, {});
const config = join(folder, "memory.yaml");
writeFileSync(
  config,
  `${YAML.replace("http://127.0.0.1:8001", app.origin)}limits: { perMinute: 1000000, startsPerHour: 1000000, perImpersonation: 1000 }\n`,
);
const it = await serving(t, { config, data: join(folder, "data"), inject: "collect" });

let looked = 0;

async function heap(): Promise<number> {
  looked += 1;
  it.child.kill("SIGUSR2");
  await it.logged(`collected ${looked}: `);
  return Number(new RegExp(`^collected ${looked}: (\\d+)`, "m").exec(it.log())?.[1]);
}

/** How much the heap grew from the first round to the last, bytes. */
async function growth(work: () => Promise<void>): Promise<number> {
  await work();
  const first = await heap();
  for (let n = 1; n < ROUNDS; n += 1) await work();
  return (await heap()) - first;
}

t.test("20,000 requests of one's own leave nothing behind", async (t) => {
  t.ok((await growth(() => manyRequests(it.port, 5_000, {}))) < NOISE);
});

t.test("4,000 requests under an impersonation leave nothing behind", async (t) => {
  const agent = { "x-user": "alice", "x-groups": "support" };
  const cookie = cookieOf(await ask(`${it.url}/site/1`, { ...agent, ...CLICK }));
  t.ok((await growth(() => manyRequests(it.port, 1_000, { ...agent, cookie }))) < NOISE);
});

t.test("3,000 impersonations beyond those remembered leave nothing behind", async (t) => {
  await manyImpersonations(it.port, REMEMBERED);
  t.ok((await growth(() => manyImpersonations(it.port, 750))) < NOISE);
});
