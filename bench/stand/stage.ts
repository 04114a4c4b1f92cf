// What the benches of the whole gateway share: an app, gateways in processes of their own, an agent who is a customer.
import { type ChildProcess, fork, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { type IncomingMessage, request } from "node:http";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const here = (name: string) => fileURLToPath(new URL(name, import.meta.url));
export const MAIN = here("../../src/main.ts");

const folder = mkdtempSync(join(tmpdir(), "guise-bench-"));
const started: ChildProcess[] = [];
process.on("exit", () => {
  for (const child of started) child.kill("SIGKILL");
  rmSync(folder, { recursive: true, force: true });
});

/** `bench/stand/live-app.ts` in a process of its own; gives its port. */
export async function app(): Promise<number> {
  const child = fork(here("live-app.ts"), { execArgv: [] });
  started.push(child);
  const [{ port }] = (await once(child, "message")) as [{ readonly port: number }];
  return port;
}

/** Of a gateway's process, bytes. */
type Memory = Pick<NodeJS.MemoryUsage, "rss" | "heapUsed" | "external">;

export interface Gateway {
  readonly port: number;
  readonly config: string;
  readonly data: string;
  readonly child: ChildProcess;
  /** Resolves once nothing is open any more, and so all that was is settled. */
  settled(): Promise<void>;
  /** After a collection, bytes. */
  memory(): Promise<Memory>;
}

/** Writes a config and its folder. */
export function place(
  name: string,
  appPort: number,
  more = "",
): { readonly config: string; readonly data: string } {
  const config = join(folder, `${name}.yaml`);
  writeFileSync(config, yaml(appPort) + more);
  return { config, data: join(folder, name) };
}

const COLLECT = `data:text/javascript,process.on("SIGUSR2",()=>{for(let n=0;n<4;n+=1)globalThis.gc();process.send(process.memoryUsage())})`;

/** `guise serve` in a process of its own, as it is run: only that it can be told to collect its garbage. */
export async function gateway(at: { readonly config: string; readonly data: string }): Promise<Gateway> {
  const args = ["--expose-gc", "--import", COLLECT, MAIN, "serve", "-c", at.config, "--data", at.data];
  const child = spawn(process.execPath, [...args, "--port", "0", "--admin-port", "0"], {
    env: { ...process.env, GUISE_LOG: "info" },
    stdio: ["ignore", "pipe", "inherit", "ipc"],
  });
  started.push(child);
  const [port, adminUrl] = await new Promise<[number, string]>((resolve, reject) => {
    let said = "";
    child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      said += text;
      const [, url, admin] = /"url":"http:\/\/127\.0\.0\.1:(\d+)","admin":"([^"]+)"/.exec(said) ?? [];
      if (url !== undefined && admin !== undefined) resolve([Number(url), admin]);
    });
    child.once("exit", (code) => reject(new Error(`the gateway ended with ${code}: ${said}`)));
  });
  async function memory(): Promise<Memory> {
    // What was closed a moment ago is let go of in the turns after it.
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    const said = once(child, "message");
    child.kill("SIGUSR2");
    return (await said)[0] as Memory;
  }
  async function settled(): Promise<void> {
    const open = async () =>
      /^guise_open_sockets (\d+)/m.exec(await (await fetch(`${adminUrl}/metrics`)).text());
    while ((await open())?.[1] !== "0") await new Promise((resolve) => setTimeout(resolve, 200));
  }
  return { ...at, port, child, settled, memory };
}

function yaml(appPort: number): string {
  return `upstream: http://127.0.0.1:${appPort}
identity:
  - insecureHeader: { name: X-User, groups: X-Groups, from: [127.0.0.1] }
headers: { when: impersonating }
agents:
  - { groups: [support], mayBe: { groups: [customer] }, mode: read, limit: { total: 8h, idle: 8h } }
owners:
  site: { map: { "1": { id: "17", name: Nuno, groups: [customer] } } }
routes:
  - { path: "/site/:site{/*rest}", owner: site }
rules:
  - { path: /ws, allow: true }
limits: { perImpersonation: 10000, perMinute: 100000000, startsPerHour: 1000000, connections: 100000, streams: 100000, streamsPerClient: 100000 }
`;
}

/** The headers of an agent who has just become a customer. */
export async function impersonating(port: number): Promise<Record<string, string>> {
  const agent = { "x-user": "alice", "x-groups": "support" };
  const click = {
    accept: "text/html",
    "sec-fetch-dest": "document",
    "sec-fetch-mode": "navigate",
    "sec-fetch-user": "?1",
    "sec-fetch-site": "none",
  };
  const options = { host: "127.0.0.1", port, path: "/site/1", headers: { ...agent, ...click } };
  const [response] = (await once(request(options).end(), "response")) as [IncomingMessage];
  response.resume();
  const cookie = response.headers["set-cookie"]?.find((it) => it.startsWith("guise="))?.split(";")[0];
  if (cookie === undefined) throw new Error("no impersonation was started");
  return { ...agent, cookie };
}

/** A raw connection that has sent a request; `upgrade` for a WebSocket. */
export async function opened(
  port: number,
  path: string,
  headers: Readonly<Record<string, string>>,
  upgrade: boolean,
): Promise<Socket> {
  const socket = connect({ port, host: "127.0.0.1" });
  socket.on("error", () => undefined);
  await once(socket, "connect");
  const host = `127.0.0.1:${port}`;
  const own = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  const ws = `Origin: http://${host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n`;
  socket.write(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\n${own.join("")}${upgrade ? ws : ""}\r\n`);
  const [head] = (await once(socket, "data")) as [Buffer];
  if (!/^HTTP\/1\.1 (?:101|200) /.test(head.toString("latin1"))) throw new Error(head.toString("latin1"));
  return socket;
}

/** Many of the same, a hundred at a time. */
export async function many(count: number, open: (n: number) => Promise<Socket>): Promise<Socket[]> {
  const all: Socket[] = [];
  while (all.length < count) {
    const width = Math.min(100, count - all.length);
    all.push(...(await Promise.all(Array.from({ length: width }, (_, n) => open(all.length + n)))));
  }
  return all;
}

export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
