import { createHash } from "node:crypto";
import { once } from "node:events";
import type { Socket } from "node:net";
import t from "tap";
import { rawApp } from "../fixtures/apps/upstream.ts";
import type { Teardown } from "../fixtures/client/raw.ts";
import { frame } from "../fixtures/client/tunnel-frames.ts";
import { SWITCHED, tunnelGateway, upgrading } from "../fixtures/gateway/tunnel-gateway.ts";

const MIB = 1_048_576;

/** Both ends of a tunnel that stands, reading nothing. */
async function stuck(t: Teardown, socketIdle: number, watched: boolean) {
  const app = await rawApp(t, (peer) => peer.send(SWITCHED));
  const gateway = await tunnelGateway(t, {
    upstream: app,
    timeouts: { socketIdle },
    order: () => ({ signal: watched ? new AbortController().signal : null }),
  });
  const client = await upgrading(t, gateway.port);
  await client.until("\r\n\r\n");
  const peer = app.peers[0]?.socket as Socket;
  client.socket.pause();
  peer.pause();
  return { gateway, client: client.socket, peer };
}

/** Writes so much without waiting for anybody. */
function flood(socket: Socket, mebibytes: number): void {
  const chunk = frame(Buffer.alloc(MIB, 1), { opcode: 2 });
  for (let n = 0; n < mebibytes; n += 1) socket.write(chunk);
}

t.test("WS-09: 200 MiB for an app that doesn't read stay where they are", async (t) => {
  for (const watched of [false, true]) {
    const { gateway, client } = await stuck(t, 300, watched);
    flood(client, 200);
    const { requestBytes } = await gateway.ended(1);
    t.ok(
      requestBytes > 0 && requestBytes < 24 * MIB,
      `${requestBytes} bytes were taken, watched: ${watched}`,
    );
  }
});

t.test("WS-09: 200 MiB for a client that doesn't read stay where they are", async (t) => {
  for (const watched of [false, true]) {
    const { gateway, peer } = await stuck(t, 300, watched);
    flood(peer, 200);
    const { responseBytes } = await gateway.ended(1);
    t.ok(
      responseBytes > 0 && responseBytes < 24 * MIB,
      `${responseBytes} bytes were taken, watched: ${watched}`,
    );
  }
});

t.test("who reads late gets every byte in its place", async (t) => {
  for (const way of ["up", "down"] as const) {
    const { gateway, client, peer } = await stuck(t, 30_000, true);
    const [from, to] = way === "up" ? [client, peer] : [peer, client];
    const sent = createHash("sha256");
    const got = createHash("sha256");
    for (let n = 0; n < 30; n += 1) {
      const chunk = frame(Buffer.alloc(MIB + n, n), { opcode: 2 });
      sent.update(chunk);
      from.write(chunk);
    }
    from.end();
    to.on("data", (chunk) => got.update(chunk));
    to.resume();
    await once(to, "end");
    t.equal(got.digest("hex"), sent.digest("hex"), way);
    from.resume();
    t.match(await gateway.ended(1), { ending: "success" });
  }
});

t.test("a frame that says it is 2^62 bytes long costs what it sends, and no more", async (t) => {
  const { gateway, client, peer } = await stuck(t, 300, true);
  client.write(Buffer.from([0x82, 0xff, 0x40, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4]));
  peer.resume();
  flood(client, 3);
  const { requestBytes, parting } = await gateway.ended(1);
  t.equal(requestBytes, 14 + 3 * (MIB + 10));
  t.same(parting, { code: 1001, text: "idle" });
});
