/** From the command to the first request that is answered: `node bench/start.ts [rounds]`. The app is up already. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { rmSync } from "node:fs";
import { connect } from "node:net";
import { freePort } from "../test/fixtures/servers/port.ts";
import { app, MAIN, median, place } from "./stand/stage.ts";

const ROUNDS = Number(process.argv[2] ?? 10);

async function answered(port: number): Promise<boolean> {
  const socket = connect({ port, host: "127.0.0.1" });
  return await new Promise((resolve) => {
    socket.once("error", () => resolve(false));
    socket.once("connect", () =>
      socket.write("GET /json HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"),
    );
    socket.once("data", (bytes: Buffer) => {
      socket.destroy();
      resolve(bytes.toString("latin1").startsWith("HTTP/1.1 200 "));
    });
  });
}

async function start(at: { readonly config: string; readonly data: string }): Promise<number> {
  const port = await freePort();
  const began = performance.now();
  const args = [
    MAIN,
    "serve",
    "-c",
    at.config,
    "--data",
    at.data,
    "--port",
    String(port),
    "--admin-port",
    "0",
  ];
  const child = spawn(process.execPath, args, {
    env: { ...process.env, GUISE_LOG: "error" },
    stdio: ["ignore", "inherit", "inherit"],
  });
  while (!(await answered(port))) await new Promise((resolve) => setTimeout(resolve, 2));
  const took = performance.now() - began;
  const gone = once(child, "exit");
  child.kill("SIGKILL");
  await gone;
  return took;
}

async function report(
  name: string,
  at: { readonly config: string; readonly data: string },
  fresh: boolean,
): Promise<void> {
  const times: number[] = [];
  for (let n = 0; n < ROUNDS; n += 1) {
    if (fresh) rmSync(at.data, { recursive: true, force: true });
    times.push(await start(at));
  }
  const [fastest, slowest] = [Math.min(...times), Math.max(...times)];
  console.log(
    `${name.padEnd(34)} ${median(times).toFixed(0)} ms (${fastest.toFixed(0)}–${slowest.toFixed(0)})`,
  );
}

console.log(`start to first answered request, median of ${ROUNDS}`);
const at = place("start", await app());
await report("an empty data folder: keys are made", at, true);
await report("after a kill -9", at, false);
process.exit();
