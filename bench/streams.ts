// Ordinary requests through the whole gateway, without and with 2,000 event streams, 2,000 long polls and 2,000 idle WebSockets
// of other clients beside them: processor time a request, and latency, in one run whose rounds alternate.
//   node bench/streams.ts [of each kind] [rounds]
import { type ChildProcess, fork, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { freePort } from "../test/fixtures/servers/port.ts";
import { processorTime } from "./stand/processor-time.ts";

const REQUESTS = Number(process.env.BENCH_REQUESTS ?? 4_000);
const CONNECTIONS = 16;
const here = (name: string) => fileURLToPath(new URL(name, import.meta.url));

const GET = (path: string) => `GET ${path} HTTP/1.1\r\nHost: app.example.com\r\n\r\n`;
const KINDS: Readonly<Record<string, { readonly request: string; readonly begins: string | null }>> = {
  "event streams": { request: GET("/events"), begins: "data: hello" },
  "long polls": { request: GET("/poll"), begins: null },
  WebSockets: {
    request:
      "GET /socket HTTP/1.1\r\nHost: app.example.com\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
    begins: "HTTP/1.1 101",
  },
};

/** An app that answers at once, but for streams, polls and sockets, which it leaves open. Tells how many these are. */
async function app(): Promise<void> {
  let open = 0;
  const stays = (socket: Socket): void => {
    open += 1;
    socket.on("error", () => undefined);
    socket.once("close", () => {
      open -= 1;
    });
  };
  const json = Buffer.from(JSON.stringify({ id: 9421, name: "nuno.example", up: true }));
  const server = createServer((request, response) => {
    if (request.url === "/json") {
      response
        .writeHead(200, { "content-type": "application/json", "content-length": json.length })
        .end(json);
      return;
    }
    stays(request.socket);
    if (request.url === "/events")
      response.writeHead(200, { "content-type": "text/event-stream" }).write("data: hello\n\n");
  });
  server.on("upgrade", (_request, socket: Socket) => {
    stays(socket);
    socket
      .resume()
      .write(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n",
      );
    socket.once("end", () => socket.end());
  });
  server.keepAliveTimeout = 600_000;
  server.listen({ port: 0, host: "127.0.0.1", backlog: 4_096 });
  await once(server, "listening");
  process.on("message", () => process.send?.({ open }));
  process.send?.({ port: (server.address() as AddressInfo).port });
}

const told = async <T>(child: ChildProcess): Promise<T> => (await once(child, "message"))[0] as T;

async function openAtApp(child: ChildProcess): Promise<number> {
  child.send("open?");
  return (await told<{ readonly open: number }>(child)).open;
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Opens so many from addresses of their own, and waits until the app has them all. */
async function openAll(port: number, child: ChildProcess, count: number): Promise<readonly Socket[]> {
  const sockets: Socket[] = [];
  for (const { request, begins } of Object.values(KINDS)) {
    const before = sockets.length;
    while (sockets.length < before + count) {
      const batch = Array.from({ length: Math.min(100, before + count - sockets.length) }, (_, n) =>
        open(
          port,
          `127.0.${1 + ((sockets.length + n) >> 8)}.${1 + ((sockets.length + n) % 250)}`,
          request,
          begins,
        ),
      );
      sockets.push(...(await Promise.all(batch)));
    }
    while ((await openAtApp(child)) < sockets.length) await pause(50);
  }
  return sockets;
}

async function open(
  port: number,
  localAddress: string,
  request: string,
  begins: string | null,
): Promise<Socket> {
  const socket = connect({ port, host: "127.0.0.1", localAddress });
  await once(socket, "connect");
  socket.write(request);
  let text = "";
  while (begins !== null && !text.includes(begins)) text += String((await once(socket, "data"))[0]);
  if (begins === null) socket.resume();
  socket.once("close", () => socket.removeAllListeners());
  return socket;
}

interface Round {
  readonly cpu: number;
  readonly p50: number;
  readonly p99: number;
}

async function round(port: number, pid: number): Promise<Round> {
  const before = processorTime(pid);
  const took: number[] = [];
  let left = REQUESTS;
  const client = async (): Promise<void> => {
    const socket = connect({ port, host: "127.0.0.1", noDelay: true });
    await once(socket, "connect");
    while (left-- > 0) {
      const began = performance.now();
      socket.write(GET("/json"));
      let text = "";
      while (!text.endsWith("}")) text += String((await once(socket, "data"))[0]);
      if (!text.startsWith("HTTP/1.1 200 ")) throw new Error(text);
      took.push(performance.now() - began);
    }
    socket.destroy();
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, client));
  took.sort((a, b) => a - b);
  const at = (part: number) => took[Math.floor(took.length * part)] ?? Number.NaN;
  return { cpu: ((processorTime(pid) - before) / REQUESTS) * 1e6, p50: at(0.5), p99: at(0.99) };
}

function config(origin: string): string {
  return `upstream: ${origin}
identity:
  - insecureHeader: { name: X-Forwarded-User, groups: X-Forwarded-Groups, from: [127.0.0.1] }
headers: { when: impersonating }
agents:
  - { groups: [support], mayBe: { groups: [customer] }, mode: read }
owners:
  site: { map: { "1": { id: "17", name: Nuno, groups: [customer] } } }
routes:
  - { path: "/site/:site{/*rest}", owner: site }
`;
}

async function ready(port: number): Promise<void> {
  for (let tries = 0; tries < 100; tries += 1) {
    // Until it listens, connections are refused.
    const response = await fetch(`http://127.0.0.1:${port}/json`).catch(() => null);
    if (response?.ok === true) return void (await response.arrayBuffer());
    await pause(100);
  }
  throw new Error("the gateway does not answer");
}

const median = (values: readonly number[]) =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

async function measure(each: number, rounds: number): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "guise-bench-"));
  const upstream = fork(import.meta.filename, ["app"]);
  const { port: appPort } = await told<{ readonly port: number }>(upstream);
  writeFileSync(join(folder, "guise.yaml"), config(`http://127.0.0.1:${appPort}`));
  const port = await freePort();
  const gateway = spawn(
    process.execPath,
    [
      "--max-semi-space-size=4",
      here("../src/main.ts"),
      "serve",
      "-c",
      join(folder, "guise.yaml"),
      "--port",
      String(port),
      "--admin-port",
      "0",
      "--data",
      join(folder, "data"),
    ],
    { env: { ...process.env, GUISE_LOG: "error" }, stdio: ["ignore", "ignore", "inherit"] },
  );
  try {
    await ready(port);
    const { pid = 0 } = gateway;
    await round(port, pid);
    const found: Readonly<Record<"without" | "with", Round[]>> = { without: [], with: [] };
    for (let n = 0; n < rounds; n += 1) {
      found.without.push(await round(port, pid));
      const began = performance.now();
      const sockets = await openAll(port, upstream, each);
      console.log(`${sockets.length} opened within ${((performance.now() - began) / 1_000).toFixed(1)} s`);
      await pause(500);
      found.with.push(await round(port, pid));
      for (const socket of sockets) socket.destroy();
      while ((await openAtApp(upstream)) > 0) await pause(50);
    }
    for (const what of ["cpu", "p50", "p99"] as const) {
      const [without, beside] = [found.without, found.with].map((list) => median(list.map((it) => it[what])));
      const unit = what === "cpu" ? "µs of processor a request" : "ms";
      console.log(
        `${what}: ${without?.toFixed(2)} without, ${beside?.toFixed(2)} beside ${3 * each} (${unit}), ratio ${((beside ?? 0) / (without ?? 1)).toFixed(2)}`,
      );
    }
  } finally {
    gateway.kill();
    upstream.kill();
    rmSync(folder, { recursive: true, force: true });
  }
}

const [first, second] = process.argv.slice(2);
if (first === "app") await app();
else await measure(Number(first ?? 2_000), Number(second ?? 3));
