import t from "tap";
import { saying, usual } from "../fixtures/apps/attack-app.ts";
import { allSenders, fire, lines, pressStop } from "../fixtures/client/attack-requests.ts";
import { NOTICE } from "../fixtures/client/cookies.ts";
import {
  AS,
  CLICK,
  CONFIG,
  codeOf,
  HOST,
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
const upstreams = await allSenders(t, it);

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

t.test("SES-02: a cookie of ours that came twice is refused; over https it can't be planted", async (t) => {
  const mine = await impersonate(t, it);
  for (const fields of [
    [`${mine}; guise=${"B".repeat(43)}`],
    [`Cookie: guise=${"B".repeat(43)}; ${mine.slice(8)}`],
    [mine, `Cookie: guise=${"B".repeat(43)}`],
  ]) {
    for (const socket of [false, true]) {
      const outcome = await fire(t, it, {
        name: "",
        impersonating: true,
        socket,
        fields: [...AS.alice, ...fields],
      });
      t.match(
        outcome,
        { reply: { status: 400 }, arrived: { length: 0 } },
        fields.join(" | ").replaceAll(/[\w-]{43}/g, "…"),
      );
    }
  }
  for (const more of [mine.slice(8), "guise-notice=x; guise-notice=y", "guise=; x=1", "guise=x"]) {
    const fields = [...AS.alice, `${mine}; ${more}`];
    const { reply, arrived } = await fire(t, it, { name: "", impersonating: true, socket: false, fields });
    t.equal(reply.status, 200, `${more.replaceAll(/[\w-]{43}/g, "…")}: what can't be ours shuts nobody out`);
    t.match(lines(arrived[0], "X-Guise-User"), ["X-Guise-User: 17"], "and it is still the one that it was");
  }
  const https = await stand(t, { config: `${CONFIG}publicUrl: https://${HOST}\n` });
  const started = await send(t, https.port, request("GET /site/1/x", [...AS.alice, ...CLICK]));
  t.match(
    started.head,
    /^Set-Cookie: __Host-guise=[\w-]{43}; Path=\/; Max-Age=34560000; HttpOnly; SameSite=Lax; Secure; Priority=High\r$/m,
  );
  const secret = /__Host-guise=([\w-]{43})/.exec(started.head)?.[1] ?? "";
  const bare = await send(
    t,
    https.port,
    request("GET /x", [...AS.alice, ...INSIDE, `Cookie: guise=${secret}`]),
  );
  t.equal(bare.status, 200, "the bare name is nobody's over https");
  t.same(lines(https.app.arrived.at(-1), "X-Guise-User"), ["X-Guise-User: alice"]);
  t.same(lines(https.app.arrived.at(-1), "Cookie"), [], "and does not go on either");
});

t.test(
  "SES-05: what another site makes the browser send, with our cookie kept back, is nobody's",
  async (t) => {
    const https = await stand(t, { config: `${CONFIG}publicUrl: https://${HOST}\n` });
    const started = await send(t, https.port, request("GET /site/1/x", [...AS.alice, ...CLICK]));
    const secret = /__Host-guise=([\w-]{43})/.exec(started.head)?.[1] ?? "";
    const mark = /__Host-guise-impersonating=[\w.-]+/.exec(started.head)?.[0] ?? "";
    t.match(started.head, `Set-Cookie: ${mark}; Path=/; Max-Age=34560000; HttpOnly; SameSite=None; Secure;`);
    const before = https.app.arrived.length;
    const crossing = [...CLICK.slice(0, 4), "Sec-Fetch-Site: cross-site", "Origin: https://bank.example"];
    const kept = `Cookie: ${mark}; promo=for17`;
    const page = await send(
      t,
      https.port,
      request("POST /payment/return", [...AS.alice, ...crossing, kept, "Content-Length: 4"], "ok=1"),
    );
    t.equal(page.status, 409);
    t.match(page.body, /other-tab/);
    t.match(page.body, /action="\/\.guise\/stop"/, "with the way out");
    const framed = ["Sec-Fetch-Dest: iframe", "Sec-Fetch-Mode: navigate", "Sec-Fetch-Site: cross-site"];
    const upgrade = ["Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13"];
    for (const head of [
      request("GET /x", [...AS.alice, ...framed, kept]),
      request("GET /api/x", [...AS.alice, "Sec-Fetch-Site: cross-site", "Accept: */*", kept]),
      request("GET /ws", [...AS.alice, ...upgrade, "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", kept]),
    ])
      t.equal((await send(t, https.port, head)).status, 409);
    const older = "Cookie: __Host-guise-worn=1; promo=for17";
    t.match(
      started.head,
      "Set-Cookie: __Host-guise-worn=1;",
      "a gateway of 0.1.0 beside this one understands it",
    );
    const before01 = await send(t, https.port, request("GET /x", [...AS.alice, ...framed, older]));
    t.equal(before01.status, 409, "and the mark that such a gateway has set is understood here");
    t.equal(https.app.arrived.length, before, "the app was not asked");
    const whole = `Cookie: ${mark}; __Host-guise=${secret}`;
    const inside = await send(t, https.port, request("GET /x", [...AS.alice, ...INSIDE, whole]));
    t.equal(inside.status, 200);
    t.same(lines(https.app.arrived.at(-1), "Cookie"), [], "the mark doesn't go on either");
    t.same(lines(https.app.arrived.at(-1), "X-Guise-User"), ["X-Guise-User: 17"]);
    const lost = await send(
      t,
      https.port,
      request("POST /.guise/stop", [...AS.alice, ...INSIDE, `Cookie: ${mark}`]),
    );
    t.match(lost, { status: 303, head: /set-cookie: __Host-guise-impersonating=; Path=\/; Max-Age=0;/i });
    const ended = await https.recorded(({ event }) => event.action === "impersonation.ended");
    t.match(ended, { guise: { decision: "ended-by-agent" }, user: { effective: { id: "17" } } });
    const over = await send(t, https.port, request("GET /x", [...AS.alice, ...INSIDE, whole]));
    t.equal(over.status, 409, "Stop without the secret ended it, on record");
    const self = await send(
      t,
      https.port,
      request("POST /x", [...AS.alice, ...crossing, "Content-Length: 3"], "a=b"),
    );
    t.equal(self.status, 200, "without an impersonation it is own traffic, also from another site");
  },
);

t.test("SES-03: more headers than fit are refused with the reason, never cut", async (t) => {
  const cookie = await impersonate(t, it);
  const many = Array.from({ length: 200 }, (_, n) => `c${n}=${"x".repeat(200)}`).join("; ");
  const heard = it.app.begun.length;
  for (const line of [`${cookie}; ${many}`, `Cookie: ${many}; ${cookie.slice(8)}`]) {
    const reply = await send(t, it.port, request("GET /x", [...AS.alice, ...INSIDE, line]));
    t.equal(reply.status, 431);
    t.equal(codeOf(reply), "header-too-large");
    t.match(reply.body, /Delete cookies of this site/);
  }
  t.equal(it.app.begun.length, heard);
  const fitting = Array.from({ length: 300 }, (_, n) => `c${n}=${"x".repeat(50)}`).join("; ");
  await send(
    t,
    it.port,
    request("GET /x", [...AS.alice, ...INSIDE, `Cookie: ${fitting}; ${cookie.slice(8)}`]),
  );
  t.same(
    lines(it.app.arrived.at(-1), "X-Guise-User"),
    ["X-Guise-User: 17"],
    "of many that fit ours is found",
  );
});

t.test("SES-04: the app can't plant a cookie of ours, and never sees one", async (t) => {
  const planted = [
    "guise",
    "GUISE",
    "guise-notice",
    "__Host-guise",
    "__host-Guise",
    "__Host-guise-notice",
    " guise",
  ];
  const said = [
    ...planted.map((name) => `Set-Cookie: ${name}=evil; Path=/; Domain=${HOST}`),
    "Set-Cookie: =guise=evil; Path=/",
    "Set-Cookie: guise=evil; Path=/; Domain=example",
    "Set-Cookie: __Host-guise=evil; Path=/; Domain=.example; Secure",
    "Set-Cookie: guise\t=evil; Path=/",
    "Set-Cookie: ok=1; Path=/",
  ];
  for (const sender of upstreams) {
    it.app.answer = () => saying("ok", ...said);
    const { reply, arrived } = await fire(t, it, sender, {
      target: "/live/plant",
      fields: [`Cookie: guise-notice=${NOTICE}; mine=1; __Host-guise-notice=${NOTICE}`],
    });
    t.notMatch(reply.head, /evil/, sender.name);
    t.notMatch(arrived[0]?.head ?? "", /guise-notice|guise=/, `${sender.name}: ours never go to the app`);
    if (!sender.impersonating)
      t.match(values(reply.head, "Set-Cookie"), ["ok=1; Path=/"], `${sender.name}: others pass`);
    it.app.answer = usual;
    const next = await fire(t, it, sender, { target: "/live/next" });
    t.notMatch(next.arrived[0]?.head ?? "", /evil/, `${sender.name}: nor by the jar`);
  }
});

t.test("SES-04: under an impersonation no cookie gets to a host that is not the app's to name", async (t) => {
  for (const sender of upstreams.filter(({ impersonating, socket }) => impersonating && !socket)) {
    it.app.answer = () =>
      saying(
        "ok",
        "Set-Cookie: wide=NUNO; Path=/; Domain=example",
        "Set-Cookie: wider=NUNO; Path=/; Domain=.app.example",
        "Set-Cookie: foreign=NUNO; Path=/; Domain=evil.test",
        "Set-Cookie: below=NUNO; Path=/; Domain=sub.app.example",
      );
    const { reply } = await fire(t, it, sender, { target: "/live/wide" });
    const lines = values(reply.head, "Set-Cookie");
    t.same(
      lines.map((line) => line.split("=")[0]),
      ["wide", "wider"],
    );
    for (const line of lines)
      t.match(line, /; Max-Age=[1-9]\d*$/, `${line} does not outlive the impersonation`);
    it.app.answer = usual;
  }
});

t.test(
  "SES-05: one jar for each impersonation, destroyed at its end, and no cookie crosses over",
  async (t) => {
    const at = await stand(t);
    const own = "app=ALICE; remember=ALICE-TOO";
    it.app.answer = usual;
    at.app.answer = (arrived) =>
      arrived.target === "/set"
        ? saying("ok", "Set-Cookie: app=NUNO; Path=/; HttpOnly", "Set-Cookie: js=NUNO-JS; Path=/")
        : usual(arrived);
    const mine = [...AS.alice, `Cookie: ${own}`];
    const cookie = await impersonate(t, at, "/site/1/x", mine);
    t.same(lines(at.app.arrived.at(-1), "Cookie"), [], "the first request goes without any");
    const both = [...AS.alice, `${cookie}; ${own}`];
    const set = await send(t, at.port, request("GET /set", [...both, ...INSIDE]));
    t.notMatch(
      set.head,
      /NUNO;|app=NUNO/,
      "an HttpOnly cookie of the customer's never reaches the agent's browser",
    );
    await send(t, at.port, request("GET /x", [...both, ...INSIDE]));
    t.match(lines(at.app.arrived.at(-1), "Cookie").join(), /app=NUNO/);
    t.notMatch(at.app.arrived.at(-1)?.head, /ALICE/, "nothing of the agent's under the customer");
    await send(t, at.port, request("GET /x", mine));
    t.same(
      lines(at.app.arrived.at(-1), "Cookie"),
      [`Cookie: ${own}`],
      "and nothing of the customer's beside it",
    );

    const mia = await send(t, at.port, request("GET /site/2/x", [...both, ...CLICK]));
    t.notMatch(at.app.arrived.at(-1)?.head, /NUNO|ALICE/, "the next customer begins with an empty jar");
    const next = `Cookie: guise=${secretIn(mia.head)}`;
    await pressStop(t, at, next);
    await send(t, at.port, request("GET /x", mine));
    t.same(lines(at.app.arrived.at(-1), "Cookie"), [`Cookie: ${own}`]);
    await impersonate(t, at, "/site/1/x", mine);
    t.same(lines(at.app.arrived.at(-1), "Cookie"), [], "what was stopped left no jar behind");
    t.equal(await at.metric("guise_invariant_violations_total"), 0);
  },
);

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
  const reply = await send(
    t,
    at.port,
    request("GET /closing record", [...AS.alice, ...INSIDE, `${cookie}; app=ALICE`]),
  );
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
