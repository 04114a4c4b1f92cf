import { EventEmitter, once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import Fastify from "fastify";
import t from "tap";
import { Fault } from "../../../src/errors.ts";
import { refuse } from "../../../src/gateway/http/raw-response.ts";
import {
  attachUpgrades,
  UPGRADE_OPTIONS,
  wantsWebSocket,
} from "../../../src/gateway/websocket/upgrade-listener.ts";
import { rawApp } from "../../fixtures/apps/upstream.ts";
import { converse, raw, type Teardown } from "../../fixtures/client/raw.ts";
import { SWITCHED, tunnelGateway, upgradeHead, upgrading } from "../../fixtures/gateway/tunnel-gateway.ts";

const GET = "GET /first HTTP/1.1\r\nHost: app.example\r\n\r\n";

/** An app that switches and says nothing. */
const switching = (t: Teardown) => rawApp(t, (peer) => peer.send(SWITCHED));

/** Waits for the end of a socket, also of one that broke. */
function closed(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    socket.once("close", () => resolve());
  });
}

/** Whether the gateway still answers; every attack ends with this. */
async function lives(t: Teardown, port: number): Promise<boolean> {
  const said = await converse(
    t,
    port,
    "GET /alive HTTP/1.1\r\nHost: app.example\r\nConnection: close\r\n\r\n",
  );
  return said.startsWith("HTTP/1.1 200 OK\r\n") && said.includes("plain /alive");
}

t.test("a WebSocket is asked for by GET, HTTP/1.1 and both headers, in any case", async (t) => {
  const asking = {
    method: "GET",
    httpVersion: "1.1",
    headers: { upgrade: "WebSocket", connection: "keep-alive, UPGRADE" },
  };
  t.ok(wantsWebSocket(asking));
  t.ok(wantsWebSocket({ ...asking, headers: { upgrade: "h2c, websocket", connection: "upgrade" } }));
  t.notOk(wantsWebSocket({ ...asking, method: "POST" }));
  t.notOk(wantsWebSocket({ ...asking, httpVersion: "1.0" }));
  t.notOk(wantsWebSocket({ ...asking, headers: { upgrade: "h2c", connection: "upgrade" } }));
  t.notOk(wantsWebSocket({ ...asking, headers: { upgrade: "websockets", connection: "upgrade" } }));
  t.notOk(wantsWebSocket({ ...asking, headers: { upgrade: "websocket", connection: "close" } }));
  t.notOk(wantsWebSocket({ ...asking, headers: { connection: "upgrade" } }));
});

t.test("SMUG-06: an upgrade to anything else is a plain request, and its body is a body", async (t) => {
  const app = await switching(t);
  const gateway = await tunnelGateway(t, { upstream: app });
  for (const [method, protocol] of [
    ["GET", "h2c"],
    ["GET", "foo"],
    ["POST", "websocket"],
  ] as const) {
    const inner = GET.replace("first", "inner");
    const said = await converse(
      t,
      gateway.port,
      `${method} /outer HTTP/1.1\r\nHost: app.example\r\nConnection: Upgrade, close\r\nUpgrade: ${protocol}\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\nContent-Length: ${inner.length}\r\n\r\n${inner}`,
    );
    t.match(said, /^HTTP\/1\.1 200 OK\r\n[\s\S]*plain \/outer$/, `${method} ${protocol}`);
    t.notMatch(said, "/inner");
  }
  t.equal(app.peers.length, 0);
});

t.test(
  "SMUG-06: a WebSocket upgrade with a body is refused, and no byte of it is read as anything",
  async (t) => {
    const app = await switching(t);
    const gateway = await tunnelGateway(t, { upstream: app });
    const bodies = [
      `Content-Length: ${GET.length}\r\n\r\n${GET}`,
      "Content-Length: 5\r\n\r\nab",
      `Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n${GET}`,
      "Transfer-Encoding: chunked\r\n\r\n5\r\nab",
      `Content-Length: 00\r\n\r\n${GET}`,
    ];
    for (const body of bodies) {
      const said = await converse(t, gateway.port, upgradeHead().replace(/\r\n\r\n$/, `\r\n${body}`));
      t.match(said, /^HTTP\/1\.1 400 Bad Request\r\n[\s\S]*\r\nConnection: close\r\n\r\nbad-request$/, body);
      t.notMatch(said, "plain /", body);
    }
    t.equal(app.peers.length, 0);
    t.ok(await lives(t, gateway.port));
  },
);

t.test(
  "a length of 0 is no body: such an upgrade is asked for, and what stands behind it waits",
  async (t) => {
    const app = await switching(t);
    const gateway = await tunnelGateway(t, { upstream: app });
    const client = await upgrading(t, gateway.port, upgradeHead("/live", ["Content-Length: 0"]) + GET);
    await client.until("101 Switching");
    const said = await app.peers[0]?.until("/first");
    t.notMatch(said, /content-length/i);
    t.match(said, /^GET \/live [\s\S]*\r\n\r\nGET \/first /);
    t.notMatch(client.text(), "plain");
    client.socket.end();
  },
);

t.test("WS-04: a request and an upgrade in one segment are answered in order", async (t) => {
  const app = await switching(t);
  const gateway = await tunnelGateway(t, { upstream: app });
  const said = await converse(
    t,
    gateway.port,
    GET +
      GET +
      upgradeHead("/live", ["X-Last: 1"]).replace("Connection: Upgrade", "Connection: Upgrade, close"),
  );
  t.same(
    said.match(/plain \S+/g)?.map((it) => it.replace(/HTTP.*/, "")),
    ["plain /first", "plain /first", "plain /live"],
  );
  t.equal(app.peers.length, 0);
  t.ok(await lives(t, gateway.port));
});

t.test("WS-04: also when the first answer takes its time and the client leaves", async (t) => {
  const news = new EventEmitter();
  const server = createServer(UPGRADE_OPTIONS, (request, response) => {
    news.emit("request", request.url);
    if (request.url !== "/first") response.end("later");
    response.on("close", () => news.emit("closed", request.url));
  });
  attachUpgrades(server, () => void t.fail("the upgrade overtook the request"), {
    waiting: 10,
    answer: () => ({ status: 400, headers: [], body: "" }),
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.teardown(() => server.close());
  const client = await raw(t, (server.address() as AddressInfo).port);
  const requests: unknown[] = [];
  news.on("request", (url) => requests.push(url));
  client.send(GET + upgradeHead());
  while (requests.length < 2) await once(news, "request");
  t.same(requests, ["/first", "/live"]);
  client.reset();
  const [closed] = await once(news, "closed");
  t.equal(closed, "/first");
});

t.test("CVE-2026-130647: a request behind an upgrade is the tunnel's, and the process lives", async (t) => {
  const app = await switching(t);
  const gateway = await tunnelGateway(t, { upstream: app });
  const client = await upgrading(t, gateway.port, upgradeHead() + GET);
  await client.until("101 Switching");
  await app.peers[0]?.until("/first");
  t.notMatch(client.text(), "plain");
  client.socket.end();
  t.ok(await lives(t, gateway.port));
});

t.test(
  "WS-05 (CVE-2026-129500): a client that breaks off while it is decided ends only itself",
  async (t) => {
    const app = await switching(t);
    const news = new EventEmitter();
    const sockets: Socket[] = [];
    const gateway = await tunnelGateway(t, {
      upstream: app,
      order: async (_request, socket) => {
        sockets.push(socket);
        await once(news, "decided");
        return {};
      },
    });
    for (let n = 1; n <= 5; n += 1) {
      const client = await upgrading(t, gateway.port);
      await gateway.asked(n);
      const gone = closed(sockets[n - 1] as Socket);
      client.reset();
      await gone;
    }
    news.emit("decided");
    await gateway.ended(5);
    t.same(
      gateway.settlements.map((it) => it.ending),
      Array(5).fill("client-aborted"),
    );
    t.equal(app.peers.length, 0, "the app never heard of it");
    t.ok(await lives(t, gateway.port));
  },
);

t.test("more upgrades than may wait are refused at once", async (t) => {
  const app = await switching(t);
  const news = new EventEmitter();
  const gateway = await tunnelGateway(t, {
    upstream: app,
    waiting: 2,
    order: async () => {
      await once(news, "decided");
      return {};
    },
  });
  const first = await upgrading(t, gateway.port);
  const second = await upgrading(t, gateway.port);
  await gateway.asked(2);
  const third = await upgrading(t, gateway.port);
  t.match((await third.closed).text, /^HTTP\/1\.1 503 Service Unavailable\r\n[\s\S]*overloaded$/);
  news.emit("decided");
  await first.until("101 Switching");
  await second.until("101 Switching");
  const fourth = await upgrading(t, gateway.port);
  await gateway.asked(3);
  news.emit("decided");
  t.match(await fourth.until("\r\n\r\n"), /101 Switching/);
});

t.test("a handler that throws or rejects is answered, and what it said is kept for the log", async (t) => {
  const app = await switching(t);
  for (const error of [new Fault("audit-unavailable", "disk"), new Error("a bug")]) {
    const gateway = await tunnelGateway(t, { upstream: app, order: () => Promise.reject(error) });
    const client = await upgrading(t, gateway.port);
    const { text } = await client.closed;
    const code = error instanceof Fault ? error.code : "internal";
    t.ok(text.startsWith(`HTTP/1.1 ${error instanceof Fault ? 503 : 500} `) && text.endsWith(code));
    t.notMatch(text, "a bug");
    t.equal(gateway.faults[0]?.code, code);
  }
});

t.test("CONNECT is refused", async (t) => {
  const app = await switching(t);
  const gateway = await tunnelGateway(t, { upstream: app });
  const said = await converse(
    t,
    gateway.port,
    "CONNECT evil.test:443 HTTP/1.1\r\nHost: evil.test:443\r\n\r\nhello",
  );
  t.match(said, /^HTTP\/1\.1 501 Not Implemented\r\n[\s\S]*bad-method$/);
  t.equal(app.peers.length, 0);
});

t.test("a refused client that neither reads nor leaves is gone after a second", async (t) => {
  const server = createServer(UPGRADE_OPTIONS);
  const sockets: Socket[] = [];
  attachUpgrades(
    server,
    (_request: IncomingMessage, socket) => {
      sockets.push(socket);
      refuse(socket, { status: 403, headers: [["X-A", "b"]], body: "é" });
    },
    { waiting: 1, answer: () => ({ status: 400, headers: [], body: "" }) },
  );
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.teardown(() => server.close());
  const client = await raw(t, (server.address() as AddressInfo).port);
  client.socket.allowHalfOpen = true;
  client.send(upgradeHead());
  await client.until("Ã©");
  t.equal(
    client.text(),
    "HTTP/1.1 403 Forbidden\r\nX-A: b\r\nContent-Length: 2\r\nConnection: close\r\n\r\nÃ©",
  );
  const [socket] = sockets;
  if (socket === undefined) throw new Error("no socket");
  if (!socket.destroyed) await closed(socket);
  t.ok(socket.destroyed);
});

t.test(
  "fastify hands upgrades on, and takes the other ones as plain requests, on every address it listens on",
  async (t) => {
    const fastify = Fastify({ http: UPGRADE_OPTIONS });
    fastify.get("/live", async () => "plain /live");
    attachUpgrades(
      fastify.server,
      (_request, socket) => refuse(socket, { status: 403, headers: [], body: "" }),
      {
        waiting: 10,
        answer: () => ({ status: 400, headers: [], body: "" }),
      },
    );
    await fastify.listen({ port: 0, host: "localhost" });
    t.teardown(() => fastify.close());
    const { port } = fastify.server.address() as AddressInfo;
    t.match(await converse(t, port, upgradeHead()), /^HTTP\/1\.1 403 /);
    const h2c = upgradeHead()
      .replace("websocket", "h2c")
      .replace("Connection: Upgrade", "Connection: Upgrade, close");
    t.match(await converse(t, port, h2c), /^HTTP\/1\.1 200 [\s\S]*plain \/live/);
  },
);
