import { randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import { chainFaults } from "../audit/journal-folder.ts";
import { liveApp } from "../fixtures/apps/live-app.ts";
import { ask, CLICK, cookieOf } from "../fixtures/client/named.ts";
import { frontConfig, frontFolder, impersonating, recordsOf } from "../fixtures/gateway/front.ts";
import { serving } from "../fixtures/gateway/serving.ts";
import { streamOf } from "../fixtures/journal/stream.ts";
import { balancer } from "../fixtures/servers/balancer.ts";
import { redisServer } from "../fixtures/servers/redis.ts";

t.test(
  "row 27: of two gateways behind a balancer one dies: the session goes on at the other, with its one jar",
  async (t) => {
    const redis = await redisServer({ args: ["--appendonly", "yes"] });
    t.teardown(() => redis.stop());
    const app = await liveApp(t);
    const jars: (string | undefined)[] = [];
    app.server.prependListener("request", (request, response) => {
      jars.push(request.headers.cookie);
      if (request.url === "/login") response.setHeader("set-cookie", "session=of-nuno; HttpOnly; Path=/");
    });
    const key = randomBytes(32).toString("hex");
    const more = `store: { redis: { url: { fromEnv: FAULTS_STORE } } }\nkeys: { data: { fromFile: data.key } }\n`;
    const folders = [1, 2].map(() => frontFolder(t, frontConfig(app.origin, more)));
    for (const { data } of folders) writeFileSync(join(data, "data.key"), key);
    const [one, other] = await Promise.all(
      folders.map((folder) => serving(t, { ...folder, env: { FAULTS_STORE: redis.url } })),
    );
    if (one === undefined || other === undefined) throw new Error("two gateways were to start");
    // Every request is a connection of its own, and so comes to the next gateway in turn.
    const front = await balancer(t, [one.port, other.port]);
    const once = { connection: "close" };
    const impersonated = { ...(await impersonating(front.url)), ...once };
    const inside = { ...CLICK, ...impersonated, "sec-fetch-site": "same-origin" };
    t.equal((await ask(`${front.url}/login`, inside)).headers["set-cookie"], undefined, "stays in the jar");
    for (let n = 0; n < 4; n += 1) {
      t.match(await ask(`${front.url}/page`, inside), { status: 200, body: /guise-banner/ });
      t.equal(jars.at(-1), "session=of-nuno", "which is the same at both");
    }
    for (const { data } of folders)
      t.ok(recordsOf(data, "impersonation.intent").length >= 2, "both had a part in it");

    one.child.kill("SIGKILL");
    await one.exited;
    for (let n = 0; n < 10; n += 1) {
      t.match(await ask(`${front.url}/page`, inside), { status: 200, body: /guise-banner/ });
      t.equal(jars.at(-1), "session=of-nuno");
      t.equal((await ask(`${front.url}/page`, once)).status, 200, "own traffic is served as well");
    }
    const mia = await ask(`${front.url}/site/2`, { ...CLICK, ...impersonated });
    t.match(cookieOf(mia), /^guise=.{43}$/, "a switch at the other");
    t.equal(jars.at(-1), undefined, "another person, another jar");

    const again = await serving(t, {
      ...(folders[0] as (typeof folders)[number]),
      env: { FAULTS_STORE: redis.url },
    });
    for (const it of [again, other]) {
      it.child.kill("SIGTERM");
      t.equal(await it.exited, 0);
    }
    const stream = await streamOf(redis);
    const producers = new Set(stream.map(({ guise }) => guise.chain.id));
    t.equal(producers.size, 3, "each life is a producer of its own");
    t.same(chainFaults(stream), [], "and their numbers don't get into each other's way");
    t.equal(new Set(stream.map(({ event }) => event.id)).size, stream.length);
    const open = new Set(
      stream.filter(({ event }) => event.action === "impersonation.intent").map(({ event }) => event.id),
    );
    for (const { guise } of stream) open.delete(String(guise.intent));
    t.same([...open], [], "what the dead one had begun has an outcome");
  },
);
