import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, request } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { pino } from "pino";
import t, { type Test } from "tap";
import { app } from "../../../src/app.ts";
import { balancer } from "../../fixtures/balancer.ts";
import { frontConfig, frontFolder, recordsOf, SUPPORT } from "../../fixtures/front.ts";
import { type Answer, ask, CLICK } from "../../fixtures/named.ts";
import { redisServer } from "../../fixtures/redis.ts";

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

/** A browser without a window: cookies by host, and redirects followed by hand. */
function browsing(url: string, port: string) {
  const jars = new Map<string, Map<string, string>>();
  const get = async (
    address: string,
    more: Record<string, string> = {},
    form: string | null = null,
  ): Promise<Answer> => {
    const { host, pathname, search } = new URL(address);
    const jar = jars.get(host) ?? new Map<string, string>();
    jars.set(host, jar);
    const cookie = [...jar].map((pair) => pair.join("=")).join("; ");
    const who = host === `localhost:${port}` ? SUPPORT : {};
    const headers = { ...CLICK, ...who, host, connection: "close", ...(cookie === "" ? {} : { cookie }) };
    const to = `${url}${pathname}${search}`;
    const answer = form === null ? await ask(to, { ...headers, ...more }) : await sent(to, headers, form);
    for (const line of answer.headers["set-cookie"] ?? []) {
      const [pair = ""] = line.split(";");
      const name = pair.slice(0, pair.indexOf("="));
      if (/Max-Age=0/.test(line)) jar.delete(name);
      else jar.set(name, pair.slice(name.length + 1));
    }
    return answer;
  };
  return {
    get,
    open: async (address: string): Promise<{ readonly at: URL; readonly answer: Answer }> => {
      let at = new URL(address);
      for (let step = 0; step < 8; step += 1) {
        const answer = await get(at.href);
        if (answer.headers.location === undefined) return { at, answer };
        at = new URL(answer.headers.location, at);
      }
      throw new Error(`${address} leads on without an end`);
    },
  };
}

/** A form of a page of ours. */
async function sent(url: string, headers: Record<string, string>, form: string): Promise<Answer> {
  const own = {
    "content-type": "application/x-www-form-urlencoded",
    "content-length": String(form.length),
    origin: `http://${headers.host}`,
    "sec-fetch-site": "same-origin",
  };
  const asking = request(url, { headers: { ...headers, ...own }, method: "POST" }).end(form);
  const [answer] = (await once(asking, "response")) as [IncomingMessage];
  return { status: answer.statusCode ?? 0, headers: answer.headers, body: (await answer.toArray()).join("") };
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
