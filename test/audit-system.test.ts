import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { join } from "node:path";
import { Redis } from "ioredis";
import t, { type Test } from "tap";
import { app } from "../src/app.ts";
import { keys } from "../src/cli/keys.ts";
import { examine } from "../src/config/load.ts";
import { ALICE, ask, CLICK, named } from "./fixtures/client/named.ts";
import { loadOptions, loadText, MINIMAL, problemsOf } from "./fixtures/gateway/config.ts";
import { type Stack, stack } from "./fixtures/gateway/stack.ts";
import { journalOf } from "./fixtures/journal/journal.ts";
import { fakeLog } from "./fixtures/log.ts";
import { redisServer } from "./fixtures/servers/redis.ts";
import { testFolder } from "./fixtures/test-folder.ts";

const AUDIT = "audit:\n  mode: strict\n";

t.test("a key that is rotated is on record, with its purpose and id", async (t) => {
  const it = await stack();
  t.teardown(() => it.close());
  const said: string[] = [];
  const io = { out: (text: string) => said.push(text), err: () => undefined, env: {} };
  t.equal(await keys.run(["rotate", "--key", "token", "--data", it.data], io), 0);
  await it.gateway.reload();
  await it.gateway.close();
  const rotated = (await journalOf(it.data)).filter((record) => record.event.action === "key.rotated");
  t.equal(rotated.length, 1);
  t.match(rotated[0]?.message, /^token key \S+$/);
});

t.test("the closing record and the last checkpoint reach the stream", async (t) => {
  const redis = await redisServer();
  t.teardown(() => redis.stop());
  process.env.GUISE_TEST_REDIS = redis.url;
  const it = await stack({
    edit: (yaml) => `${named(yaml)}\nstore: { redis: { url: { fromEnv: GUISE_TEST_REDIS } } }\n`,
  });
  await ask(`${it.url}/site/9421/overview`, { ...CLICK, ...ALICE });
  await it.close();
  const client = new Redis(redis.url);
  t.teardown(() => client.disconnect());
  const entries = await client.xrange("{guise:audit}", "-", "+");
  const actions = entries.map(([, fields]) => fields[fields.indexOf("action") + 1]);
  t.strictSame(actions.slice(-2), ["journal.checkpoint", "journal.closed"]);
  t.ok(actions.includes("impersonation.started"));
});

t.test("webhooks of the config are told, and signed with their secret", async (t) => {
  const { url, next } = await listener(t);
  process.env.GUISE_TEST_HOOK = url;
  process.env.GUISE_TEST_HOOK_SECRET = `whsec_${Buffer.alloc(32, 7).toString("base64")}`;
  const hook =
    "  webhooks: [{ url: { fromEnv: GUISE_TEST_HOOK }, events: [impersonation.started], secret: { fromEnv: GUISE_TEST_HOOK_SECRET } }]\n";
  const it = await stack({ edit: (yaml) => named(yaml).replace(AUDIT, `${AUDIT}${hook}`) });
  t.teardown(() => it.close());
  const told = next();
  await ask(`${it.url}/site/9421/overview`, { ...CLICK, ...ALICE });
  const { headers, body } = await told;
  t.match(headers["webhook-signature"], /^v1,/);
  t.match(JSON.parse(body), { action: "impersonation.started", trueUser: "1", effectiveUser: "17" });
});

t.test("a webhook of the format slack gets a sentence, and a password of its address as Basic", async (t) => {
  const { url, next } = await listener(t);
  process.env.GUISE_TEST_HOOK = url.replace("//", "//me:hunter2@");
  const hook =
    "  webhooks: [{ url: { fromEnv: GUISE_TEST_HOOK }, events: [impersonation.started], format: slack }]\n";
  const it = await stack({ edit: (yaml) => named(yaml).replace(AUDIT, `${AUDIT}${hook}`) });
  t.teardown(() => it.close());
  const told = next();
  await ask(`${it.url}/site/9421/overview`, { ...CLICK, ...ALICE });
  const { headers, body } = await told;
  t.match(JSON.parse(body), { text: "impersonation.started: 1 as 17" });
  t.same(Object.keys(JSON.parse(body)), ["text"]);
  t.equal(headers.authorization, `Basic ${Buffer.from("me:hunter2").toString("base64")}`);
});

t.test("a secret that receivers could not read stops the start, and is not told", async (t) => {
  process.env.GUISE_TEST_HOOK_SECRET = "hunter2";
  const hook =
    '  webhooks: [{ url: "https://hooks.example/x", secret: { fromEnv: GUISE_TEST_HOOK_SECRET } }]\n';
  const folder = testFolder(t, { "routes.config.yaml": `${MINIMAL}${AUDIT}${hook}` });
  const starting = app({
    config: join(folder, "routes.config.yaml"),
    port: 0,
    host: "127.0.0.1",
    adminPort: 0,
    data: join(folder, "data"),
    env: process.env,
    log: fakeLog(),
  });
  await t.rejects(starting, {
    code: "config-invalid",
    detail: /^audit\.webhooks: the secret of hooks\.example .*openssl rand -base64 32`$/,
  });
});

t.test("two secrets with one address stop the start, and are not told", async (t) => {
  process.env.GUISE_TEST_HOOK = "https://me:hunter2@hooks.example/x";
  process.env.GUISE_TEST_HOOK_SECRET = "https://hooks.example/x";
  const hook =
    "  webhooks: [{ url: { fromEnv: GUISE_TEST_HOOK } }, { url: { fromEnv: GUISE_TEST_HOOK_SECRET } }]\n";
  const folder = testFolder(t, { "routes.config.yaml": `${MINIMAL}${AUDIT}${hook}` });
  const config = join(folder, "routes.config.yaml");
  const starting = app({
    ...{ config, port: 0, host: "127.0.0.1", adminPort: 0, data: join(folder, "data") },
    ...{ env: process.env, log: fakeLog() },
  });
  const detail = /^audit\.webhooks: has the address, format and events of webhooks\[0\](?!.*hunter2)/;
  await t.rejects(starting, { code: "config-invalid", detail });
  const checked = await examine(config, loadOptions(process.env as Record<string, string>));
  t.match(checked, { kind: "rejected", problems: [{ path: "audit.webhooks[1]", message: /told twice/ }] });
});

t.test("a secret that should be an address and is none stops the start", async (t) => {
  process.env.GUISE_TEST_HOOK = "not an address";
  const hook = "  webhooks: [{ url: { fromEnv: GUISE_TEST_HOOK } }]\n";
  const folder = testFolder(t, { "routes.config.yaml": `${MINIMAL}${AUDIT}${hook}` });
  const starting = app({
    config: join(folder, "routes.config.yaml"),
    port: 0,
    host: "127.0.0.1",
    adminPort: 0,
    data: join(folder, "data"),
    env: process.env,
    log: fakeLog(),
  });
  await t.rejects(starting, { code: "config-invalid", detail: /audit\.webhooks/ });
});

t.test("what the audit does is to be seen in the metrics", async (t) => {
  const redis = await redisServer();
  t.teardown(() => redis.stop());
  process.env.GUISE_TEST_REDIS = redis.url;
  const it = await stack({
    edit: (yaml) => `${named(yaml)}\nstore: { redis: { url: { fromEnv: GUISE_TEST_REDIS } } }\n`,
  });
  t.teardown(() => it.close());
  await ask(`${it.url}/site/9421/overview`, { ...CLICK, ...ALICE });
  const metrics = async () => (await ask(`${it.gateway.adminUrl}/metrics`)).body;
  let body = await metrics();
  // It is counted after the answer.
  while (!/^guise_audit_events_total\{action="impersonation.outcome"\} 1$/m.test(body))
    body = await metrics();
  for (const line of [
    /^guise_audit_events_total\{action="impersonation.intent"\} 1$/m,
    /^guise_audit_disk_mark 0$/m,
    /^guise_audit_open 1$/m,
    /^guise_audit_last_commit_seconds 0\.\d+$/m,
    /^guise_audit_fsync_seconds_count [1-9]/m,
    /^guise_audit_lag_records\{sink="redis"\} \d+$/m,
    /^guise_audit_lag_seconds\{sink="redis"\} [\d.]+$/m,
    /^guise_audit_gaps_total\{sink="redis"\} 0$/m,
    /^guise_audit_warnings\{sink="redis"\} [1-9]$/m,
  ]) {
    t.match(body, line);
  }
});

t.test(
  "the pages of each gateway on one Redis show what any of them recorded, and what the stream lacks",
  async (t) => {
    const redis = await redisServer();
    t.teardown(() => redis.stop());
    process.env.GUISE_TEST_REDIS = redis.url;
    const client = new Redis(redis.url);
    t.teardown(() => client.disconnect());
    const another = async () => {
      const it = await stack({
        edit: (yaml) => `${named(yaml)}\nstore: { redis: { url: { fromEnv: GUISE_TEST_REDIS } } }\n`,
      });
      t.teardown(() => it.close());
      return it;
    };
    const page = async (it: Stack, path: string) => {
      for (;;) {
        const { status, body } = await ask(`${it.url}/.guise/${path}`, { ...CLICK, ...ALICE });
        if (body.includes("still being read")) continue;
        t.equal(status, 200);
        return body;
      }
    };
    const gaps = async (it: Stack) =>
      /^guise_audit_verify_gaps (\d+)$/m.exec((await ask(`${it.gateway.adminUrl}/metrics`)).body)?.[1];
    const one = await another();
    await ask(`${one.url}/site/9421/overview`, { ...CLICK, ...ALICE });
    let entries = await client.xrange("{guise:audit}", "-", "+");
    while (!entries.some(([, fields]) => fields[3] === "impersonation.outcome"))
      entries = await client.xrange("{guise:audit}", "-", "+");
    const outcome =
      /\/site\/9421\/overview.*<span class="tone looked">200<.*href="\/\.guise\/(why\?event=[^"]+)"/s;
    const before = await page(one, "activity");
    t.match(before, outcome);
    t.notMatch(before, /missing or altered/);
    const [loaded] = entries.find(([, fields]) => fields[3] === "config.loaded") ?? [""];
    t.equal(await client.xdel("{guise:audit}", loaded), 1);
    const other = await another();
    const list = await page(other, "activity");
    t.match(list, outcome, "what the other one recorded");
    t.match(list, /1 records are missing or altered/);
    t.equal(await gaps(other), "1");
    t.equal(await gaps(one), "0", "which had read it before");
    const why = await page(other, outcome.exec(list)?.[1] ?? "");
    t.match(why, /What the judge asked/);
    t.match(why, /What became of it.*intent.*outcome/s);
    t.match(why, /its hash fits/);
  },
);

t.test("batch has to be asked for twice", async (t) => {
  t.match(problemsOf(`${MINIMAL}audit: { mode: batch }\n`), [/audit\.mode.*insecureBatch: true/]);
  t.equal(loadText(`${MINIMAL}audit: { mode: batch, insecureBatch: true }\n`).kind, "loaded");
  t.equal(loadText(`${MINIMAL}audit: { mode: blocking }\n`).kind, "loaded");
});

t.test("names of secrets in the config count beside our own", async (t) => {
  const it = await stack({
    edit: (yaml) => named(yaml).replace(AUDIT, `${AUDIT}  redact: [iban]\n  hash: [email]\n`),
  });
  await ask(`${it.url}/site/9421/overview?iban=DE02&email=a%40b&tab=1`, { ...CLICK, ...ALICE });
  await it.gateway.close();
  const text = await journalOf(it.data);
  await it.close();
  const query = text.find((record) => record.event.action === "impersonation.intent")?.url?.query;
  t.match(query, /^iban=\[redacted\]&email=hmac:[0-9a-f]{32}&tab=1$/);
});

t.test("the worked example says strict", async (t) => {
  t.ok((await readFile(join(import.meta.dirname, "../routes.config.yaml"), "utf8")).includes(AUDIT));
});

async function listener(t: Test) {
  const arrived = Promise.withResolvers<{ headers: Record<string, unknown>; body: string }>();
  const server = createServer(async (request, response) => {
    let body = "";
    for await (const chunk of request) body += chunk;
    response.end();
    arrived.resolve({ headers: request.headers, body });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  t.teardown(() => server.close());
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("a server without a port");
  return { url: `http://127.0.0.1:${address.port}/hook`, next: () => arrived.promise };
}
