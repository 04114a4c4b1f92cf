import { once } from "node:events";
import { createServer as createSecureServer } from "node:https";
import { type AddressInfo, createServer, type Server } from "node:net";
import { join } from "node:path";
import t from "tap";
import { WebSocket, WebSocketServer } from "ws";
import type { tunnel } from "../../src/gateway/websocket/tunnel.ts";
import type { Teardown } from "../fixtures/client/raw.ts";
import { SWITCHED, tunnelGateway, upgrading } from "../fixtures/gateway/tunnel-gateway.ts";
import { certificateFor, folder } from "../fixtures/servers/tunnel-certificate.ts";

type TunnelOptions = Parameters<typeof tunnel>[0];

/** An app behind TLS that greets; with the names that it was asked for. */
async function secureApp(t: Teardown, options: { readonly cert: string; readonly key: string }) {
  const names: unknown[] = [];
  const server = createSecureServer(options);
  const live = new WebSocketServer({ server });
  live.on("connection", (peer, request) => {
    names.push(Reflect.get(request.socket, "servername"));
    peer.send("hello");
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.teardown(() => {
    for (const peer of live.clients) peer.terminate();
    server.close();
  });
  return { names, port: (server.address() as AddressInfo).port };
}

async function greeting(
  t: Teardown,
  upstream: Partial<TunnelOptions["upstream"]> & { readonly origin: string },
): Promise<string> {
  const gateway = await tunnelGateway(t, { upstream });
  const client = new WebSocket(`ws://127.0.0.1:${gateway.port}/live`);
  const [said] = await once(client, "message");
  client.terminate();
  await gateway.ended(1);
  return String(said);
}

async function listening(t: Teardown, server: Server): Promise<number> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.teardown(() => server.close());
  return (server.address() as AddressInfo).port;
}

t.test("UP-01: a certificate that proves nothing is 502, and the app sees no request", async (t) => {
  const mine = certificateFor(t, "DNS:localhost,IP:127.0.0.1");
  const app = await secureApp(t, mine);
  const other = await secureApp(t, certificateFor(t, "DNS:other.example"));
  const named = certificateFor(t, "DNS:other.example");
  const misnamed = await secureApp(t, named);
  for (const [origin, ca] of [
    [`https://localhost:${app.port}`, null],
    [`https://127.0.0.1:${app.port}`, null],
    [`https://localhost:${other.port}`, mine.cert],
    [`https://localhost:${misnamed.port}`, named.cert],
  ] as const) {
    const gateway = await tunnelGateway(t, { upstream: { origin, ca } });
    const client = await upgrading(t, gateway.port);
    t.match((await client.closed).text, /^HTTP\/1\.1 502 [\s\S]*upstream-tls$/, origin);
    t.match(await gateway.ended(1), { ending: "upstream-unreachable", status: null });
  }
  t.same([...app.names, ...other.names, ...misnamed.names], []);
});

t.test("UP-01: an authority from the config is trusted, by name and by address", async (t) => {
  const mine = certificateFor(t, "DNS:localhost,IP:127.0.0.1");
  const app = await secureApp(t, mine);
  for (const host of ["localhost", "127.0.0.1"]) {
    t.equal(await greeting(t, { origin: `https://${host}:${app.port}`, ca: mine.cert }), "hello");
  }
  t.same(app.names, ["localhost", false], "an address is not asked for by name");
});

t.test("only insecureSkipVerify lets a certificate pass that proves nothing", async (t) => {
  const app = await secureApp(t, certificateFor(t, "DNS:other.example"));
  const origin = `https://localhost:${app.port}`;
  t.equal(await greeting(t, { origin, insecureSkipVerify: true }), "hello");
});

t.test("an app on a unix socket is reached there, whatever its origin says", async (t) => {
  const socket = join(folder(t), "app.sock");
  const server = createServer((peer) => {
    peer.once("data", () => peer.write(`${SWITCHED}\x81\x02ok`, "latin1"));
    peer.on("error", () => peer.destroy());
  });
  server.listen(socket);
  await once(server, "listening");
  t.teardown(() => server.close());
  const gateway = await tunnelGateway(t, { upstream: { origin: "http://app.internal", socket } });
  const client = await upgrading(t, gateway.port);
  await client.until(/ok$/);
  client.reset();
  t.match(await gateway.ended(1), { status: 101, responseBytes: 4 });
});

t.test("a unix socket that isn't there is an app that can't be reached", async (t) => {
  const socket = join(folder(t), "gone.sock");
  const gateway = await tunnelGateway(t, { upstream: { origin: "http://app.internal", socket } });
  const client = await upgrading(t, gateway.port);
  t.match((await client.closed).text, /^HTTP\/1\.1 502 [\s\S]*upstream-unreachable$/);
});

t.test("an app that accepts and never finishes the connection is not waited for longer", async (t) => {
  const port = await listening(
    t,
    createServer((peer) => {
      t.teardown(() => peer.destroy());
    }),
  );
  const gateway = await tunnelGateway(t, {
    upstream: { origin: `https://127.0.0.1:${port}` },
    timeouts: { connect: 50 },
  });
  const client = await upgrading(t, gateway.port);
  t.match((await client.closed).text, /^HTTP\/1\.1 504 [\s\S]*upstream-timeout$/);
});

t.test("an app that speaks no TLS where it should is 502", async (t) => {
  const port = await listening(
    t,
    createServer((peer) => {
      peer.on("error", () => peer.destroy());
      peer.end("HTTP/1.1 400 Bad Request\r\n\r\n");
    }),
  );
  const gateway = await tunnelGateway(t, { upstream: { origin: `https://127.0.0.1:${port}` } });
  const client = await upgrading(t, gateway.port);
  t.match((await client.closed).text, /^HTTP\/1\.1 502 /);
});

t.test("a name that nobody knows is an app that can't be reached", async (t) => {
  const gateway = await tunnelGateway(t, { upstream: { origin: "http://app.invalid" } });
  const client = await upgrading(t, gateway.port);
  t.match((await client.closed).text, /^HTTP\/1\.1 502 [\s\S]*upstream-unreachable$/);
});
