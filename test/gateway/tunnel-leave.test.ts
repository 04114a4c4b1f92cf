import type { Server } from "node:net";
import { promisify } from "node:util";
import t from "tap";
import { Sockets } from "../../src/gateway/services/open-connections.ts";
import { rawApp } from "../fixtures/apps/upstream.ts";
import type { Teardown, Wire } from "../fixtures/client/raw.ts";
import { frame } from "../fixtures/client/tunnel-frames.ts";
import { SWITCHED, tunnelGateway, upgrading } from "../fixtures/gateway/tunnel-gateway.ts";

/** The fault matrix asks for 10,000 once: `ROUNDS=3400 npx tap …`. */
const ROUNDS = Number(process.env.ROUNDS ?? 60);

type Phase = "before the answer" | "in the middle of a frame" | "after a close";
const PHASES: readonly Phase[] = ["before the answer", "in the middle of a frame", "after a close"];

async function connections(server: Server): Promise<number> {
  return await promisify(server.getConnections.bind(server))();
}

async function leave(phase: Phase, client: Wire, peer: () => Promise<Wire>): Promise<void> {
  if (phase === "before the answer") {
    await peer();
    client.reset();
    return;
  }
  (await peer()).send(SWITCHED);
  await client.until("\r\n\r\n");
  if (phase === "in the middle of a frame") {
    client.send(frame("half", { masked: true }).subarray(0, 7));
    client.reset();
  } else {
    client.send(frame(Buffer.from([0x03, 0xe8]), { opcode: 8, masked: true }));
    client.socket.end();
  }
}

/** One gateway and one app; each round opens one tunnel and leaves it. */
async function rounds(t: Teardown, phase: Phase) {
  const registry = new Sockets();
  const app = await rawApp(t, () => undefined);
  app.server.on("connection", (socket) => socket.on("end", () => socket.end()));
  const gateway = await tunnelGateway(t, {
    upstream: app,
    order: (_request, socket) => {
      const controller = new AbortController();
      const forget = registry.add("i", (why) => controller.abort(why));
      socket.once("close", forget);
      return { signal: controller.signal };
    },
  });
  for (let n = 1; n <= ROUNDS; n += 1) {
    const client = await upgrading(t, gateway.port);
    await leave(phase, client, async () => {
      await app.arrived(n);
      return app.peers[n - 1] as Wire;
    });
    await gateway.ended(n);
    await app.peers[n - 1]?.closed;
  }
  return { gateway, app, registry };
}

for (const phase of PHASES) {
  t.test(`clients that leave ${phase} leave nothing behind`, async (t) => {
    const { gateway, app, registry } = await rounds(t, phase);
    t.equal(gateway.settlements.length, ROUNDS, "each is settled once");
    t.equal(app.peers.length, ROUNDS, "each asked the app once");
    const ending = phase === "after a close" ? "success" : "client-aborted";
    t.same(new Set(gateway.settlements.map((it) => it.ending)), new Set([ending]));
    t.same(gateway.faults, []);
    t.equal(await connections(gateway.server), 0);
    t.equal(await connections(app.server), 0);
    t.equal(registry.count(), 0);
  });
}
