import { randomBytes } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Redis } from "ioredis";
import t from "tap";
import { ALICE, ask, CLICK, cookieOf, named } from "./fixtures/client/named.ts";
import { stack } from "./fixtures/gateway/stack.ts";
import { redisServer } from "./fixtures/servers/redis.ts";
import { testFolder } from "./fixtures/test-folder.ts";

t.test("an edit of the config counts at once, a bad one changes nothing", async (t) => {
  const it = await stack({ edit: named });
  t.teardown(() => it.close());
  const good = await readFile(it.config, "utf8");
  t.match(cookieOf(await ask(`${it.url}/site/9421/overview`, { ...CLICK, ...ALICE })), /^guise=.{43}$/);

  await writeFile(it.config, good.replace("impersonation: on", "impersonation: off"));
  await it.gateway.reload();
  t.equal(cookieOf(await ask(`${it.url}/site/9421/overview`, { ...CLICK, ...ALICE })), "", "switched off");

  await writeFile(it.config, good.replace("impersonation: on", "impersonation: perhaps"));
  await it.gateway.reload();
  t.equal(
    cookieOf(await ask(`${it.url}/site/9421/overview`, { ...CLICK, ...ALICE })),
    "",
    "the bad edit left it off",
  );

  await writeFile(it.config, good);
  await it.gateway.reload();
  t.match(
    cookieOf(await ask(`${it.url}/site/9421/overview`, { ...CLICK, ...ALICE })),
    /^guise=.{43}$/,
    "and on again",
  );
});

t.test("an id of any length under the prefix gets the page that says what is wrong with it", async (t) => {
  const it = await stack({ edit: named });
  t.teardown(() => it.close());
  for (const length of [99, 101, 128, 200]) {
    const page = await ask(`${it.url}/.guise/as/${"x".repeat(length)}`, { ...CLICK, ...ALICE });
    t.not(page.status, 404, String(length));
    t.match(page.body, /<main/, "a page of ours");
  }
});

t.test("what runs is ended by the switch, on the next request", async (t) => {
  const it = await stack({ edit: named });
  t.teardown(() => it.close());
  const cookie = cookieOf(await ask(`${it.url}/site/9421/overview`, { ...CLICK, ...ALICE }));
  const inside = { ...CLICK, ...ALICE, cookie, "sec-fetch-site": "same-origin" };
  t.equal((await ask(`${it.url}/sites`, inside)).status, 200);
  await writeFile(
    it.config,
    (await readFile(it.config, "utf8")).replace("impersonation: on", "impersonation: off"),
  );
  await it.gateway.reload();
  const page = await ask(`${it.url}/sites`, inside);
  t.equal(page.status, 409);
  t.match(page.body, /ended-revoked/);
  const script = await ask(`${it.url}/api/sites`, { ...ALICE, cookie });
  t.match(
    { status: script.status, problem: JSON.parse(script.body) },
    { status: 409, problem: { code: "ended-revoked" } },
  );
});

t.test(
  "every impersonated request has an intent and an outcome in the journal, with both people",
  async (t) => {
    const it = await stack({ edit: named });
    const cookie = cookieOf(await ask(`${it.url}/site/9421/overview`, { ...CLICK, ...ALICE }));
    await ask(`${it.url}/sites?token=hidden`, {
      ...CLICK,
      ...ALICE,
      cookie,
      "sec-fetch-site": "same-origin",
    });
    await ask(`${it.url}/site/9421/settings`, { ...ALICE, cookie }, "POST");
    await it.gateway.close();
    const folder = join(it.data, "audit");
    const lines = readdirSync(folder)
      .filter((name) => name.endsWith(".jsonl"))
      .flatMap((name) => readFileSync(join(folder, name), "utf8").trim().split("\n"))
      .map((line) => JSON.parse(line));
    await it.close();
    const actions = lines.map((line) => line.event?.action);
    for (const action of [
      "impersonation.started",
      "impersonation.intent",
      "impersonation.outcome",
      "impersonation.denied",
      "config.loaded",
    ]) {
      t.ok(actions.includes(action), action);
    }
    const intents = lines.filter((line) => line.event?.action === "impersonation.intent");
    const outcomes = lines.filter((line) => line.event?.action === "impersonation.outcome");
    t.equal(intents.length, 2);
    t.same(
      outcomes.map((line) => line.guise.intent).sort(),
      intents.map((line) => line.event.id).sort(),
      "each intent has its outcome",
    );
    t.match(intents[1], {
      user: { id: "1", effective: { id: "17" } },
      url: { path: "/sites" },
      related: { user: ["1", "17"] },
    });
    t.notOk(
      lines.some((line) => JSON.stringify(line).includes("hidden")),
      "a secret in the query is not written down",
    );
  },
);

t.test("with Redis, two gateways share what runs, and the records are in the stream", async (t) => {
  const redis = await redisServer();
  t.teardown(() => redis.stop());
  process.env.GUISE_TEST_REDIS = redis.url;
  const secret = join(testFolder(t, { "data.key": randomBytes(32).toString("hex") }), "data.key");
  const shared = (yaml: string) =>
    `${named(yaml)}\nstore: { redis: { url: { fromEnv: GUISE_TEST_REDIS } } }\nkeys: { data: { fromFile: "${secret}" } }\n`;
  const one = await stack({ edit: shared });
  const other = await stack({ edit: shared });
  const cookie = cookieOf(await ask(`${one.url}/site/9421/overview`, { ...CLICK, ...ALICE }));
  const inside = { ...CLICK, ...ALICE, cookie, "sec-fetch-site": "same-origin" };
  t.match(
    await ask(`${other.url}/sites`, inside),
    { status: 200, body: /guise-banner/ },
    "the other gateway knows it",
  );

  // Not by `fetch`, which says that a script asks.
  const stopped = await ask(`${other.url}/.guise/stop`, { ...ALICE, cookie, origin: other.url }, "POST");
  t.equal(stopped.status, 303);
  const after = await ask(`${other.url}/sites`, inside);
  t.match(after, { status: 409, body: /ended-by-agent/ });

  await one.close();
  await other.close();
  const client = new Redis(redis.url);
  t.teardown(() => client.disconnect());
  const entries = await client.xrange("{guise:audit}", "-", "+");
  const actions = entries.map(([, fields]) => fields[fields.indexOf("action") + 1]);
  for (const action of [
    "impersonation.started",
    "impersonation.intent",
    "impersonation.outcome",
    "impersonation.ended",
  ]) {
    t.ok(actions.includes(action), action);
  }
});
