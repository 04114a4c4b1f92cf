import type { Socket } from "node:net";
import t from "tap";
import { Fault } from "../../src/errors.ts";
import { upgradeOptions, upgrading } from "../../src/gateway/upgrade.ts";
import type { Tunnel } from "../../src/gateway/websocket/tunnel.ts";
import { head } from "../fixtures/apps/plan.ts";
import { call } from "../fixtures/client/request.ts";
import { ALICE, impersonate, NUNO, valuesOf } from "../fixtures/gateway/stages.ts";
import { type TestServices, testServices, YAML } from "../fixtures/gateway/test-services.ts";

type TunnelOrder = Parameters<Tunnel["open"]>[0];

const ORIGIN = "Origin: http://app.example.com";
const HEAD = Buffer.from("behind");

/** Asks for a socket; gives the orders that went to the tunnel and what the client was answered. */
async function upgrade(it: TestServices, lines: readonly string[], path = "/ws?a=b") {
  const { raw, answered } = await call([
    `GET ${path}`,
    "Connection: Upgrade",
    "Upgrade: websocket",
    ...lines,
  ]);
  const orders: TunnelOrder[] = [];
  const handle = upgrading(it.services, () => ({ open: (order) => void orders.push(order) }));
  await handle(raw, raw.socket, HEAD);
  await new Promise((resolve) => setImmediate(resolve));
  return { orders, order: orders[0] ?? null, answered: answered(), socket: raw.socket };
}

t.test("a socket of one's own goes to the app with its Origin, and is let speak", async (t) => {
  const it = await testServices(t);
  for (const origin of [[], ["Origin: http://elsewhere.test"]]) {
    const { order, socket } = await upgrade(it, [...NUNO, ...origin, "Cookie: s=1"]);
    t.match(order, { target: "/ws?a=b", readOnly: false });
    t.equal(order?.socket, socket as Socket);
    t.equal(order?.head, HEAD);
    t.same(
      valuesOf(order?.headers ?? [], "origin"),
      origin.map((line) => line.slice(8)),
    );
    t.same(valuesOf(order?.headers ?? [], "x-guise-user"), ["17"]);
    t.same(valuesOf(order?.headers ?? [], "cookie"), ["s=1"]);
  }
  t.same(it.events, []);
});

t.test(
  "under an impersonation it runs as the customer, on record, and may only listen in mode read",
  async (t) => {
    const it = await testServices(t);
    const { cookie } = await impersonate(it);
    const { order } = await upgrade(it, [...ALICE, ORIGIN, cookie]);
    t.equal(order?.readOnly, true);
    t.same(valuesOf(order?.headers ?? [], "x-guise-user"), ["17"]);
    t.same(valuesOf(order?.headers ?? [], "x-guise-true-user"), ["alice"]);
    t.same(valuesOf(order?.headers ?? [], "cookie"), []);
    t.same(it.actions(), ["impersonation.intent"]);
    order?.settled({ ending: "revoked", status: 101, requestBytes: 0, responseBytes: 9, parting: null });
    t.match(it.events[1], { action: "impersonation.outcome", response: { ending: "revoked", bytes: 9 } });
    t.equal(it.services.sockets.count(), 0);
  },
);

t.test("it may speak in mode write, and where a rule allows it", async (t) => {
  const it = await testServices(t, YAML.replace("/search, methods: [POST], allow", "/chat, allow"));
  const reading = await impersonate(it);
  t.equal((await upgrade(it, [...ALICE, ORIGIN, reading.cookie], "/chat")).order?.readOnly, false);
  t.equal((await upgrade(it, [...ALICE, ORIGIN, reading.cookie], "/ws")).order?.readOnly, true);
  const writing = await impersonate(it, { mode: "write" });
  t.equal((await upgrade(it, [...ALICE, ORIGIN, writing.cookie])).order?.readOnly, false);
});

t.test(
  "another site's page opens nothing under an impersonation, nor does one that says nothing",
  async (t) => {
    const it = await testServices(t);
    const { cookie } = await impersonate(it);
    for (const origin of [
      ["Origin: http://evil.test"],
      ["Origin: https://app.example.com"],
      ["Origin: null"],
      [],
    ])
      await t.rejects(upgrade(it, [...ALICE, cookie, ...origin]), { code: "foreign-origin" }, origin.join());
    t.same(it.events, []);
  },
);

t.test("there is no socket of ours, and none as somebody else on an address with two readings", async (t) => {
  const it = await testServices(t);
  await t.rejects(upgrade(it, [...NUNO], "/.guise/me"), { code: "not-found" });
  const { cookie } = await impersonate(it);
  for (const path of ["/./admin", "/a;x/..;/b", "//evil\\x", "/a%2fb"])
    await t.rejects(upgrade(it, [...ALICE, cookie, ORIGIN], path), { code: "bad-request" }, path);
});

t.test("a socket never starts or switches", async (t) => {
  const it = await testServices(t);
  const lines = [
    "Sec-Fetch-Dest: document",
    "Sec-Fetch-Mode: navigate",
    "Sec-Fetch-User: ?1",
    "Sec-Fetch-Site: cross-site",
  ];
  t.match(await upgrade(it, [...ALICE, ...lines], "/site/1"), { order: { readOnly: false } });
  const { cookie } = await impersonate(it);
  await upgrade(it, [...ALICE, ...lines, ORIGIN, cookie], "/site/2");
  t.same(it.actions(), ["impersonation.intent"]);
});

t.test("what is refused or over is answered in plain HTTP, and nothing is opened", async (t) => {
  const it = await testServices(t);
  const { cookie } = await impersonate(it);
  it.clock.pass(900_000);
  const over = await upgrade(it, [...ALICE, ORIGIN, cookie]);
  t.same(over.orders, []);
  t.match(over.answered, /^HTTP\/1\.1 409 [\s\S]*Connection: close[\s\S]*"code":"ended-idle"/);
});

t.test("what can't be recorded opens nothing", async (t) => {
  const it = await testServices(t);
  const { cookie } = await impersonate(it);
  it.refuseRecords(() => true);
  const { orders, answered } = await upgrade(it, [...ALICE, ORIGIN, cookie]);
  t.same(orders, []);
  t.match(answered, /^HTTP\/1\.1 503 [\s\S]*"code":"audit-unavailable"/);
});

t.test("it is cut when the impersonation ends", async (t) => {
  const it = await testServices(t);
  const { cookie, impersonation } = await impersonate(it);
  const { order } = await upgrade(it, [...ALICE, ORIGIN, cookie]);
  it.services.sockets.cut(impersonation.id, "ended-by-agent");
  t.equal(order?.signal?.reason, "ended-by-agent");
});

t.test("the app's answer goes through the same rules as everything", async (t) => {
  const it = await testServices(t);
  const { cookie } = await impersonate(it);
  const { order } = await upgrade(it, [...ALICE, ORIGIN, cookie]);
  const headers = await order?.respond(head(101, "Set-Cookie", "guise=evil", "Sec-WebSocket-Accept", "x"));
  t.same(valuesOf(headers ?? [], "set-cookie"), []);
  t.same(valuesOf(headers ?? [], "sec-websocket-accept"), ["x"]);
});

t.test("a refused upgrade is answered without what only the operator may know", async (t) => {
  const it = await testServices(t);
  const { raw } = await call(["GET /ws", "Connection: Upgrade", "Upgrade: websocket"]);
  const options = upgradeOptions(it.services);
  const said = options.answer(new Fault("upstream-unreachable", "10.0.0.7"), raw);
  t.equal(said.status, 502);
  t.match(JSON.parse(said.body), { code: "upstream-unreachable" });
  t.notMatch(said.body, /10\.0\.0\.7/);
  t.match(it.log.lines, ["info: an upgrade was refused"]);
  t.equal(options.waiting, it.snapshot().settings.limits.connections);
});
