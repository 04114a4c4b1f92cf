import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { Redis } from "ioredis";
import t, { type Test } from "tap";
import { CookieJar } from "tough-cookie";
import { type Arrived, attackApp } from "./fixtures/apps/attack-app.ts";
import { lines } from "./fixtures/client/attack-requests.ts";
import {
  AS,
  CLICK,
  CONFIG,
  HOST,
  INSIDE,
  type Reply,
  request,
  type Stand,
  send,
  stand,
  values,
} from "./fixtures/gateway/attack-stand.ts";
import { SWITCHED } from "./fixtures/gateway/tunnel-gateway.ts";
import { redisServer } from "./fixtures/servers/redis.ts";

const ORIGIN = `http://${HOST}/`;
const LONG = "Max-Age=15552000; Path=/";
const UPGRADE = [
  "Connection: Upgrade",
  "Upgrade: websocket",
  `Origin: http://${HOST}`,
  "Sec-WebSocket-Version: 13",
  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
];

/** Whom the app is told that a request is of. */
function toldOf(arrived: Arrived): string {
  return /^x-guise-user: (\S+)\r$/im.exec(arrived.head)?.[1] ?? "nobody";
}

/**
 * An app that gives every answer, whatever its kind, a new session, and a cookie that signs in for 180 days. Every value names
 * whose it is, as `of-17-`.
 */
function restless(): (arrived: Arrived) => string {
  let count = 0;
  return (arrived) => {
    const who = toldOf(arrived);
    count += 1;
    const own = [
      `Set-Cookie: sid=of-${who}-hidden-${count}; Path=/; HttpOnly`,
      `Set-Cookie: remember=of-${who}-hidden-r; ${LONG}; HttpOnly`,
      `Set-Cookie: csrf=of-${who}-shown-${count}; ${LONG}`,
      `Set-Cookie: c${count % 7}=of-${who}-hidden-${count}; Path=/; HttpOnly`,
    ].join("\r\n");
    if (/^upgrade: websocket\r$/im.test(arrived.head) && arrived.target === "/live/open")
      return SWITCHED.replace("\r\n\r\n", `\r\n${own}\r\n\r\n`);
    const [, status = "200"] = /^\/(?:live\/)?(\d{3})/.exec(arrived.target) ?? [];
    return `HTTP/1.1 ${status} X\r\n${own}\r\nLocation: /next\r\nContent-Length: 2\r\n\r\nok`;
  };
}

/** What a browser does with cookies, and nothing else; all bytes that it got are kept. */
function browser(t: Test, it: Stand, who: readonly string[]) {
  const jar = new CookieJar();
  const got: string[] = [];
  return {
    got,
    jar,
    async go(line: string, fields: readonly string[] = INSIDE, body = ""): Promise<Reply> {
      const url = `http://${HOST}${line.split(" ")[1]}`;
      const sent = await jar.getCookieString(url);
      const cookie = sent === "" ? [] : [`Cookie: ${sent}`];
      const length = body === "" ? [] : [`Content-Length: ${body.length}`];
      const reply = await send(t, it.port, request(line, [...who, ...fields, ...cookie, ...length], body));
      got.push(reply.text);
      for (const set of values(reply.head, "Set-Cookie"))
        await jar.setCookie(set, url, { ignoreError: true });
      reply.line.socket.destroy();
      return reply;
    },
    holds: async () => await jar.getCookieString(ORIGIN),
  };
}

async function stopped(who: ReturnType<typeof browser>): Promise<void> {
  await who.go("POST /.guise/stop", [...INSIDE, `Origin: http://${HOST}`]);
}

/** The requests that had anything in them of somebody whom they are not of. */
function mixed(arrived: readonly Arrived[]): readonly string[] {
  return arrived
    .filter(({ head, body }) =>
      [...`${head}${body}`.matchAll(/of-([a-z0-9]+)-/g)].some(
        ([, whose]) => whose !== /^x-guise-user: (\S+)\r$/im.exec(head)?.[1],
      ),
    )
    .map(({ head }) => head);
}

const stores = [
  { name: "SQLite", redis: false },
  { name: "Redis", redis: true },
];

for (const { name, redis } of stores) {
  t.test(
    `SES-05, in ${name}: no byte of a cookie of one identity is ever in a request of another`,
    async (t) => {
      const server = redis ? await redisServer() : null;
      if (server !== null) t.teardown(() => server.stop());
      const it = await stand(t, {
        config: server === null ? CONFIG : `${CONFIG}store: { redis: { url: { fromEnv: R } } }\n`,
        env: server === null ? {} : { R: server.url },
      });
      it.app.answer = restless();
      const alice = browser(t, it, AS.alice);
      const nuno = browser(t, it, AS.nuno);
      await Promise.all([alice.go("GET /own"), nuno.go("GET /own")]);
      const before = await alice.holds();
      t.match(before, /remember=of-alice-/);

      await alice.go("GET /site/1/overview", CLICK);
      t.same(lines(it.app.arrived.at(-1), "Cookie"), [], "nobody's cookies to begin with");
      const kinds = ["200", "302", "404", "500", "403", "201"];
      for (let round = 0; round < 3; round += 1) {
        await Promise.all([
          ...kinds.map((status) => alice.go(`GET /${status}/${round}`)),
          ...kinds.map((status) => alice.go(`GET /${status}/fetched`, ["Sec-Fetch-Site: same-origin"])),
          alice.go("GET /live/open", UPGRADE),
          alice.go("GET /live/403", UPGRADE),
          nuno.go(`GET /200/${round}`),
          nuno.go("GET /live/open", UPGRADE),
        ]);
      }
      await alice.go("GET /last");
      const forCustomer = lines(it.app.arrived.at(-1), "Cookie").join();
      t.match(
        forCustomer,
        /^Cookie: .*\bremember=of-17-hidden-r/,
        "the 180 days are the customer's, in the jar",
      );
      t.equal(forCustomer.match(/\bsid=/g)?.length, 1);
      for (let n = 0; n < 7; n += 1)
        t.match(forCustomer, new RegExp(`\\bc${n}=of-17-`), "no parallel answer was lost");
      t.match(await alice.holds(), /csrf=of-17-shown-/, "what scripts read is in the browser");
      await alice.go("GET /site/2/overview", CLICK);
      await alice.go("GET /mia");
      t.match(lines(it.app.arrived.at(-1), "Cookie").join(), /remember=of-23-/);
      const stored = await contentsOf(it, server?.url ?? null);
      t.ok(stored.includes("jar:"), "there is a jar in the store");
      t.notMatch(stored, /of-(?:17|23|alice)-/, "and no cookie in it can be read");

      await stopped(alice);
      t.equal(
        (await alice.holds()).replace(/; guise-(?:notice|before)=[^;]*/g, ""),
        before,
        "the browser is the agent's own again",
      );
      await Promise.all([alice.go("GET /own/again"), nuno.go("GET /own/again")]);
      t.match(lines(it.app.arrived.at(-1), "Cookie").join(), /remember=of-(?:alice|17)-/);
      t.same(mixed(it.app.arrived), [], "on the app's side");
      const came = alice.got.join("\n");
      t.notMatch(came, /of-(?:17|23)-hidden-/, "on the browser's: what is HttpOnly stays behind");
      t.match(came, /of-alice-hidden-/);
      t.notMatch(nuno.got.join("\n"), /of-(?:23|alice)-/);
      t.equal(await it.metric("guise_invariant_violations_total"), 0);
    },
  );
}

/** All that lies in the store, whatever it is. */
async function contentsOf(it: Stand, redis: string | null): Promise<string> {
  if (redis === null) {
    const names = (await readdir(it.data)).filter((name) => name.startsWith("guise.db"));
    const files = await Promise.all(names.map((name) => readFile(join(it.data, name), "latin1")));
    return files.join("\n");
  }
  const client = new Redis(redis);
  try {
    const keys = await client.keys("*");
    const dumps = await Promise.all(keys.map((key) => client.dumpBuffer(key)));
    const values = await Promise.all(
      keys.map(async (key) => ((await client.type(key)) === "hash" ? await client.hgetall(key) : {})),
    );
    return [...keys, JSON.stringify(values), ...dumps.map((bytes) => bytes?.toString("latin1") ?? "")].join(
      "\n",
    );
  } finally {
    client.disconnect();
  }
}

t.test(
  "an app that asks its own session who is there is asked with the agent's, whatever it sets",
  async (t) => {
    const people = await attackApp(t);
    const asked: string[] = [];
    people.answer = ({ head }) => {
      const session = /^cookie: (.*)\r$/im.exec(head)?.[1] ?? "";
      asked.push(session);
      const person = session.startsWith("app_session=of-alice-")
        ? { id: "alice", groups: ["support"] }
        : { id: "17", groups: ["customer"] };
      const body = JSON.stringify(person);
      return `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
    };
    const whoami = `{ url: "http://127.0.0.1:${people.port}/me", cookies: [app_session], cacheFor: 1ms, user: { id: /id, groups: /groups } }`;
    const it = await stand(t, {
      config: CONFIG.replace(/ {2}- insecureHeader:.*\n/, `  - whoami: ${whoami}\n`),
    });
    it.app.answer = (arrived) =>
      `HTTP/1.1 200 OK\r\nSet-Cookie: app_session=of-${toldOf(arrived)}-shown; ${LONG}\r\nContent-Length: 2\r\n\r\nok`;
    const alice = browser(t, it, []);
    await alice.jar.setCookie("app_session=of-alice-shown; Path=/", ORIGIN);
    await alice.go("GET /site/1/overview", CLICK);
    for (let n = 0; n < 3; n += 1) t.equal((await alice.go("GET /x")).status, 200);
    t.match(lines(it.app.arrived.at(-1), "Cookie").join(), "Cookie: app_session=of-17-shown");
    t.same([...new Set(asked)], ["app_session=of-alice-shown"]);
  },
);

t.test("what the app's scripts set is the customer's from start to end, where it is announced", async (t) => {
  const it = await stand(t, { config: `${CONFIG}page: { scriptCookies: [jwt, "cart_*"] }\n` });
  const alice = browser(t, it, AS.alice);
  const byScript = (cookie: string) => alice.jar.setCookie(`${cookie}; Path=/`, ORIGIN, { http: false });
  await byScript("jwt=of-alice-own");
  await byScript("other=of-alice-own");
  const before = await alice.holds();
  await alice.go("GET /site/1/overview", INSIDE);
  t.notMatch(await alice.holds(), /jwt/, "scripts of the customer's page don't even see the agent's");
  await byScript("jwt=of-17-token");
  await byScript("cart_1=of-17-cart");
  await alice.go("GET /x");
  t.same(lines(it.app.arrived.at(-1), "Cookie"), ["Cookie: jwt=of-17-token; cart_1=of-17-cart"]);
  await byScript("jwt=of-17-renewed");
  await alice.go("GET /x");
  t.match(lines(it.app.arrived.at(-1), "Cookie").join(), /jwt=of-17-renewed/);
  await alice.go("GET /site/2/overview", CLICK);
  t.same(lines(it.app.arrived.at(-1), "Cookie"), []);
  await byScript("jwt=of-23-token");
  await alice.go("GET /x");
  t.same(lines(it.app.arrived.at(-1), "Cookie"), ["Cookie: jwt=of-23-token"]);
  await byScript("jwt=of-23-unheard");
  await stopped(alice);
  t.same(
    (await alice.holds())
      .split("; ")
      .filter((pair) => !pair.startsWith("guise"))
      .sort(),
    before.split("; ").sort(),
  );
  await alice.go("GET /own");
  t.same(mixed(it.app.arrived), []);
});
