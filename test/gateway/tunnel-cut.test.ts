import { createHash } from "node:crypto";
import { once } from "node:events";
import t from "tap";
import { WebSocket } from "ws";
import { Sockets } from "../../src/gateway/services/open-connections.ts";
import type { Tunnel } from "../../src/gateway/websocket/tunnel.ts";
import { rawApp } from "../fixtures/apps/upstream.ts";
import type { Teardown, Wire } from "../fixtures/client/raw.ts";
import { type Frame, frame, framesOf } from "../fixtures/client/tunnel-frames.ts";
import {
  behindHead,
  SWITCHED,
  tunnelGateway,
  upgradeHead,
  upgrading,
} from "../fixtures/gateway/tunnel-gateway.ts";

type TunnelOrder = Parameters<Tunnel["open"]>[0];

/** A tunnel that stands between two raw ends, and what cuts it. */
async function standing(t: Teardown, changes: Partial<TunnelOrder> = {}, behind: Buffer | string = "") {
  const controller = new AbortController();
  const app = await rawApp(t, (peer) => peer.send(SWITCHED));
  // As a WebSocket server does, the app closes when it was told to.
  app.server.on("connection", (socket) => socket.on("end", () => socket.end()));
  const gateway = await tunnelGateway(t, {
    upstream: app,
    order: () => ({ signal: controller.signal, ...changes }),
  });
  const client = await upgrading(t, gateway.port, upgradeHead());
  await client.until("\r\n\r\n");
  if (behind.length > 0) client.send(behind);
  const peer = app.peers[0] as Wire;
  return { gateway, client, peer, cut: (why: unknown) => controller.abort(why) };
}

function closeOf(it: Frame | undefined): readonly unknown[] {
  return [it?.opcode, it?.masked, it?.payload.readUInt16BE(0), it?.payload.subarray(2).toString()];
}

/** What a client with this request expects as `Sec-WebSocket-Accept` (RFC 6455 4.2.2). */
function acceptFor(peer: Wire | undefined): string {
  const key = /Sec-WebSocket-Key: (\S+)/.exec(peer?.text() ?? "")?.[1] ?? "";
  return createHash("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");
}

/** All frames that an end has got when its connection is over. */
async function framesAt(end: Wire): Promise<readonly Frame[]> {
  const { text } = await end.closed;
  return framesOf(behindHead(text));
}

t.test("WS-08: both sides are told with the reason word, the app under a mask", async (t) => {
  const { gateway, client, peer, cut } = await standing(t);
  peer.send(frame("shown"));
  client.send(frame("said", { masked: true }));
  await peer.until(/.{10}$/s);
  await client.until("shown");
  cut("ended-revoked");
  const [shown, closing, ...more] = await framesAt(client);
  t.equal(shown?.payload.toString(), "shown");
  t.same(closeOf(closing), [8, false, 4001, "ended-revoked"]);
  t.same(more, []);
  const [said, told] = await framesAt(peer);
  t.equal(said?.payload.toString(), "said");
  t.same(closeOf(told), [8, true, 4001, "ended-revoked"]);
  t.match(await gateway.ended(1), {
    ending: "revoked",
    status: 101,
    parting: { code: 4001, text: "ended-revoked" },
  });
});

t.test("any other reason is the gateway going away", async (t) => {
  for (const why of ["going-away", undefined, new Error("x"), "toString"]) {
    const { client, cut } = await standing(t);
    cut(why);
    t.same((await framesAt(client)).map(closeOf), [[8, false, 1001, "going-away"]]);
  }
});

t.test("a browser sees the close code and its reason", async (t) => {
  const registry = new Sockets();
  const controller = new AbortController();
  const app = await rawApp(t, () => undefined);
  const gateway = await tunnelGateway(t, {
    upstream: app,
    order: () => ({ signal: controller.signal }),
  });
  registry.add("i", (why) => controller.abort(why));
  const client = new WebSocket(`ws://127.0.0.1:${gateway.port}/live`);
  await app.arrived(1);
  app.peers[0]?.send(SWITCHED.replace(/Accept: .*/, `Accept: ${acceptFor(app.peers[0])}`));
  await once(client, "open");
  t.equal(registry.cut("i", "ended-by-agent"), 1);
  const [code, reason] = await once(client, "close");
  t.same([code, String(reason)], [4001, "ended-by-agent"]);
  await gateway.ended(1);
});

t.test("the frame that the app is sending reaches the client whole before the close does", async (t) => {
  const { client, peer, cut } = await standing(t);
  const long = frame("x".repeat(70_000));
  peer.send(long.subarray(0, 40_000));
  await client.until(/x{30000}/);
  cut("ended-by-agent");
  peer.send(Buffer.concat([long.subarray(40_000), frame("never to be seen")]));
  const [whole, closing, ...more] = await framesAt(client);
  t.equal(whole?.payload.length, 70_000);
  t.same(closeOf(closing), [8, false, 4001, "ended-by-agent"]);
  t.same(more, []);
});

t.test("an app that never ends its frame doesn't hold the client", async (t) => {
  const { gateway, client, peer, cut } = await standing(t);
  const half = frame("y".repeat(200)).subarray(0, 100);
  peer.send(half);
  await client.until(/y{90}/);
  cut("ended-by-agent");
  t.same(behindHead((await client.closed).text), half, "no close frame in the middle of a payload");
  await peer.closed;
  t.match(await gateway.ended(1), { ending: "revoked" });
});

t.test("no byte of the client's goes to the app after the cut, not even the rest of a frame", async (t) => {
  const { client, peer, cut } = await standing(t);
  const order = frame("pay 100 to Mallory", { masked: true });
  client.send(order.subarray(0, 12));
  await peer.until(/\r\n\r\n.{12}$/s);
  cut("ended-revoked");
  client.send(order.subarray(12));
  t.same((await framesAt(client)).map(closeOf), [[8, false, 4001, "ended-revoked"]]);
  const { text } = await peer.closed;
  t.same(behindHead(text), order.subarray(0, 12));
});

t.test("a client that answers nothing and closes nothing is gone all the same", async (t) => {
  const { gateway, client, cut } = await standing(t);
  client.socket.pause();
  client.socket.allowHalfOpen = true;
  cut("ended-expired");
  t.match(await gateway.ended(1), { ending: "revoked" });
});

t.test("a cut while a close is under way ends it at once", async (t) => {
  const { gateway, client, peer, cut } = await standing(t);
  client.send(frame("", { opcode: 8, masked: true }));
  client.socket.end();
  await once(peer.socket, "end");
  cut("ended-by-agent");
  t.equal((await gateway.ended(1)).status, 101);
});

t.test("a signal that is aborted before the order: the app hears nothing", async (t) => {
  const app = await rawApp(t, () => undefined);
  const gateway = await tunnelGateway(t, {
    upstream: app,
    order: () => ({ signal: AbortSignal.abort("ended-revoked") }),
  });
  const client = await upgrading(t, gateway.port);
  t.match((await client.closed).text, /^HTTP\/1\.1 409 Conflict\r\n/);
  t.match(await gateway.ended(1), { ending: "revoked", status: null });
  t.equal(app.peers.length, 0);
});

t.test("a signal that is aborted while the app thinks: no 101 any more, on either side", async (t) => {
  const controller = new AbortController();
  const app = await rawApp(t, () => undefined);
  const gateway = await tunnelGateway(t, {
    upstream: app,
    order: () => ({ signal: controller.signal }),
  });
  const client = await upgrading(t, gateway.port);
  await app.arrived(1);
  controller.abort("going-away");
  t.match((await client.closed).text, /^HTTP\/1\.1 503 Service Unavailable\r\n/);
  await app.peers[0]?.closed;
  t.match(await gateway.ended(1), { ending: "revoked", status: null });
});

t.test("a signal that is aborted in the middle of the app's refusal cuts it off", async (t) => {
  const controller = new AbortController();
  const app = await rawApp(t, (peer) => peer.send("HTTP/1.1 403 No\r\nContent-Length: 9\r\n\r\nabc"));
  const gateway = await tunnelGateway(t, {
    upstream: app,
    order: () => ({ signal: controller.signal }),
  });
  const client = await upgrading(t, gateway.port);
  await client.until("abc");
  controller.abort("ended-revoked");
  await client.closed;
  await app.peers[0]?.closed;
  t.match(await gateway.ended(1), { ending: "revoked", status: 403, responseBytes: 3 });
});

t.test("WS-08: read-only lets control frames through and ends at the first data frame", async (t) => {
  for (const opcode of [0, 1, 2, 3]) {
    const ping = frame("ping", { opcode: 9, masked: true });
    const order = frame("delete everything", { opcode, masked: true });
    const { gateway, client, peer } = await standing(
      t,
      { readOnly: true, signal: null },
      Buffer.concat([ping, order, frame("more", { masked: true })]),
    );
    t.same((await framesAt(client)).map(closeOf), [[8, false, 4003, "read-only"]]);
    const [first, told, ...others] = await framesAt(peer);
    t.equal(first?.payload.toString(), "ping");
    t.same(closeOf(told), [8, true, 4003, "read-only"]);
    t.same(others, [], `opcode ${opcode}`);
    t.match(await gateway.ended(1), {
      ending: "failure",
      requestBytes: ping.length,
      parting: { code: 4003, text: "read-only" },
    });
  }
});

t.test(
  "read-only sees a data frame whose first byte comes alone, and one that came with the request",
  async (t) => {
    const order = frame("delete everything", { masked: true });
    const { client, peer } = await standing(t, { readOnly: true }, order.subarray(0, 1));
    t.same((await framesAt(client)).map(closeOf), [[8, false, 4003, "read-only"]]);
    t.same((await framesAt(peer)).map(closeOf), [[8, true, 4003, "read-only"]]);

    const app = await rawApp(t, (peer) => peer.send(SWITCHED));
    const gateway = await tunnelGateway(t, { upstream: app, order: () => ({ readOnly: true }) });
    const eager = await upgrading(t, gateway.port, upgradeHead() + order.toString("latin1"));
    t.same((await framesAt(eager)).map(closeOf), [[8, false, 4003, "read-only"]]);
    t.same((await framesAt(app.peers[0] as Wire)).map(closeOf), [[8, true, 4003, "read-only"]]);
  },
);

t.test("read-only shows everything that the app sends", async (t) => {
  const { client, peer, cut } = await standing(t, { readOnly: true });
  peer.send(Buffer.concat([frame("one"), frame("two", { opcode: 2 })]));
  await client.until("two");
  cut("ended-by-agent");
  t.same(
    (await framesAt(client)).slice(0, 2).map((it) => it.payload.toString()),
    ["one", "two"],
  );
});

t.test("a close handshake passes under read-only as it is", async (t) => {
  const { gateway, client, peer } = await standing(t, { readOnly: true });
  client.send(frame(Buffer.from([0x03, 0xe8]), { opcode: 8, masked: true }));
  await peer.until(/\x88\x82.{6}$/s);
  peer.send(frame(Buffer.from([0x03, 0xe8]), { opcode: 8 }));
  peer.socket.end();
  t.same((await framesAt(client)).map(closeOf), [[8, false, 1000, ""]]);
  t.match(await gateway.ended(1), { ending: "success", parting: null });
});
