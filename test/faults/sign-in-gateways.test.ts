import { randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import t from "tap";
import { app as gatewayApp } from "../../src/app.ts";
import { loginApp, PASSWORD } from "../fixtures/apps/login-app.ts";
import { frontConfig, frontFolder, recordsOf } from "../fixtures/gateway/front.ts";
import { BY_FORM, visit } from "../fixtures/gateway/signed-in-front.ts";
import { fakeLog } from "../fixtures/log.ts";
import { balancer } from "../fixtures/servers/balancer.ts";
import { redisServer } from "../fixtures/servers/redis.ts";

const SHARED = `store: { redis: { url: { fromEnv: FAULTS_STORE } } }
keys: { data: { fromFile: data.key } }
`;

t.test("two gateways with one Redis sign in once, renew once, and end once", async (t) => {
  process.env.LOGIN_APP_PASSWORD = PASSWORD;
  const redis = await redisServer();
  t.teardown(() => redis.stop());
  const app = await loginApp(t);
  const key = randomBytes(32).toString("hex");
  const folders = [1, 2].map(() => frontFolder(t, frontConfig(app.origin, BY_FORM + SHARED)));
  const ports: number[] = [];
  const env = { ...process.env, FAULTS_STORE: redis.url };
  for (const { data, config } of folders) {
    writeFileSync(join(data, "data.key"), key);
    const options = { config, data, env, port: 0, host: "127.0.0.1", adminPort: 0, log: fakeLog() };
    const one = await gatewayApp(options);
    t.teardown(() => one.close());
    ports.push(Number(new URL(one.url).port));
  }
  const front = await balancer(t, ports);
  const alice = await visit(front.url);
  t.match(alice.first.body, "<p id=user>Nuno</p>");
  t.equal(app.asked("/login"), 2, "GET and POST");

  app.sessions.clear();
  const once = { connection: "close" };
  const asked = async (n: number) => {
    const first = await alice.fetch(`/api/me?n=${n}`, "GET", once);
    return first.status === 307 ? await alice.fetch(first.headers.location ?? "", "GET", once) : first;
  };
  const answers = await Promise.all(Array.from({ length: 40 }, (_, n) => asked(n)));
  const others = answers.filter(({ status, body }) => status === 200 && JSON.parse(body).id !== "17");
  t.same(others, [], "nobody else is shown");
  t.same(
    answers.map(({ status }) => status),
    answers.map(() => 200),
    "and all are served",
  );
  t.equal(app.asked("/login"), 4, "the session was made anew once, whichever gateway was asked");
  t.equal(app.sessionsOf("17").length, 1);
  const performed = folders.flatMap(({ data }) => recordsOf(data, "sign-in.performed"));
  t.equal(performed.length, 2);
  for (const { data } of folders)
    t.ok(recordsOf(data, "impersonation.intent").length > 5, "both had a part in it");

  await alice.open("/leave");
  await app.arrived("/logout");
  while (app.sessionsOf("17").length > 0) await setImmediate();
  t.equal(app.asked("/logout"), 1, "and ended once");
});
