import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { join } from "node:path";
import t, { type Test } from "tap";
import { verify } from "../../../src/cli/audit/verify.ts";
import { endedText, runningText } from "../../../src/cli/sessions/print.ts";
import { sessions } from "../../../src/cli/sessions/sessions.ts";
import { advance, start } from "../../../src/domain/impersonation.ts";
import { liveApp } from "../../fixtures/apps/live-app.ts";
import { ask, CLICK } from "../../fixtures/client/named.ts";
import {
  closeOf,
  type Front,
  front,
  impersonating,
  journalOf,
  recordsOf,
  socketTo,
} from "../../fixtures/gateway/front.ts";
import { redisServer } from "../../fixtures/servers/redis.ts";
import { testFolder } from "../../fixtures/test-folder.ts";

async function run(args: readonly string[], env: Record<string, string> = {}) {
  const said = { out: "", err: "" };
  const io = {
    out: (text: string) => {
      said.out += text;
    },
    err: (text: string) => {
      said.err += text;
    },
    env: { ...process.env, ...env },
  };
  return { code: await sessions.run(args, io), ...said };
}

/** The words that name a gateway's config and folder. */
function at({ config, data }: Front): readonly string[] {
  return ["-c", config, "--data", data];
}

async function idsOf(it: Front): Promise<readonly string[]> {
  const { out } = await run(["list", "--json", ...at(it)]);
  return JSON.parse(out).sessions.map((session: { id: string }) => session.id);
}

/** An answer that goes on, with how it ends. */
async function streamTo(url: string, headers: Record<string, string>) {
  const [response] = (await once(request(url, { headers }).end(), "response")) as [IncomingMessage];
  const ended = new Promise<boolean>((resolve) => response.once("close", () => resolve(response.complete)));
  await once(response, "data");
  response.resume();
  response.on("error", () => undefined);
  return { status: response.statusCode, ended };
}

t.test("list shows who is whom, and nothing when nobody is", async (t) => {
  const app = await liveApp(t);
  const it = await front(t, app.origin);
  t.match(await run(["list", ...at(it)]), { code: 0, out: "nothing is running\n", err: "" });
  await impersonating(it.url);
  await impersonating(it.url, "2", { "x-user": "bob", "x-groups": "support" });
  const { code, out } = await run(["list", ...at(it)]);
  t.equal(code, 0);
  t.match(out.split("\n"), [
    /alice as Nuno \(17\) {2}read {2}since 20\S+Z {2}480 min left$/,
    /as Mia \(23\)/,
  ]);
  const json = JSON.parse((await run(["list", "--json", "--agent", "alice", ...at(it)])).out);
  t.match(json, {
    sessions: [
      { id: String, agent: { id: "alice" }, effectiveUser: { id: "17" }, mode: "read", endsAt: /Z$/ },
    ],
  });
  t.equal(json.sessions.length, 1);
  t.notMatch(JSON.stringify(json), /secret|cookie/i);
});

t.test("a name or a reason can't steer the terminal", async (t) => {
  const person = { id: "17", name: "\u001b[2JNuno\u202e", email: null, groups: [] };
  const order = { id: "i-1", agent: person, effectiveUser: person, mode: "read", ticket: null } as const;
  const it = start({ ...order, reason: "a\nb", returnTo: "/", now: 0, total: 60_000, idle: 60_000 });
  t.equal(
    runningText([it], 0),
    "i-1  ?[2JNuno? as ?[2JNuno? (17)  read  since 1970-01-01T00:00:00.000Z  1 min left  a?b\n",
  );
  t.match(
    endedText("i-1", advance(it, { kind: "end", why: "ended-revoked" }, 1)),
    /^i-1 {2}\?\[2JNuno\? as .* ended-revoked {2}1970/,
  );
});

t.test(
  "end takes an impersonation off wherever it is open: page, script, socket, event stream",
  async (t) => {
    const app = await liveApp(t);
    const it = await front(t, app.origin);
    const alice = await impersonating(it.url);
    const bob = await impersonating(it.url, "2", { "x-user": "bob", "x-groups": "support" });
    const socket = await socketTo(it.url, "/ws", alice);
    const [others, own] = [await socketTo(it.url, "/ws", bob), await socketTo(it.url, "/ws", {})];
    const events = await streamTo(`${it.url}/events`, alice);
    const [id = ""] = (await idsOf(it)).slice(0, 1);
    const closed = closeOf(socket);
    const held = ask(`${it.url}/held`, alice);
    await app.holding(1);

    const ended = await run(["end", id, "--json", ...at(it)]);
    t.match(ended, { code: 0, err: "" });
    t.match(JSON.parse(ended.out), { ended: [{ id, why: "ended-revoked", endedAt: /Z$/, problem: null }] });
    t.same(await closed, [4001, "ended-revoked"]);
    t.equal(await events.ended, false, "a stream that is cut doesn't look complete");
    t.match(JSON.parse((await held).body), { status: 409, code: "ended-revoked" }, "what has no answer yet");

    const inside = { ...CLICK, ...alice, "sec-fetch-site": "same-origin" };
    const before = app.seen.length;
    const page = await ask(`${it.url}/somewhere`, inside);
    t.equal(page.status, 409);
    t.match(page.body, /ended-revoked[\s\S]*Go on as yourself/);
    t.notMatch(page.body, "Start again", "what somebody else ended is not begun again with a click");
    t.equal(page.headers["cache-control"], "no-store");
    const script = await ask(`${it.url}/api`, alice);
    t.match(JSON.parse(script.body), { code: "ended-revoked", status: 409 });
    const refused = await ask(`${it.url}/ws`, {
      ...alice,
      origin: it.url,
      connection: "upgrade",
      upgrade: "websocket",
      "sec-websocket-version": "13",
      "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
    });
    t.equal(refused.status, 409);
    t.equal(app.seen.length, before, "nothing went to the app, as nobody");

    t.equal(others.readyState, others.OPEN, "another agent's goes on");
    t.equal(own.readyState, own.OPEN, "and a customer's own");
    t.equal(
      (await ask(`${it.url}/somewhere`, { ...CLICK, ...bob, "sec-fetch-site": "same-origin" })).status,
      200,
    );
    others.terminate();
    own.terminate();
    await it.close();
    const [record, ...more] = recordsOf(it.data, "impersonation.ended");
    t.match(record, {
      user: { id: "alice", effective: { id: "17" } },
      guise: { impersonation: id, decision: "ended-revoked", config: /^sha256:/ },
    });
    t.same(more, [], "its end is on record once");
    t.match(
      recordsOf(it.data, "impersonation.outcome")
        .map((line) => line.guise.ending)
        .sort()
        .slice(0, 3),
      ["revoked", "revoked", "revoked"],
    );
  },
);

t.test("the journal of the command is as sound as every other", async (t) => {
  const app = await liveApp(t);
  const it = await front(t, app.origin);
  await impersonating(it.url);
  await run(["end-all", ...at(it)]);
  await it.close();
  let out = "";
  const say = (text: string) => {
    out += text;
  };
  const io = { out: say, err: () => undefined, env: {} };
  t.equal(await verify({ data: it.data }, io), 0, out);
  const producers = new Set(journalOf(it.data).map((line) => Reflect.get(line.guise.chain as object, "id")));
  t.equal(producers.size, 2);
});

t.test("end is idempotent, names what is not there, and goes on with the others", async (t) => {
  const app = await liveApp(t);
  const it = await front(t, app.origin);
  await impersonating(it.url);
  const [id = ""] = await idsOf(it);
  const first = await run(["end", "nobody", id, ...at(it)]);
  t.match(first, { code: 1, err: "nobody: there is no such impersonation\n" });
  t.match(first.out, `${id}  alice as Nuno  ended-revoked`);
  t.match(await run(["end", id, ...at(it)]), { code: 0, err: "" });
  t.equal(recordsOf(it.data, "impersonation.ended").length, 1);
});

t.test("end-all ends those of one agent, or all", async (t) => {
  const app = await liveApp(t);
  const it = await front(t, app.origin);
  await impersonating(it.url);
  await impersonating(it.url, "2");
  await impersonating(it.url, "1", { "x-user": "bob", "x-groups": "support" });
  const ofAlice = await run(["end-all", "--agent", "alice", ...at(it)]);
  t.equal(ofAlice.out.trim().split("\n").length, 2);
  t.equal((await idsOf(it)).length, 1);
  t.equal((await run(["end-all", ...at(it)])).code, 0);
  t.match(await run(["end-all", ...at(it)]), { code: 0, out: "nothing is running\n" });
});

t.test("words that make no sense are answered with how it is used", async (t) => {
  for (const args of [
    [],
    ["stop"],
    ["end"],
    ["list", "x"],
    ["end-all", "x"],
    ["end", "x", "--agent", "a"],
    ["list", "--what"],
  ]) {
    const { code, err } = await run(args);
    t.equal(code, 2, args.join(" "));
    t.match(err, /^guise sessions: .*\nguise sessions list/);
  }
  t.match(await run(["--help"]), { code: 0, out: /^guise sessions list/ });
});

t.test("a config with problems and a folder without keys are named, and nothing is made", async (t) => {
  const { config, data } = await front(t, "http://127.0.0.1:1");
  t.match(await run(["list", "-c", "/nowhere.yaml"]), { code: 1, err: /no such file/ });
  const empty = testFolder(t);
  const { code, err } = await run(["end-all", "-c", config, "--data", empty]);
  t.equal(code, 1);
  t.match(err, /there are no keys in .*keys/);
  t.match(await run(["list", "-c", config], { GUISE_DATA: data }), { code: 0 });
});

/** Two gateways over one Redis, with folders of their own and one data key. */
async function replicas(t: Test, origin: string) {
  const redis = await redisServer();
  t.teardown(() => redis.stop());
  process.env.GUISE_TEST_SESSIONS = redis.url;
  const folder = testFolder(t, { "data.key": randomBytes(32).toString("hex"), ownFolder: {} });
  const key = join(folder, "data.key");
  const more = `store: { redis: { url: { fromEnv: GUISE_TEST_SESSIONS } } }\nkeys: { data: { fromFile: "${key}" } }\n`;
  return {
    redis,
    ownFolder: join(folder, "ownFolder"),
    one: await front(t, origin, more),
    other: await front(t, origin, more),
  };
}

t.test("with Redis an end counts on every replica, asked for from any machine", async (t) => {
  const app = await liveApp(t);
  const { one, other, ownFolder } = await replicas(t, app.origin);
  const alice = await impersonating(one.url);
  const [here, there] = [await socketTo(one.url, "/ws", alice), await socketTo(other.url, "/ws", alice)];
  const [hereClosed, thereClosed] = [closeOf(here), closeOf(there)];
  const ended = await run(["end-all", "-c", one.config, "--data", ownFolder]);
  t.match(ended, { code: 0, err: "" });
  t.same(await hereClosed, [4001, "ended-revoked"]);
  t.same(await thereClosed, [4001, "ended-revoked"]);
  t.equal((await ask(`${other.url}/api`, alice)).status, 409);
  t.equal(
    recordsOf(ownFolder, "impersonation.ended").length,
    1,
    "in the journal of the process that ended it",
  );
});

t.test("a store that can't be reached is an error, not an empty list", async (t) => {
  const app = await liveApp(t);
  const { one, redis } = await replicas(t, app.origin);
  await impersonating(one.url);
  const [id = ""] = await idsOf(one);
  await redis.kill();
  t.match(await run(["list", ...at(one)]), { code: 1, err: /Redis/ });
  t.match(await run(["end", id, ...at(one)]), {
    code: 1,
    err: /the store could not be reached; nothing was ended/,
  });
  await one.close();
});
