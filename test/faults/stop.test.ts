import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { connect } from "node:net";
import { join } from "node:path";
import { Redis } from "ioredis";
import t from "tap";
import { liveApp } from "../fixtures/apps/live-app.ts";
import { ask } from "../fixtures/client/named.ts";
import {
  closeOf,
  frontConfig,
  frontFolder,
  impersonating,
  journalOf,
  recordsOf,
  socketTo,
} from "../fixtures/gateway/front.ts";
import { serving } from "../fixtures/gateway/serving.ts";
import { redisServer } from "../fixtures/servers/redis.ts";
import { testFolder } from "../fixtures/test-folder.ts";

/** An answer whose end can be waited for: true if it came whole. */
async function opened(
  url: string,
  headers: Record<string, string>,
): Promise<{ readonly ended: Promise<boolean> }> {
  const [response] = (await once(request(url, { headers }).end(), "response")) as [IncomingMessage];
  response.on("error", () => undefined).resume();
  return { ended: new Promise((resolve) => response.once("close", () => resolve(response.complete))) };
}

/** Whether anybody listens there. */
function listens(port: number): Promise<boolean> {
  const socket = connect({ port, host: "127.0.0.1" });
  return new Promise((resolve) => {
    socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
    socket.once("connect", () => socket.destroy());
  });
}

t.test(
  "row 11: told to stop, it takes nothing new, finishes what is open, closes sockets, and loses no record",
  async (t) => {
    const redis = await redisServer();
    t.teardown(() => redis.stop());
    const app = await liveApp(t);
    const key = join(testFolder(t, { "data.key": randomBytes(32).toString("hex") }), "data.key");
    const store = `store: { redis: { url: { fromEnv: FAULTS_REDIS } } }\nkeys: { data: { fromFile: "${key}" } }\n`;
    const { config, data } = frontFolder(t, frontConfig(app.origin, store));
    const env = { FAULTS_REDIS: redis.url };
    const it = await serving(t, { config, data, env });
    const alice = await impersonating(it.url);
    const sockets = [await socketTo(it.url, "/ws", alice), await socketTo(it.url, "/ws", {})];
    const closes = sockets.map(closeOf);
    const streams = [await opened(`${it.url}/events`, alice), await opened(`${it.url}/events`, {})];
    const held = [ask(`${it.url}/held`, alice), ask(`${it.url}/held`)];
    await app.holding(2);
    // From here on nothing can be shipped.
    redis.pause();
    const sent = it.child.kill("SIGTERM");
    t.equal(sent, true);
    t.same(await Promise.all(closes), [
      [1001, "going-away"],
      [1001, "going-away"],
    ]);
    t.same(await Promise.all(streams.map((stream) => stream.ended)), [false, false]);
    const late = await ask(`${it.url}/late`).catch((error: NodeJS.ErrnoException) => error.code);
    t.ok(
      late === "ECONNREFUSED" || (typeof late === "object" && late.status === 503),
      "nothing new is taken",
    );
    for (const response of app.held) response.end("done at last");
    const answers = await Promise.all(held);
    t.same(
      answers.map(({ status, body }) => [status, body]),
      [
        [200, "done at last"],
        [200, "done at last"],
      ],
    );
    t.equal(await it.exited, 0);
    t.equal(await listens(it.port), false);
    t.equal(journalOf(data).at(-1)?.event.action, "journal.closed");
    t.equal(journalOf(data).at(-1)?.guise.open, 0);
    const intents = recordsOf(data, "impersonation.intent").map((line) => line.event.id);
    const outcomes = recordsOf(data, "impersonation.outcome");
    t.equal(intents.length, 4, "the start, the socket, the stream, the request");
    t.same(outcomes.map((line) => line.guise.intent).sort(), [...intents].sort(), "each has its outcome");
    t.same(outcomes.map((line) => line.guise.ending).sort(), ["revoked", "revoked", "success", "success"]);

    redis.resume();
    const again = await serving(t, { config, data, env });
    const client = new Redis(redis.url);
    t.teardown(() => client.disconnect());
    const wanted = new Set(
      journalOf(data)
        .slice(0, -1)
        .map((line) => line.event.id),
    );
    const missing = async () => {
      const entries = await client.xrange("{guise:audit}", "-", "+");
      const there = new Set(entries.map(([, fields]) => fields[fields.indexOf("id") + 1]));
      return [...wanted].filter((id) => !there.has(id));
    };
    await again.logged("guise is listening");
    again.child.kill("SIGTERM");
    t.equal(await again.exited, 0);
    t.same(await missing(), [], "what could not be shipped then is shipped by the next life");
  },
);
