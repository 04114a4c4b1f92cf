import t from "tap";
import { allSenders, fire, lines, passed } from "../fixtures/client/attack-requests.ts";
import {
  AS,
  CLICK,
  CONFIG,
  codeOf,
  HOST,
  impersonate,
  request,
  send,
  stand,
} from "../fixtures/gateway/attack-stand.ts";

const it = await stand(t, {
  config: CONFIG.replace("routes:\n", 'routes:\n  - { host: ":site.shops.example", owner: site }\n').replace(
    "rules:\n",
    'rules:\n  - { host: closed.example, deny: "Not there." }\n',
  ),
});
const upstreams = await allSenders(t, it);

t.test("HOST-01: a Host that is doubled, missing or no host is 400", async (t) => {
  const malformed = [
    [`Host: ${HOST}`, `Host: ${HOST}`],
    [`Host: ${HOST}`, "Host: evil.test"],
    ["Host: evil.test/.."],
    ["Host: evil.test/../x"],
    ["Host: a b"],
    ["Host: a@b"],
    ["Host: a\\b"],
    ["Host: a,b"],
    ["Host: a:b"],
    ["Host: a:99999"],
    ["Host: [::1"],
    ["Host: [x]"],
    ["Host: a..b"],
    ["Host: .a"],
    ["Host: \xe4.test"],
    ["Host: a%2eb"],
    ["Host: a?b"],
    ["Host: a#b"],
    [`Host: ${"a".repeat(300)}`],
    ["host : x"],
  ];
  for (const sender of upstreams) {
    for (const fields of malformed) {
      const outcome = await fire(t, it, sender, { fields });
      t.match(
        outcome,
        { reply: { status: 400 }, arrived: { length: 0 } },
        `${sender.name}: ${fields.join()}`,
      );
    }
  }
  // An empty one is no name at all: only what is judged needs one.
  for (const sender of upstreams) {
    const { reply, arrived } = await fire(t, it, sender, { fields: ["Host: "] });
    if (sender.impersonating)
      t.match(
        { reply, arrived },
        { reply: { status: sender.socket ? 403 : 400 }, arrived: { length: 0 } },
        sender.name,
      );
    else t.match(reply, { status: sender.socket ? 101 : 200 }, sender.name);
  }
  const without = await send(t, it.port, "GET /x HTTP/1.1\r\nConnection: close\r\n\r\n");
  t.equal(without.status, 400);
});

t.test(
  "HOST-01: letter case, a dot at the end and a port are the same host to routes and rules",
  async (t) => {
    for (const host of [
      "closed.example",
      "CLOSED.example",
      "closed.example.",
      "closed.example:8080",
      "Closed.Example.:80",
    ]) {
      for (const sender of upstreams) {
        const origin = sender.socket ? [`Origin: http://${host.toLowerCase()}`] : [];
        const fields = sender.fields.filter((line) => !line.startsWith("Origin"));
        const sent = {
          ...sender,
          socket: false,
          fields: sender.socket
            ? [
                ...fields,
                "Connection: Upgrade",
                "Upgrade: websocket",
                "Sec-WebSocket-Version: 13",
                "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
                ...origin,
              ]
            : fields,
        };
        const outcome = await fire(t, it, sent, { fields: [`Host: ${host}`] });
        if (sender.impersonating) {
          t.match(outcome.arrived, { length: 0 }, `${sender.name}: ${host}`);
          t.equal(outcome.reply.status, 403);
          t.match(codeOf(outcome.reply), /^(?:denied|foreign-origin)$/);
        } else {
          t.match(outcome.reply.status, sender.socket ? 101 : 200);
          t.same(
            lines(outcome.arrived[0], "Host").map((line) => line.slice(6)),
            [host],
            `${sender.name}: passed on as it was sent`,
          );
        }
      }
    }
    for (const host of ["1.shops.example", "1.SHOPS.example", "1.shops.example.", "1.shops.example:99"]) {
      const reply = await send(t, it.port, request("GET /x", [`Host: ${host}`, ...CLICK, ...AS.alice]));
      t.match(reply.head, /^Set-Cookie: guise=/m, `${host} has an owner`);
    }
  },
);

const SAID = [
  "X-Forwarded-Host: evil.test",
  "X-Forwarded-Proto: https",
  "X-Forwarded-Uri: /admin/evil",
  "X-Forwarded-Prefix: /evil",
  "X-Forwarded-Method: DELETE-evil",
  "X-Forwarded-Port: 66",
  "X-Forwarded-Server: evil",
  "Forwarded: for=9.9.9.9;host=evil.test",
  "X-Original-URL: /admin/evil",
  "X-Rewrite-URL: /admin/evil",
  "X-Envoy-Original-Path: /evil",
  "X-Original-Host: evil.test",
  "X_Forwarded_Host: evil.test",
  "X.Original.URL: /evil",
  "X-Host: evil.test",
  "X-Real-IP: 9.9.9.9",
  "True-Client-IP: 9.9.9.9",
  "CF-Connecting-IP: 9.9.9.9",
  "X-Forwarded-For: 9.9.9.9",
  "X_Forwarded_For: 9.9.9.9",
  "Client-IP: 9.9.9.9",
  "X-Script-Name: /evil",
];

t.test("HOST-02: what a client says as if it were a proxy is neither believed nor sent on", async (t) => {
  for (const sender of upstreams) {
    const outcome = await fire(t, it, sender, { fields: SAID });
    const [arrived] = outcome.arrived;
    t.ok(passed(sender, outcome), sender.name);
    t.notMatch(arrived?.head ?? "", /evil|9\.9\.9\.9|DELETE/, sender.name);
    t.same(
      lines(arrived, "X-Forwarded-"),
      ["X-Forwarded-For: 127.0.0.1", "X-Forwarded-Proto: http", `X-Forwarded-Host: ${HOST}`],
      sender.name,
    );
  }
  it.app.answer = () =>
    `HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:${it.app.port}/next\r\nContent-Length: 0\r\n\r\n`;
  for (const sender of upstreams) {
    const { reply } = await fire(t, it, sender, {
      fields: ["X-Forwarded-Host: evil.test", "X-Forwarded-Proto: https"],
    });
    t.match(
      reply.head,
      new RegExp(`^Location: http://${HOST}/next\r$`, "m"),
      `${sender.name}: no address is made of it`,
    );
  }
  const trusting = await stand(t, { config: `${CONFIG}trustedProxies: [127.0.0.1]\n` });
  for (const sender of await allSenders(t, trusting)) {
    // The proxy says https, where our cookie has the browser's promise in its name.
    const mine = sender.fields.map((field) => field.replace("Cookie: guise=", "Cookie: __Host-guise="));
    const { arrived } = await fire(t, trusting, { ...sender, fields: mine, socket: false }, { fields: SAID });
    const fields = arrived[0]?.fields ?? [];
    if (!sender.impersonating) {
      // Own traffic has what a trusted proxy said, but for aliases and what is ours to write.
      const kept = SAID.filter((line) => !/_|\.Or|Forwarded-(?:Host|Proto|For)/.test(line));
      t.same(
        fields.filter((field) => kept.includes(field)),
        kept,
        sender.name,
      );
      t.notMatch(fields.join("\n"), /X_Forwarded|X\.Original/, sender.name);
      continue;
    }
    t.notMatch(
      fields.join("\n"),
      /\/evil|DELETE|Original|Rewrite|Prefix|Script|X-Host|host=evil/i,
      sender.name,
    );
    t.same(lines(arrived[0], "X-Forwarded-Port"), ["X-Forwarded-Port: 443"], `${sender.name}: as we know it`);
    t.same(lines(arrived[0], "X-Real-IP"), ["X-Real-IP: 9.9.9.9"], `${sender.name}: who asks, as we know it`);
  }
});

t.test("HOST-03: the client is the right-most hop that is nobody's proxy", async (t) => {
  const trusting = await stand(t, { config: `${CONFIG}trustedProxies: [127.0.0.1, 10.0.0.0/8]\n` });
  const cookie = await impersonate(t, trusting);
  const cases = [
    ["9.9.9.9", "9.9.9.9"],
    ["1.1.1.1, 9.9.9.9", "9.9.9.9"],
    ["1.1.1.1, 9.9.9.9, 10.1.2.3", "9.9.9.9"],
    ["127.0.0.1, 9.9.9.9", "9.9.9.9"],
    ["9.9.9.9, evil", "127.0.0.1"],
    ["10.1.1.1, 10.2.2.2", "10.1.1.1"],
    ["[2001:db8::1]:80", "2001:db8::1"],
  ] as const;
  for (const [n, [said, client]] of cases.entries()) {
    await send(t, trusting.port, request(`GET /hop/${n}`, [...AS.alice, cookie, `X-Forwarded-For: ${said}`]));
    const intent = await trusting.recorded(
      (line) => line.event.action === "impersonation.intent" && line.url?.path === `/hop/${n}`,
    );
    t.match(intent, { source: { ip: client } }, said);
  }
  const untrusting = await impersonate(t, it);
  await send(t, it.port, request("GET /hop/x", [...AS.alice, untrusting, "X-Forwarded-For: 9.9.9.9"]));
  const intent = await it.recorded(
    (line) => line.event.action === "impersonation.intent" && line.url?.path === "/hop/x",
  );
  t.match(intent, { source: { ip: "127.0.0.1" } }, "from nobody's proxy it counts for nothing");
  // The identity header is believed by the peer's address, which no header changes.
  const otherApp = await stand(t, {
    config: `${CONFIG.replace("from: [127.0.0.1]", "from: [9.9.9.9]")}trustedProxies: [127.0.0.1]\n`,
  });
  const reply = await send(
    t,
    otherApp.port,
    request("GET /site/1/x", [...CLICK, ...AS.alice, "X-Forwarded-For: 9.9.9.9"]),
  );
  t.notMatch(reply.head, /guise=/, "nobody is known by a forged hop");
  t.same(lines(otherApp.app.arrived[0], "X-Guise-"), []);
});
