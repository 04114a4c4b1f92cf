import { randomBytes } from "node:crypto";
import { join } from "node:path";
import t from "tap";
import { liveApp } from "../fixtures/apps/live-app.ts";
import { ask, CLICK, cookieOf } from "../fixtures/client/named.ts";
import { closeOf, front, impersonating, recordsOf, SUPPORT, socketTo } from "../fixtures/gateway/front.ts";
import { redisServer } from "../fixtures/servers/redis.ts";
import { testFolder } from "../fixtures/test-folder.ts";

t.test(
  "row 26: with the store down an impersonation stops with 503, nobody begins, and everybody else is served",
  async (t) => {
    const redis = await redisServer({ args: ["--appendonly", "yes"] });
    t.teardown(() => redis.stop());
    process.env.FAULTS_STORE = redis.url;
    const app = await liveApp(t);
    const key = join(testFolder(t, { "data.key": randomBytes(32).toString("hex") }), "data.key");
    const more = `store: { redis: { url: { fromEnv: FAULTS_STORE } } }\nkeys: { data: { fromFile: "${key}" } }\n`;
    const it = await front(t, app.origin, more);
    const alice = await impersonating(it.url);
    const inside = { ...CLICK, ...alice, "sec-fetch-site": "same-origin" };
    t.match(await ask(`${it.url}/page`, inside), { status: 200, body: /guise-banner/ });
    const socket = await socketTo(it.url, "/ws", alice);

    await redis.kill();
    // What is believed for a second may still be served as the customer; it is never served as anybody else.
    let page = await ask(`${it.url}/page`, inside);
    while (page.status === 200) {
      t.match(page.body, /guise-banner/);
      page = await ask(`${it.url}/page`, inside);
    }
    t.equal(page.status, 503);
    t.match(page.body, /store-unavailable/);
    const script = await ask(`${it.url}/api`, alice);
    t.match(JSON.parse(script.body), { status: 503, code: "store-unavailable" });
    const start = await ask(`${it.url}/site/2`, { ...CLICK, ...SUPPORT });
    t.equal(start.status, 503, "nobody begins");
    t.equal(cookieOf(start), "");
    const before = app.seen.length;
    for (let n = 0; n < 10; n += 1) t.equal((await ask(`${it.url}/page`)).status, 200, "own traffic");
    t.equal(app.seen.length, before + 10);
    t.equal((await ask(`${it.url}/page`, SUPPORT)).status, 200, "the agent's own traffic as well");
    t.equal(socket.readyState, socket.OPEN, "what is open has up to a minute");
    t.equal((await ask(`${it.url}/.guise/stop`, alice)).status, 200, "Stop is there");

    await redis.start();
    page = await ask(`${it.url}/page`, inside);
    while (page.status === 503) page = await ask(`${it.url}/page`, inside);
    t.match(page, { status: 200, body: /guise-banner/ }, "back, it goes on where it was");
    socket.terminate();
    await it.close();
    t.same(recordsOf(it.data, "impersonation.ended"), [], "an outage ends nothing");
  },
);

t.test("row 26: Stop in the outage counts here at once, and in the store when it is back", async (t) => {
  const redis = await redisServer({ args: ["--appendonly", "yes"] });
  t.teardown(() => redis.stop());
  process.env.FAULTS_STORE = redis.url;
  const app = await liveApp(t);
  const key = join(testFolder(t, { "data.key": randomBytes(32).toString("hex") }), "data.key");
  const more = `store: { redis: { url: { fromEnv: FAULTS_STORE } } }\nkeys: { data: { fromFile: "${key}" } }\n`;
  const [one, other] = [await front(t, app.origin, more), await front(t, app.origin, more)];
  const alice = await impersonating(one.url);
  const socket = await socketTo(one.url, "/ws", alice);
  const closed = closeOf(socket);
  // Its record is known here for a second, so the outage begins right after a request.
  await ask(`${one.url}/page`, alice);
  await redis.kill();
  // Not by `fetch`, which says that a script asks.
  const stopped = await ask(`${one.url}/.guise/stop`, { ...alice, origin: one.url }, "POST");
  t.equal(stopped.status, 303);
  t.match(stopped.headers["set-cookie"]?.join() ?? "", /guise=; .*Max-Age=0/);
  t.same(await closed, [4001, "ended-by-agent"]);
  await redis.start();
  const there = { ...CLICK, ...alice, "sec-fetch-site": "same-origin" };
  let page = await ask(`${other.url}/page`, there);
  while (page.status !== 409) page = await ask(`${other.url}/page`, there);
  t.match(page.body, /ended-by-agent/, "the other gateway hears of it");
  await one.close();
  t.equal(recordsOf(one.data, "impersonation.ended").length, 1);
});
