import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { pino } from "pino";
import t, { type Test } from "tap";
import { app } from "../../../src/app.ts";
import { browsing } from "../../fixtures/client/browsing.ts";
import { frontConfig, frontFolder, recordsOf } from "../../fixtures/gateway/front.ts";
import { balancer } from "../../fixtures/servers/balancer.ts";
import { redisServer } from "../../fixtures/servers/redis.ts";

const APART = `isolation: { host: { parent: view.localhost } }
console: { origin: "http://guise.localhost:PORT" }
keys: { data: { fromFile: data.key } }
store: { redis: { url: { fromEnv: TEST_STORE } } }
`;

/** Two gateways with one Redis; every request comes to the other one in turn. */
async function pair(t: Test) {
  const seen: string[] = [];
  const behind = createServer((request, response) => {
    seen.push(`${request.headers["x-guise-user"] ?? "self"} ${request.url} ${request.headers.cookie ?? "-"}`);
    response.setHeader("set-cookie", "session=of-the-app; HttpOnly; Path=/");
    response.setHeader("content-type", "text/html").end(`<!doctype html><h1>${request.url}</h1>`);
  });
  behind.listen(0, "127.0.0.1");
  await once(behind, "listening");
  t.teardown(() => behind.close());
  const redis = await redisServer();
  t.teardown(() => redis.stop());
  const key = randomBytes(32).toString("hex");
  const ports: number[] = [];
  const front = await balancer(t, ports);
  const { port } = new URL(front.url);
  const upstream = `http://127.0.0.1:${(behind.address() as AddressInfo).port}`;
  const folders = [1, 2].map(() => frontFolder(t, frontConfig(upstream, APART.replace("PORT", port))));
  for (const { data, config } of folders) {
    writeFileSync(join(data, "data.key"), key);
    const env = { ...process.env, TEST_STORE: redis.url };
    const one = await app({
      ...{ config, data, env, host: "127.0.0.1", port: 0, adminPort: 0 },
      log: pino({ level: "silent" }),
    });
    t.teardown(() => one.close());
    ports.push(Number(new URL(one.url).port));
  }
  return { seen, port, url: front.url, data: folders.map(({ data }) => data) };
}

t.test("with one store it doesn't matter which gateway answers on a label or on the console", async (t) => {
  const it = await pair(t);
  const { get, open } = browsing(it.url, it.port);
  const nuno = await open(`http://localhost:${it.port}/site/1`);
  t.match(nuno.at.hostname, /^[a-z2-7]{32}\.view\.localhost$/);
  t.match(nuno.answer, { status: 200, body: /guise-banner/ });
  const mia = await open(`http://localhost:${it.port}/site/2`);
  for (let round = 0; round < 4; round += 1)
    for (const [who, { at }] of [
      ["17", nuno],
      ["23", mia],
    ] as const) {
      t.equal((await get(`${at.origin}/page`)).status, 200);
      t.equal(it.seen.at(-1), `${who} /page session=of-the-app`, "with its own jar");
    }
  for (const data of it.data)
    t.ok(recordsOf(data, "impersonation.intent").length > 3, "both had a part in it");

  const consolePage = await open(`http://localhost:${it.port}/.guise/start`);
  t.equal(consolePage.at.hostname, "guise.localhost");
  for (let round = 0; round < 4; round += 1)
    t.match(await get(`http://guise.localhost:${it.port}/.guise/start`), { status: 200, body: /alice/ });

  t.match((await get(`${nuno.at.origin}/.guise/stop`)).body, /action="\/\.guise\/stop"/);
  t.equal((await get(`${nuno.at.origin}/.guise/stop`, {}, "stop=")).status, 303);
  // Within a second at the latest; both are asked until then.
  const both = async () => [await get(`${nuno.at.origin}/page`), await get(`${nuno.at.origin}/page`)];
  let last = await both();
  while (last.some(({ status }) => status !== 410)) last = await both();
  t.same(
    last.map(({ status, headers }) => [status, headers["clear-site-data"]]),
    [
      [410, '"*"'],
      [410, '"*"'],
    ],
    "an end counts at both",
  );
  t.equal((await get(`${mia.at.origin}/page`)).status, 200, "and the other one goes on");
});
