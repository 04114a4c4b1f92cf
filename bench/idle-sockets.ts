/**
 * What an idle WebSocket costs the gateway in memory, and how fast many are cut: `node bench/idle-sockets.ts [sockets] [cut]`.
 * The gateway is a process of its own, without pipeline; `bare` joins the same sockets with `pipe` and nothing else, as a yardstick.
 * `opened` is the tunnel alone; `with its request` keeps each client's request besides, as the record of an impersonation does.
 */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server } from "node:http";
import { type AddressInfo, connect, createServer as createTcpServer, type Socket } from "node:net";
import { performance } from "node:perf_hooks";
import { setTimeout as pause } from "node:timers/promises";
import { requestHeaders } from "../src/gateway/http/hop-by-hop-headers.ts";
import { Sockets } from "../src/gateway/services/open-connections.ts";
import { tunnel } from "../src/gateway/websocket/tunnel.ts";
import { attachUpgrades, UPGRADE_OPTIONS } from "../src/gateway/websocket/upgrade-listener.ts";

const KINDS = ["bare", "opened", "with its request"] as const;
type Kind = (typeof KINDS)[number];

const SWITCHED =
  "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";
const UPGRADE = `GET /live HTTP/1.1\r\nHost: app.example\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nOrigin: https://app.example\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36\r\nCookie: session=${"c".repeat(200)}\r\nAccept-Encoding: gzip, deflate, br, zstd\r\nAccept-Language: en-US,en;q=0.9\r\nCache-Control: no-cache\r\nPragma: no-cache\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Extensions: permessage-deflate\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`;

/** Keeps what an open tunnel of the whole gateway would keep. */
const kept = new Set<IncomingMessage>();

function guise(server: Server, appPort: number, kind: Kind): (count: number) => number {
  const registry = new Sockets();
  const upstream = {
    origin: `http://127.0.0.1:${appPort}`,
    socket: null,
    ca: null,
    insecureSkipVerify: false,
  };
  const timeouts = { connect: 10_000, answer: 60_000, answerIdle: 60_000, socketIdle: 600_000 };
  const limits = { streams: 100_000, streamsPerClient: 100_000, answerHeaders: 262_144 };
  const carrier = tunnel({ upstream, timeouts, limits });
  let opened = 0;
  const handle = (request: IncomingMessage, socket: Socket, head: Buffer): void => {
    const controller = new AbortController();
    const impersonation = `i-${opened}`;
    opened += 1;
    const forget = registry.add(impersonation, (why) => controller.abort(why));
    if (kind === "with its request") kept.add(request);
    carrier.open({
      socket,
      head,
      target: request.url ?? "/",
      headers: requestHeaders(request.rawHeaders),
      respond: (it) => it.headers,
      failed: (fault) => {
        throw fault;
      },
      settled: forget,
      signal: controller.signal,
      readOnly: false,
    });
  };
  const answer = () => ({ status: 500, headers: [], body: "" });
  attachUpgrades(server, handle, { waiting: 100_000, answer });
  return (count) => {
    const began = performance.now();
    for (let n = 0; n < count; n += 1) registry.cut(`i-${n}`, "ended-revoked");
    return performance.now() - began;
  };
}

function bare(server: Server, appPort: number): () => number {
  server.on("upgrade", (_request, socket, head: Buffer) => {
    const app = connect({ port: appPort, host: "127.0.0.1" });
    socket.on("error", () => app.destroy());
    app.on("error", () => socket.destroy());
    app.write(UPGRADE);
    app.write(head);
    socket.pipe(app).pipe(socket);
  });
  return () => 0;
}

async function gateway(kind: Kind, appPort: number): Promise<void> {
  const server = createServer(UPGRADE_OPTIONS);
  const cut = kind === "bare" ? bare(server, appPort) : guise(server, appPort, kind);
  server.listen(0, "127.0.0.1", 4_096);
  await once(server, "listening");
  process.on("message", async (order: { readonly cut?: number }) => {
    if (order.cut !== undefined) {
      process.send?.({ took: cut(order.cut) });
      return;
    }
    for (let n = 0; n < 5; n += 1) {
      globalThis.gc?.();
      await pause(100);
    }
    const { rss, heapUsed } = process.memoryUsage();
    process.send?.({ rss, heapUsed });
  });
  process.send?.({ port: (server.address() as AddressInfo).port });
}

async function ask(child: ChildProcess, order: object): Promise<Record<string, number>> {
  const said = once(child, "message");
  child.send(order);
  return (await said)[0] as Record<string, number>;
}

async function open(port: number): Promise<Socket> {
  const socket = connect({ port, host: "127.0.0.1" });
  await once(socket, "connect");
  socket.write(UPGRADE);
  await once(socket, "data");
  return socket;
}

async function run(kind: Kind, count: number, cutting: number): Promise<void> {
  const app = createTcpServer((socket) => {
    socket.on("error", () => socket.destroy());
    socket.once("data", () => socket.write(SWITCHED));
    // As a WebSocket server does: what is told to close, closes.
    socket.resume();
  });
  app.listen(0, "127.0.0.1", 4_096);
  await once(app, "listening");
  const { port: appPort } = app.address() as AddressInfo;
  const child = fork(import.meta.filename, [kind, String(appPort)], { execArgv: ["--expose-gc"] });
  const [{ port }] = (await once(child, "message")) as [{ readonly port: number }];
  const clients: Socket[] = [];
  for (let n = 0; n < 20; n += 1) (await open(port)).destroy();
  const before = await ask(child, {});
  while (clients.length < count) {
    clients.push(...(await Promise.all(Array.from({ length: 100 }, () => open(port)))));
  }
  const after = await ask(child, {});
  const each = (name: string) => (((after[name] ?? 0) - (before[name] ?? 0)) / count / 1024).toFixed(1);
  console.log(
    `${kind.padEnd(17)} ${count} idle: ${each("rss")} KiB RSS each, of it ${each("heapUsed")} KiB heap`,
  );
  // The first twenty were the warm-up's, and are gone.
  if (kind !== "bare") await cutSome(child, clients.slice(0, cutting));
  for (const client of clients) client.destroy();
  child.kill();
  app.close();
}

async function cutSome(child: ChildProcess, clients: readonly Socket[]): Promise<void> {
  let told = 0;
  const gone = clients.map((client) => {
    client.on("data", (bytes: Buffer) => {
      if (bytes.readUInt16BE(2) === 4001) told += 1;
    });
    return once(client, "close");
  });
  const began = performance.now();
  const { took = 0 } = await ask(child, { cut: clients.length + 20 });
  await Promise.all(gone);
  const all = performance.now() - began;
  console.log(
    `${"".padEnd(17)} ${clients.length} cut: ${took.toFixed(0)} ms in the gateway; the last client gone after ${all.toFixed(0)} ms, ${told} told why`,
  );
}

const [first, second] = process.argv.slice(2);
if (process.send !== undefined) await gateway(first as Kind, Number(second));
else for (const kind of KINDS) await run(kind, Number(first ?? 5_000), Number(second ?? 1_000));
