// Processor time per request: @fastify/http-proxy as it comes, and with our transport, on the same upstream in one run.
//   node bench/transport.ts      (gateways, upstream and load are processes of their own; the rounds alternate)
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { connect } from "node:net";
import { fileURLToPath } from "node:url";
import httpProxy from "@fastify/http-proxy";
import Fastify from "fastify";
import { buildGateway } from "../test/fixtures/gateway/gateway.ts";
import { freePort } from "../test/fixtures/servers/port.ts";

const REQUESTS = Number(process.env.BENCH_REQUESTS ?? 15_000);
const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 5);
const CONNECTIONS = 32;
const PATHS = ["/json", "/page"];
const here = fileURLToPath(import.meta.url);

interface Spent {
  readonly cpu: number;
}

async function bare(origin: string, port: number): Promise<void> {
  const fastify = Fastify();
  await fastify.register(httpProxy, { upstream: origin, disableRequestLogging: true });
  await fastify.listen({ port, host: "127.0.0.1" });
}

async function ours(origin: string, port: number): Promise<void> {
  const quiet = { begun: () => undefined, settled: () => undefined, failed: () => undefined };
  const { fastify } = await buildGateway({ upstream: { origin, connections: 128 } }, quiet);
  await fastify.listen({ port, host: "127.0.0.1" });
}

/** Keeps `CONNECTIONS` busy until so many requests are answered; every answer is as long as the first. */
async function load(port: number, path: string, count: number): Promise<void> {
  const request = Buffer.from(
    `GET ${path} HTTP/1.1\r\nHost: app.example.com\r\nUser-Agent: bench\r\nAccept: */*\r\nAccept-Language: en\r\nCookie: session=0123456789abcdef\r\n\r\n`,
  );
  const length = await answerLength(port, path);
  let left = count;
  await Promise.all(
    Array.from({ length: CONNECTIONS }, () => drive(port, request, length, () => left-- > 0)),
  );
}

async function answerLength(port: number, path: string): Promise<number> {
  const socket = connect(port, "127.0.0.1");
  socket.write(`GET ${path} HTTP/1.1\r\nHost: app.example.com\r\n\r\n`);
  let text = "";
  for await (const chunk of socket) {
    text += (chunk as Buffer).toString("latin1");
    const head = text.indexOf("\r\n\r\n") + 4;
    const body = Number(/content-length: (\d+)/i.exec(text)?.[1]);
    if (head > 3 && text.length === head + body) break;
  }
  return text.length;
}

function drive(port: number, request: Buffer, length: number, more: () => boolean): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: "127.0.0.1", noDelay: true });
    let received = 0;
    const next = () => {
      received = 0;
      if (more()) socket.write(request);
      else socket.end(resolve);
    };
    socket.on("connect", next);
    socket.on("error", reject);
    socket.on("data", (chunk) => {
      received += chunk.length;
      if (received === length) next();
      if (received > length) reject(new Error("an answer was longer than the first"));
    });
  });
}

async function spent(child: ChildProcess): Promise<number> {
  child.send("cpu");
  const [{ cpu }] = (await once(child, "message")) as [Spent];
  return cpu;
}

async function measure(): Promise<void> {
  const [app, left, right] = [await freePort(), await freePort(), await freePort()];
  const children = [
    fork(fileURLToPath(new URL("stand/upstream.ts", import.meta.url)), {
      env: { ...process.env, PORT: String(app) },
    }),
  ];
  const start = async (role: string, port: number) => {
    const child = fork(here, [role, `http://127.0.0.1:${app}`, String(port)]);
    children.push(child);
    await once(child, "message");
    return { child, port };
  };
  const gateways = { bare: await start("bare", left), ours: await start("ours", right) };
  for (const path of PATHS) {
    for (const { port } of Object.values(gateways)) await load(port, path, REQUESTS / 3);
    const ratios: number[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      const micros: Record<string, number> = {};
      for (const [name, { child, port }] of Object.entries(gateways)) {
        const before = await spent(child);
        await load(port, path, REQUESTS);
        micros[name] = ((await spent(child)) - before) / REQUESTS;
      }
      const ratio = (micros.ours ?? 0) / (micros.bare ?? 1);
      ratios.push(ratio);
      console.log(
        `${path.padEnd(6)} bare ${micros.bare?.toFixed(1)} µs   ours ${micros.ours?.toFixed(1)} µs   ratio ${ratio.toFixed(2)}`,
      );
    }
    console.log(
      `${path.padEnd(6)} median ratio ${ratios.sort((a, b) => a - b)[Math.floor(ROUNDS / 2)]?.toFixed(2)}`,
    );
  }
  for (const child of children) child.kill();
}

const [role, origin = "", port = "0"] = process.argv.slice(2);
if (role === undefined) {
  await measure();
} else {
  process.on("message", () => {
    const { user, system } = process.cpuUsage();
    process.send?.({ cpu: user + system });
  });
  await (role === "bare" ? bare : ours)(origin, Number(port));
  process.send?.({ cpu: 0 });
}
