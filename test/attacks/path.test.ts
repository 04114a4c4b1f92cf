import t, { type Test } from "tap";
import { json, service } from "../fixtures/apps/service.ts";
import {
  type Attack,
  allSenders,
  fire,
  passed,
  recordOf,
  type Sender,
} from "../fixtures/client/attack-requests.ts";
import { SECRET } from "../fixtures/client/cookies.ts";
import {
  AS,
  CLICK,
  CONFIG,
  codeOf,
  HOST,
  idOf,
  request,
  send,
  stand,
} from "../fixtures/gateway/attack-stand.ts";

const it = await stand(t);
const upstreams = await allSenders(t, it);

/** What no request line can have: a control, a space, or a form that is neither a path nor an address. */
const UNPARSABLE = /[\0-\x20\x7f]|^(?!\/|\*|[a-z]+:\/\/)/i;

/** Refused with 400 before any byte goes to the app; under an impersonation it is on record as well. */
async function refused(t: Test, target: string): Promise<void> {
  for (const sender of upstreams) await refusedOn(t, sender, target);
}

/** Refused like that where it is judged; own traffic goes on byte for byte. */
async function refusedWhereJudged(t: Test, target: string): Promise<void> {
  for (const sender of upstreams) {
    if (sender.impersonating) await refusedOn(t, sender, target);
    else await sentOn(t, sender, target);
  }
}

async function sentOn(t: Test, sender: Sender, target: string): Promise<void> {
  const outcome = await fire(t, it, sender, { target });
  t.ok(passed(sender, outcome), `${sender.name}: ${target.slice(0, 60)}: ${outcome.reply.status}`);
  t.equal(outcome.arrived[0]?.target, target, `${sender.name}: ${target.slice(0, 60)}: as it was sent`);
}

async function refusedOn(t: Test, sender: Sender, target: string, attack: Attack = {}): Promise<void> {
  const { reply, arrived } = await fire(t, it, sender, { target, ...attack });
  const what = `${sender.name}: ${attack.method ?? "GET"} ${target.slice(0, 60)}`;
  t.equal(reply.status, 400, what);
  t.same(arrived, [], `${what}: nothing reached the app`);
  if (reply.status !== 400) return;
  // What node's parser refuses never was a request whose impersonation could be known.
  if (!sender.impersonating || UNPARSABLE.test(target) || attack.method === "CONNECT") return;
  const record = await recordOf(it, idOf(reply));
  t.match(
    record,
    {
      event: { action: "impersonation.denied", outcome: "failure" },
      message: /^bad-request: ./,
      user: { id: "alice", effective: { id: "17" } },
      // What stands before the host may have a password in it.
      url: {
        path:
          target
            .replace(/\/\/[^/?]*@/, "//[redacted]@")
            .split("?")[0]
            ?.slice(0, 2_048) ?? "",
      },
    },
    what,
  );
}

/** The one reading of what is judged: it is sent on as this, or refused where that is forbidden. Own traffic goes on byte for byte. */
async function readAs(
  t: Test,
  target: string,
  canonical: string,
  forbidden = canonical.startsWith("/admin"),
): Promise<void> {
  for (const sender of upstreams) {
    if (!sender.impersonating) {
      await sentOn(t, sender, target);
      continue;
    }
    const outcome = await fire(t, it, sender, { target });
    const what = `${sender.name}: ${target}`;
    if (forbidden) {
      t.match(outcome, { reply: { status: 403 }, arrived: { length: 0 } }, what);
      t.equal(codeOf(outcome.reply), "denied", what);
      const record = await recordOf(it, idOf(outcome.reply));
      t.match(
        record,
        { event: { action: "impersonation.denied" }, url: { path: canonical.split("?")[0] } },
        what,
      );
      continue;
    }
    t.ok(passed(sender, outcome), `${what}: ${outcome.reply.status}`);
    t.equal(outcome.arrived[0]?.target, canonical, what);
    const id = /^x-guise-impersonation: (.*)$/im.exec(outcome.arrived[0]?.head ?? "")?.[1];
    const intent = await it.recorded(
      (line) => line.event.action === "impersonation.intent" && line.url?.path === canonical.split("?")[0],
    );
    t.equal(intent.guise?.impersonation, id?.trim(), `${what}: recorded under the path that was sent`);
  }
}

t.test("PATH-01: single dots are no way around a rule", async (t) => {
  for (const target of ["/./admin/x", "/%2e/admin/x", "/%2E/admin/x", "/admin/./x", "/pub/.", "/admin/x/%2e"])
    await refusedWhereJudged(t, target);
});

t.test("PATH-02: a backslash is no slash", async (t) => {
  for (const target of ["/pub\\admin", "/\\admin/x", "/%5cadmin/x", "/pub%5Cadmin", "/%5c%5cevil.test/x"])
    await refusedWhereJudged(t, target);
});

t.test("PATH-03: no dot segment goes up, on requests and upgrades alike", async (t) => {
  const targets = [
    "/pub/../admin",
    "/pub/%2e%2e/admin",
    "/pub/.%2e/admin",
    "/pub/%2E./admin",
    "/..",
    "/pub/..",
    "/\\..\\admin",
    "/pub/..?x",
    "/../../etc/passwd",
  ];
  for (const target of targets) await refusedWhereJudged(t, target);
  await refused(t, "/.guise/../admin");
});

t.test("PATH-04: nor behind a semicolon", async (t) => {
  const targets = [
    "/pub/..;/admin",
    "/pub/;a/..;b/admin",
    "/a;x/..;/b",
    "/pub/.;/admin",
    "/pub/%2e%2e;/admin",
    "/pub/..%3b/admin",
  ];
  for (const target of targets) await refusedWhereJudged(t, target);
});

t.test("PATH-05: a rule holds with and without params of a segment", async (t) => {
  await readAs(t, "/admin;a=b/x", "/admin;a=b/x");
  await readAs(t, "/admin;/x", "/admin;/x");
  await readAs(t, "/;x/admin/x", "/;x/admin/x", true);
  await readAs(t, "/admin%3Ba=b/x", "/admin%3Ba=b/x");
  await readAs(t, "/pub;a=b/x", "/pub;a=b/x");
});

t.test(
  "PATH-06: slashes are merged and plain letters decoded, for the match and for the app alike",
  async (t) => {
    await readAs(t, "//admin/x", "/admin/x");
    await readAs(t, "/admin//x", "/admin/x");
    await readAs(t, "/%61dmin/x", "/admin/x");
    await readAs(t, "/%61%64%6D%69%6e", "/admin");
    await readAs(t, "/a//b///c", "/a/b/c");
    for (const target of [
      "/%2Eguise/jwks.json",
      "/.guise//nothing",
      "//.guise/nothing",
      "/.g%75ise/nothing",
    ]) {
      for (const sender of upstreams) {
        const { arrived } = await fire(t, it, sender, { target });
        t.same(arrived, [], `${sender.name}: ${target} is ours and is never sent on`);
      }
    }
  },
);

t.test("PATH-07: an encoded slash is refused, unless the app is said to want it", async (t) => {
  for (const target of ["/admin%2fx", "/pub%2Fx", "/%2fadmin", "/pub/%2e%2e%2fadmin"])
    await refusedWhereJudged(t, target);
  const keeping = await stand(t, { upstream: "{ url: http://127.0.0.1:PORT, encodedSlash: keep }" });
  for (const sender of await allSenders(t, keeping)) {
    const kept = await fire(t, keeping, sender, { target: "/pub/a%2fb" });
    t.ok(passed(sender, kept), sender.name);
    t.equal(kept.arrived[0]?.target, sender.impersonating ? "/pub/a%2Fb" : "/pub/a%2fb", "in one spelling");
    if (!sender.impersonating) continue;
    const up = await fire(t, keeping, sender, { target: "/pub/..%2fadmin" });
    t.match(up, { reply: { status: 400 }, arrived: { length: 0 } }, "and still no way up");
    const below = await fire(t, keeping, sender, { target: "/admin%2fx" });
    t.match(below, { reply: { status: 403 }, arrived: { length: 0 } }, "a rule sees a slash in it");
  }
});

t.test("PATH-08: decoded once only; controls are refused", async (t) => {
  await readAs(t, "/pub/%252e%252e/admin", "/pub/%252e%252e/admin");
  await readAs(t, "/pub/%252fadmin", "/pub/%252fadmin");
  for (const target of ["/pub/%00", "/pub/%0a", "/pub/%0d%0aX-Evil:1", "/pub/%09", "/pub/%7f", "/admin%00/x"])
    await refusedWhereJudged(t, target);
  for (const target of ["/pub/\x01", "/pub\tx", "/pub/\x7f", "/pub?\x01"]) await refused(t, target);
});

t.test("PATH-09: a fragment never travels", async (t) => {
  for (const target of ["/pub/x#?y", "/pub#/../admin", "/#", "/pub?x#y", "/admin#"]) await refused(t, target);
});

t.test("PATH-10: what can't be decoded or is endless is 400, and fast", async (t) => {
  const targets = [
    "/%zz",
    "/%",
    "/%4",
    "/%ff",
    "/%c0%ae/admin",
    "/%c0%ae%c0%ae/admin",
    "/%ed%a0%80",
    "/%e2%82",
    `/${"a".repeat(8_192)}`,
    "/a".repeat(2_000),
    `/${"%61".repeat(3_000)}`,
    `/${"a;".repeat(4_000)}`,
    `/site/1/${"a/".repeat(2_000)}`,
    `/${"%25".repeat(6_000)}`,
  ];
  for (const target of targets) await refusedWhereJudged(t, target);
});

t.test("PATH-11: letter case, a slash at the end and an extension don't evade a rule", async (t) => {
  for (const target of [
    "/ADMIN/x",
    "/Admin",
    "/admin/",
    "/admin.",
    "/admin.json",
    "/aDmIn;x/y",
    // Letters that become others by way of capitals.
    "/adm%C4%B1n",
    "/ADM%C4%B1N/x",
  ])
    await readAs(t, target, target, true);
  await readAs(t, "/administrator", "/administrator", false);
});

t.test("PATH-12: what is no plain id is never looked up", async (t) => {
  const owners = await service(json({ id: "17", groups: ["customer"] }));
  t.teardown(() => owners.close());
  const asking = await stand(t, {
    config: CONFIG.replace(
      /^owners:[\s\S]*?^routes:/m,
      `owners: { site: { http: { url: "${owners.url}/{site}" } } }\nroutes:`,
    ),
  });
  const odd = [
    "%252e%252e",
    "a%252fb",
    "%2520",
    "a%20b",
    "a%27b",
    "1,2",
    "1;x",
    "a@b",
    "$ne",
    "a".repeat(200),
    "%F0%9F%92%A9",
    "1%2A",
  ];
  for (const id of odd) {
    for (const target of [`/site/${id}/x`, `/site/${id}`]) {
      const reply = await send(t, asking.port, request(`GET ${target}`, [...CLICK, ...AS.alice]));
      t.equal(reply.status, 200, `${target}: the agent's own view`);
      t.notMatch(reply.head, /guise=/, `${target}: nothing starts`);
    }
  }
  t.same(
    owners.requests.map(({ url }) => url),
    [],
    "nobody was asked",
  );
  await send(t, asking.port, request("GET /site/__proto__/x", [...CLICK, ...AS.alice]));
  await send(t, asking.port, request("GET /site/constructor/x", [...CLICK, ...AS.alice]));
  await send(t, asking.port, request("GET /site/9/x?site=10&site=11&owner=12", [...CLICK, ...AS.alice]));
  t.same(
    owners.requests.map(({ url }) => url),
    ["/__proto__", "/constructor", "/9"],
    "a plain id is one, and the query names nobody",
  );
  const keeping = await stand(t, {
    upstream: "{ url: http://127.0.0.1:PORT, encodedSlash: keep }",
    config: CONFIG.replace(
      /^owners:[\s\S]*?^routes:/m,
      `owners: { site: { http: { url: "${owners.url}/{site}" } } }\nroutes:`,
    ),
  });
  for (const id of ["a%2fb", "9%2F..%2f10", "%2F9", "__proto__%2fx"]) {
    const reply = await send(t, keeping.port, request(`GET /site/${id}/x`, [...CLICK, ...AS.alice]));
    t.notMatch(reply.head, /guise=/, `${id}: kept slashes are in no id`);
  }
  t.equal(owners.requests.length, 3, "and nobody was asked");
  for (const id of ["%2e%2e", "%2e", "a".repeat(10_000), "a%2fb", "%zz"]) {
    const reply = await send(t, asking.port, request(`GET /site/${id}/x`, [...CLICK, ...AS.alice]));
    t.equal(reply.status, 200, `${id.slice(0, 10)}: the agent's own view`);
    t.notMatch(reply.head, /guise=/, "what has no one reading starts nothing");
  }
  t.equal(owners.requests.length, 3, "and is no reason to ask");
  for (const id of ["__proto__", "constructor", "hasOwnProperty"]) {
    const reply = await send(t, it.port, request(`GET /site/${id}/x`, [...CLICK, ...AS.alice]));
    t.match(reply, { status: 200 }, `${id} is nobody in a map`);
    t.notMatch(reply.head, /guise=/);
  }
});

t.test("PATH-13: only our own origin can be asked for", async (t) => {
  const targets = [
    "http://other.test/x",
    "http://up@evil.test/",
    `http://${HOST}@evil.test/x`,
    `http://${HOST}:81/x`,
    "https://evil.test",
    "http:///x",
    "http:x",
    "evil.test:443",
    "*",
    "x",
    `//${HOST}`.slice(2),
  ];
  for (const target of targets) await refused(t, target);
  for (const sender of upstreams) {
    const own = await fire(t, it, sender, { target: `http://${HOST}/pub/x?y` });
    t.ok(passed(sender, own), sender.name);
    t.equal(own.arrived[0]?.target, "/pub/x?y", "the absolute form of our own is a path like every other");
  }
  for (const sender of upstreams.filter(({ socket }) => !socket)) {
    if (sender.impersonating) await refusedOn(t, sender, "*", { method: "OPTIONS" });
    else
      t.equal(
        (await fire(t, it, sender, { target: "*", method: "OPTIONS" })).arrived[0]?.line,
        "OPTIONS * HTTP/1.1",
      );
    await refusedOn(t, sender, "/x", { method: "TRACE" });
    const connect = await fire(t, it, sender, { target: "evil.test:443", method: "CONNECT" });
    t.match(connect, { reply: { status: 501 }, arrived: { length: 0 } }, `${sender.name}: CONNECT`);
  }
});

t.test(
  "a guest's cookie that only looks like ours judges nothing: what has two readings goes on as it came",
  async (t) => {
    const [nobody, , agent] = upstreams;
    if (nobody === undefined || agent === undefined) throw new TypeError("there is a sender for each");
    const planted = `Cookie: a=1; guise=${SECRET}; b=2`;
    for (const target of ["/a%2Fb", "/a%00b", "/a\\b", "/%2e%2e/x", "/x%zz"]) {
      const guest = await fire(t, it, nobody, { target, fields: [planted] });
      t.equal(guest.reply.status, 200, `a guest: ${target}`);
      t.equal(guest.arrived[0]?.target, target);
      t.match(guest.arrived[0]?.head, planted, "and so does the cookie, which is the app's");
    }
    const two = "/a%00b";
    const theirs = await fire(t, it, agent, { target: two, fields: [planted] });
    t.equal(theirs.reply.status, 400, "of an agent it could be one that was lost");
    const ours = await fire(t, it, nobody, { target: "/.guise/%00", fields: [planted] });
    t.equal(ours.reply.status, 400, "what is for us has one reading, also of own traffic");
  },
);
