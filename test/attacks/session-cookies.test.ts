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
} from "../fixtures/gateway/attack-stand.ts";

const it = await stand(t);

const upstreams = await allSenders(t, it);

const secretIn = (cookie: string) => /guise=([\w-]{43})/.exec(cookie)?.[1] ?? "";

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
