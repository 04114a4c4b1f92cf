import { once } from "node:events";
import type { AddressInfo } from "node:net";
import t from "tap";
import { WebSocket, WebSocketServer } from "ws";
import { rawApp } from "../../fixtures/apps/upstream.ts";
import type { Teardown } from "../../fixtures/client/raw.ts";
import { frame } from "../../fixtures/client/tunnel-frames.ts";
import {
  behindHead,
  SWITCHED,
  tunnelGateway,
  upgradeHead,
  upgrading,
} from "../../fixtures/gateway/tunnel-gateway.ts";

/** An app that answers every message with the same message. */
async function echoApp(t: Teardown, options: { readonly perMessageDeflate?: boolean } = {}) {
  const server = new WebSocketServer({ port: 0, host: "127.0.0.1", ...options });
  server.on("connection", (peer) => {
    peer.on("message", (data, binary) => peer.send(data, { binary }));
  });
  await once(server, "listening");
  t.teardown(() => {
    for (const peer of server.clients) peer.terminate();
    server.close();
  });
  return { server, origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

t.test("messages of every size go both upstreams unchanged", async (t) => {
  const app = await echoApp(t, { perMessageDeflate: true });
  const gateway = await tunnelGateway(t, { upstream: app });
  const client = new WebSocket(`ws://127.0.0.1:${gateway.port}/live`);
  await once(client, "open");
  t.match(client.extensions, "permessage-deflate", "compression is between browser and app");
  for (const size of [0, 1, 125, 126, 65_535, 65_536, 3_000_000]) {
    const sent = Buffer.alloc(size, size % 251);
    client.send(sent);
    const [got] = await once(client, "message");
    t.ok(sent.equals(got as Buffer), `${size} bytes`);
  }
  client.close(1000, "bye");
  const [code] = await once(client, "close");
  t.equal(code, 1000);
  const settlement = await gateway.ended(1);
  t.match(settlement, { ending: "success", status: 101, parting: null });
  t.ok(settlement.requestBytes > 0 && settlement.responseBytes > 0);
});

t.test(
  "the app sees the target and every header as they were ordered, and the switch asked for once",
  async (t) => {
    const app = await rawApp(t, (peer) => peer.send(SWITCHED));
    const gateway = await tunnelGateway(t, {
      upstream: app,
      order: () => ({
        target: "/live?a=%2F&b=ü".replace("ü", "%C3%BC"),
        headers: [
          "Host",
          "app.example",
          "ORIGIN",
          "https://app.example",
          "Sec-WebSocket-Key",
          "dGhlIHNhbXBsZSBub25jZQ==",
          "X-Twice",
          "1",
          "x-twice",
          "2",
          "Upgrade",
          "h2c",
          "Connection",
          "close, X-Twice",
          "Content-Length",
          "5",
        ],
      }),
    });
    const client = await upgrading(t, gateway.port);
    await client.until("\r\n\r\n");
    t.equal(
      app.peers[0]?.text(),
      "GET /live?a=%2F&b=%C3%BC HTTP/1.1\r\nHost: app.example\r\nORIGIN: https://app.example\r\n" +
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nX-Twice: 1\r\nx-twice: 2\r\n" +
        "Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
    );
  },
);

t.test("WS-06: 101 comes only after the app's 101, with the headers that respond made of it", async (t) => {
  const app = await rawApp(t, () => undefined);
  const gateway = await tunnelGateway(t, {
    upstream: app,
    order: () => ({
      respond: async (head) => [
        ...head.headers.filter((it) => it !== "Set-Cookie" && it !== "a=1"),
        "X-Seen",
        String(head.status),
      ],
    }),
  });
  const client = await upgrading(t, gateway.port);
  await app.arrived(1);
  t.equal(client.text(), "");
  app.peers[0]?.send(SWITCHED.replace("\r\n\r\n", "\r\nSet-Cookie: a=1\r\nKeep-Alive: timeout=5\r\n\r\n"));
  const head = await client.until("\r\n\r\n");
  t.equal(
    head,
    "HTTP/1.1 101 Switching Protocols\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nX-Seen: 101\r\n" +
      "Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
  );
});

t.test("SMUG-06: bytes behind the request reach the app only after its 101, and all of them", async (t) => {
  const app = await rawApp(t, () => undefined);
  const gateway = await tunnelGateway(t, { upstream: app });
  const early = "GET /admin HTTP/1.1\r\nHost: app.example\r\n\r\n";
  const client = await upgrading(t, gateway.port, upgradeHead() + early);
  await app.arrived(1);
  client.send("more");
  const [peer] = app.peers;
  t.notMatch(peer?.text(), "/admin");
  peer?.send(SWITCHED);
  await client.until("\r\n\r\n");
  await peer?.until("more");
  t.equal(behindHead(peer?.text() ?? "").toString(), `${early}more`);
});

t.test("SMUG-06: bytes behind the request never reach an app that says no", async (t) => {
  const app = await rawApp(t, (peer) => peer.send("HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno"));
  const gateway = await tunnelGateway(t, { upstream: app });
  const client = await upgrading(
    t,
    gateway.port,
    `${upgradeHead()}GET /admin HTTP/1.1\r\nHost: app.example\r\n\r\n`,
  );
  const { text } = await client.closed;
  t.match(text, /^HTTP\/1\.1 403 Forbidden\r\n/);
  await app.peers[0]?.closed;
  t.notMatch(app.peers[0]?.text(), "/admin");
  t.equal(app.peers.length, 1);
});

t.test(
  "frames that the app sends with its 101 reach the client, also when respond takes its time",
  async (t) => {
    const hello = frame("hello");
    const app = await rawApp(t, (peer) => {
      peer.send(Buffer.concat([Buffer.from(SWITCHED), hello]));
      peer.socket.end();
    });
    let go: () => void = () => undefined;
    const wait = new Promise<void>((resolve) => {
      go = resolve;
    });
    const gateway = await tunnelGateway(t, {
      upstream: app,
      order: () => ({
        respond: async (head) => {
          await wait;
          return head.headers;
        },
      }),
    });
    const client = await upgrading(t, gateway.port);
    await app.arrived(1);
    go();
    const { text, reset } = await client.closed;
    t.same(behindHead(text), hello);
    t.notOk(reset);
    t.match(await gateway.ended(1), { ending: "success", status: 101, responseBytes: hello.length });
  },
);

t.test("a side that has ended still hears the other", async (t) => {
  const app = await rawApp(t, (peer) => peer.send(SWITCHED));
  Object.assign(app.server, { allowHalfOpen: true });
  const gateway = await tunnelGateway(t, { upstream: app });
  const client = await upgrading(t, gateway.port);
  await client.until("\r\n\r\n");
  const [peer] = app.peers;
  if (peer === undefined) throw new Error("no connection");
  client.send("last words");
  client.socket.end();
  await once(peer.socket, "end");
  t.equal(behindHead(peer.text()).toString(), "last words");
  peer.send("and an answer");
  peer.socket.end();
  t.equal(behindHead((await client.closed).text).toString(), "and an answer");
  t.match(await gateway.ended(1), { ending: "success", requestBytes: 10, responseBytes: 13 });
});

t.test("a client that breaks off takes the app's connection with it", async (t) => {
  const app = await rawApp(t, (peer) => peer.send(SWITCHED));
  const gateway = await tunnelGateway(t, { upstream: app });
  const client = await upgrading(t, gateway.port);
  await client.until("\r\n\r\n");
  client.reset();
  await app.peers[0]?.closed;
  t.match(await gateway.ended(1), { ending: "client-aborted", status: 101 });
});

t.test("an app that breaks off takes the client's connection with it", async (t) => {
  const app = await rawApp(t, (peer) => peer.send(SWITCHED));
  const gateway = await tunnelGateway(t, { upstream: app });
  const client = await upgrading(t, gateway.port);
  await client.until("\r\n\r\n");
  app.peers[0]?.reset();
  await client.closed;
  t.match(await gateway.ended(1), { ending: "upstream-truncated", status: 101 });
});

t.test("silence on both sides ends it with a close frame", async (t) => {
  const app = await echoApp(t);
  const controller = new AbortController();
  const gateway = await tunnelGateway(t, {
    upstream: app,
    timeouts: { socketIdle: 100 },
    order: () => ({ signal: controller.signal }),
  });
  const client = new WebSocket(`ws://127.0.0.1:${gateway.port}/live`);
  const [code, text] = await once(client, "close");
  t.same([code, String(text)], [1001, "idle"]);
  t.match(await gateway.ended(1), { ending: "success", parting: { code: 1001, text: "idle" } });
});
