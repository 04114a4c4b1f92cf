import t from "tap";
import { connected, disconnect, redisClient } from "../../src/clients/redis.ts";
import { fakeLog } from "../fixtures/log.ts";
import { redisServer } from "../fixtures/servers/redis.ts";

/** How long a busy machine may take for what is expected to come, ms. */
const PATIENCE = 60_000;

t.test("a lost connection and its return are one line each, however many attempts lie between", async (t) => {
  const server = await redisServer();
  const log = fakeLog();
  const client = redisClient(server.url, { name: "test", log, timeout: PATIENCE });
  t.teardown(async () => {
    disconnect(client);
    await server.stop();
  });
  await connected(client, PATIENCE);
  const failures = new Promise<void>((resolve) => {
    let count = 0;
    client.on("error", () => {
      count += 1;
      if (count === 3) resolve();
    });
  });
  await server.kill();
  await failures;
  const back = new Promise<void>((resolve) => client.once("ready", resolve));
  await server.start();
  await back;
  t.strictSame(log.lines, ["warn: Redis can not be reached", "info: Redis is back"]);
});

t.test("a command whose answer got lost is not sent again", async (t) => {
  const server = await redisServer();
  const client = redisClient(server.url, { name: "test", log: fakeLog(), timeout: 2_000 });
  t.teardown(async () => {
    disconnect(client);
    await server.stop();
  });
  await connected(client, PATIENCE);
  await client.set("count", 0);
  server.pause();
  await t.rejects(client.incr("count"), /timed out/);
  const closed = new Promise<void>((resolve) => client.once("close", resolve));
  client.disconnect(true);
  await closed;
  server.resume();
  await connected(client, PATIENCE);
  t.match(await client.get("count"), /^[01]$/);
});

t.test("without a connection a command fails at once instead of waiting", async (t) => {
  const server = await redisServer();
  const client = redisClient(server.url, { name: "test", log: fakeLog(), timeout: PATIENCE });
  t.teardown(() => disconnect(client));
  await connected(client, PATIENCE);
  const gone = new Promise<void>((resolve) => client.once("close", resolve));
  await server.stop();
  await gone;
  await t.rejects(client.get("a"), /isn't writeable/);
  disconnect(client);
  await t.rejects(connected(client, 100), /closed|not connected/);
});

t.test("a wrong password is said in the log, and the connection is never ready", async (t) => {
  const server = await redisServer({ args: ["--requirepass", "right"] });
  t.teardown(() => server.stop());
  const log = fakeLog();
  const wrong = redisClient(server.url.replace("://", "://:wrong@"), {
    name: "test",
    log,
    timeout: PATIENCE,
  });
  const right = redisClient(server.url.replace("://", "://:right@"), {
    name: "test",
    log: fakeLog(),
    timeout: PATIENCE,
  });
  t.teardown(() => {
    disconnect(wrong);
    disconnect(right);
  });
  await connected(right, PATIENCE);
  t.equal(await right.ping(), "PONG");
  await t.rejects(connected(wrong, 500), /not connected within 500 ms/);
  while (log.lines.length === 0) await new Promise((done) => setTimeout(done, 5));
  t.match(log.lines, ["warn: Redis can not be reached"]);
});
