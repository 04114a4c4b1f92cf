import t from "tap";
import { saying } from "../fixtures/apps/attack-app.ts";
import { fire, pressStop } from "../fixtures/client/attack-requests.ts";
import {
  AS,
  CLICK,
  CONFIG,
  codeOf,
  INSIDE,
  impersonate,
  request,
  send,
  stand,
  values,
  WRITE,
} from "../fixtures/gateway/attack-stand.ts";
import { redisServer } from "../fixtures/servers/redis.ts";

const it = await stand(t);

const secretIn = (cookie: string) => /guise=([\w-]{43})/.exec(cookie)?.[1] ?? "";

t.test("SES-01: an id that a browser had before is never that of a new impersonation", async (t) => {
  const planted = "A".repeat(43);
  const first = await impersonate(t, it, "/site/1/x", [...AS.alice, `Cookie: a=${planted}`]);
  const second = await impersonate(t, it, "/site/1/x", AS.alice);
  t.not(secretIn(first), secretIn(second), "each start has an id of its own");
  t.not(secretIn(first), planted);
  const unknown = await send(
    t,
    it.port,
    request("GET /x", [...AS.alice, ...INSIDE, `Cookie: guise=${planted}`]),
  );
  t.equal(
    unknown.status,
    409,
    "an id that nobody gave out opens nothing, and the request doesn't go on as own traffic either",
  );
  t.notMatch(unknown.head, new RegExp(planted));
  const heard = it.app.begun.length;
  for (const who of [AS.bob, AS.nuno, []]) {
    const reply = await send(t, it.port, request("GET /x", [...who, ...INSIDE, second]));
    t.match(`${reply.status}`, /^4(?:01|09)$/, "an id is its agent's alone");
  }
  t.equal(it.app.begun.length, heard);
  const switched = await send(t, it.port, request("GET /site/2/x", [...AS.alice, ...CLICK, second]));
  t.match(switched.head, /^Set-Cookie: guise=/m);
  t.not(secretIn(switched.head), secretIn(second), "a switch gives out another");
  const stopped = await pressStop(t, it, `Cookie: guise=${secretIn(switched.head)}`);
  t.match(
    stopped.head,
    /^set-cookie: guise=; Path=\/; Max-Age=0; HttpOnly; SameSite=Lax; Priority=High\r$/im,
  );
  const after = await send(
    t,
    it.port,
    request("GET /x", [...AS.alice, ...INSIDE, `Cookie: guise=${secretIn(switched.head)}`]),
  );
  t.equal(after.status, 409, "and one that was stopped is over for good");
});

t.test("SES-06: signing out of the app as somebody else signs nobody out", async (t) => {
  const at = await stand(t, { config: WRITE });
  for (const method of ["GET", "POST"]) {
    const cookie = await impersonate(t, at);
    const heard = at.app.begun.length;
    const reply = await send(t, at.port, request(`${method} /logout`, [...AS.alice, ...INSIDE, cookie]));
    t.match(`${reply.status}`, /^(?:303|409)$/, `${method}: it means Stop`);
    t.equal(at.app.begun.length, heard, "the app does not hear of it");
    const after = await send(t, at.port, request("GET /x", [...AS.alice, ...INSIDE, cookie]));
    t.equal(after.status, 409);
  }
  const cookie = await impersonate(t, at);
  at.app.answer = () => saying("bye", 'Clear-Site-Data: "*"', "Set-Cookie: app=; Max-Age=0; Path=/");
  const reply = await send(t, at.port, request("GET /bye", [...AS.alice, ...INSIDE, `${cookie}; app=ALICE`]));
  t.equal(reply.status, 200, "the app has answered");
  t.same(values(reply.head, "Clear-Site-Data"), [], "an app can't clear the agent's browser");
  t.same(values(reply.head, "Set-Cookie"), [], "nor take the agent's own cookie away");
});

t.test(
  "SES-07: who is no agent any more, or nobody, goes no further, on the very next request",
  async (t) => {
    const attempts: readonly (readonly [what: string, who: readonly string[], code: RegExp])[] = [
      ["the group is gone", ["X-User: alice", "X-Groups: staff"], /ended-agent-lost-right/],
      ["no groups are known", ["X-User: alice"], /ended-agent-lost-right/],
      ["signed out", [], /signed-out/],
      ["somebody else", AS.nuno, /ended-agent-lost-right/],
    ];
    for (const [what, who, code] of attempts) {
      const cookie = await impersonate(t, it);
      for (const socket of [false, true]) {
        const { reply, arrived } = await fire(t, it, {
          name: what,
          impersonating: true,
          socket,
          fields: [...who, cookie],
        });
        t.match(`${reply.status}`, /^4(?:01|09)$/, what);
        t.match(codeOf(reply), code, what);
        t.same(arrived, [], what);
      }
    }
    const cookie = await impersonate(t, it);
    await it.reconfigure(CONFIG.replace("groups: [support]\n", "groups: [other]\n"));
    const { reply, arrived } = await fire(t, it, {
      name: "",
      impersonating: true,
      socket: false,
      fields: [...AS.alice, cookie],
    });
    t.match(
      { code: codeOf(reply), arrived },
      { code: "ended-agent-lost-right", arrived: { length: 0 } },
      "the config took the right away",
    );
    await it.reconfigure(CONFIG);
    const again = await impersonate(t, it);
    await it.reconfigure(
      CONFIG.replace(
        "name: Nuno Almeida, email: nuno@example.com, groups: [customer]",
        "name: Nuno, groups: [admin]",
      ),
    );
    const risen = await fire(t, it, {
      name: "",
      impersonating: true,
      socket: false,
      fields: [...AS.alice, again],
    });
    t.match(
      { code: codeOf(risen.reply), arrived: risen.arrived },
      { code: "ended-target-changed", arrived: { length: 0 } },
      "the customer has become an admin",
    );
    await it.reconfigure(CONFIG);
  },
);

t.test("SES-07: a mode or a limit that the config takes back counts on the very next request", async (t) => {
  const at = await stand(t, { config: WRITE });
  const cookie = await impersonate(t, at);
  const post = request("POST /save", [...AS.alice, cookie, "Content-Length: 0"]);
  t.equal((await send(t, at.port, post)).status, 200);
  const heard = at.app.begun.length;
  await at.reconfigure(WRITE.replace("mode: write", "mode: read"));
  const refused = await send(t, at.port, post);
  t.match({ status: refused.status, code: codeOf(refused) }, { status: 403, code: "read-only" });
  const page = await send(t, at.port, request("GET /.guise/me", [...AS.alice, cookie]));
  t.match(JSON.parse(page.body), { impersonation: { mode: "read" } }, "and so it is shown");
  t.equal(at.app.begun.length, heard);
  await at.reconfigure(WRITE.replace("mode: write", "mode: write\n    limit: { total: 1s, idle: 1s }"));
  let over = await send(t, at.port, post);
  while (over.status === 200) over = await send(t, at.port, post);
  t.match({ status: over.status, code: codeOf(over) }, { status: 409, code: "ended-expired" });
});

t.test("SES-08: Stop works when everything else does not, and may be pressed again", async (t) => {
  const cleared = /^set-cookie: guise=; Path=\/; Max-Age=0/im;
  const unhappy: readonly (readonly [what: string, who: readonly string[], config: string])[] = [
    ["the right is gone", ["X-User: alice", "X-Groups: staff"], CONFIG],
    ["signed out", [], CONFIG],
    ["switched off", AS.alice, `${CONFIG}impersonation: off\n`],
    ["no agents any more", AS.alice, CONFIG.replace("groups: [support]\n", "groups: [other]\n")],
  ];
  for (const [what, who, config] of unhappy) {
    const cookie = await impersonate(t, it);
    await it.reconfigure(config);
    for (const time of ["first", "second"]) {
      const reply = await pressStop(t, it, cookie, who);
      t.equal(reply.status, 303, `${what}, ${time} time`);
      t.match(reply.head, cleared, `${what}, ${time} time`);
    }
    await it.reconfigure(CONFIG);
  }
  const redis = await redisServer();
  t.teardown(() => redis.stop());
  const shared = await stand(t, {
    config: `${CONFIG}store: { redis: { url: { fromEnv: R } } }\n`,
    env: { R: redis.url },
  });
  const cookie = await impersonate(t, shared);
  await redis.kill();
  const { reply, arrived } = await fire(t, shared, {
    name: "",
    impersonating: true,
    socket: false,
    fields: [...AS.alice, `Cookie: guise=${"C".repeat(43)}`],
  });
  t.match(
    { status: reply.status, arrived },
    { status: 503, arrived: { length: 0 } },
    "who can't be looked up goes no further",
  );
  const stopped = await pressStop(t, shared, cookie);
  t.equal(stopped.status, 303, "with the store down");
  t.match(stopped.head, cleared);
  const after = await fire(t, shared, {
    name: "",
    impersonating: true,
    socket: false,
    fields: [...AS.alice, cookie],
  });
  t.same(after.arrived, [], "and it is over, store or not");
  t.match(`${after.reply.status}`, /^(?:409|503)$/);
  const own = await fire(t, shared, { name: "", impersonating: false, socket: false, fields: AS.alice });
  t.equal(own.reply.status, 200, "one's own traffic never noticed");
});
