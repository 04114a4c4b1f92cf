// Where the gateway's processor time goes: `guise serve` under `--cpu-prof`, one kind of request over and over.
//   node bench/profile.ts json|page|banner [folder of sources to compare: ../src]
// Prints the most expensive functions (their own time, without what they call) and files, as shares of the time in use.
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { freePort } from "../test/fixtures/servers/port.ts";
import { impersonating, MAIN, place } from "./stand/stage.ts";

const SECONDS = Number(process.env.BENCH_SECONDS ?? 5);
const MOST = Number(process.env.BENCH_ROWS ?? 10);
const kind = process.argv[2] ?? "json";
const PATHS: Readonly<Record<string, string>> = { json: "/json", page: "/page", banner: "/page" };

interface Profile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
  }[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

const NAVIGATION = {
  accept: "text/html",
  "sec-fetch-dest": "document",
  "sec-fetch-mode": "navigate",
  "sec-fetch-user": "?1",
  "sec-fetch-site": "same-origin",
};

/** In the gateway: profiles from one SIGUSR2 to the next, so that the start and the first compilations are not in it. */
const PROFILER = `data:text/javascript,import{Session}from"node:inspector";import{writeFileSync}from"node:fs";
const s=new Session();s.connect();let on=false;
process.on("SIGUSR2",()=>{on=!on;if(on){s.post("Profiler.enable");s.post("Profiler.setSamplingInterval",{interval:500});s.post("Profiler.start",()=>process.send("on"))}
else s.post("Profiler.stop",(e,r)=>{writeFileSync(process.env.PROFILE,JSON.stringify(r.profile));process.send("off")})})`;

async function main(folder: string): Promise<void> {
  const port = await freePort();
  const upstream = spawn(process.execPath, [fileURLToPath(new URL("stand/upstream.ts", import.meta.url))], {
    env: { ...process.env, PORT: String(port) },
    stdio: "inherit",
  });
  const at = place("profile", port);
  const entry = process.argv[3] === undefined ? MAIN : join(process.argv[3], "main.ts");
  const path = join(folder, "profile.json");
  const args = ["--import", PROFILER, "--max-semi-space-size=4", entry, "serve", "-c", at.config];
  const gateway = spawn(process.execPath, [...args, "--data", at.data, "--port", "0", "--admin-port", "0"], {
    env: { ...process.env, GUISE_LOG: "info", PROFILE: path },
    stdio: ["ignore", "pipe", "inherit", "ipc"],
  });
  const switched = async () => {
    const told = once(gateway, "message");
    gateway.kill("SIGUSR2");
    await told;
  };
  try {
    const own = await listening(gateway.stdout as NodeJS.ReadableStream);
    const headers = kind === "banner" ? { ...(await impersonating(own)), ...NAVIGATION } : {};
    const lines = Object.entries(headers).flatMap(([name, value]) => ["-H", `${name}: ${value}`]);
    const url = `http://127.0.0.1:${own}${PATHS[kind] ?? "/json"}`;
    const load = () => execFileSync("wrk", ["-t1", "-c32", `-d${SECONDS}s`, ...lines, url]).toString();
    load();
    await switched();
    process.stdout.write(load());
    await switched();
    table(path);
  } finally {
    gateway.kill("SIGKILL");
    upstream.kill("SIGKILL");
  }
}

/** The port, once it is said. */
async function listening(stdout: NodeJS.ReadableStream): Promise<number> {
  let said = "";
  return await new Promise((resolve, reject) => {
    stdout.setEncoding("utf8").on("data", (text: string) => {
      if (said.length < 100_000) said += text;
      const url = /"url":"http:\/\/127\.0\.0\.1:(\d+)"/.exec(said)?.[1];
      if (url !== undefined) resolve(Number(url));
    });
    stdout.on("end", () => reject(new Error(`the gateway ended: ${said}`)));
  });
}

/** Self time by function and by file. */
function table(path: string): void {
  const profile = JSON.parse(readFileSync(path, "utf8")) as Profile;
  const nodes = new Map(profile.nodes.map((it) => [it.id, it.callFrame]));
  const functions = new Map<string, number>();
  const files = new Map<string, number>();
  let busy = 0;
  for (const [at, id] of profile.samples.entries()) {
    const frame = nodes.get(id);
    // What begins and ends the profile is none of the gateway's time.
    if (frame === undefined || frame.functionName === "(idle)" || frame.url === "node:inspector") continue;
    const took = profile.timeDeltas[at] ?? 0;
    const file = frame.url.replace(/^.*?\/(src|node_modules)\//, "$1/");
    busy += took;
    add(functions, `${frame.functionName || "(anonymous)"} ${file}:${frame.lineNumber + 1}`, took);
    add(files, file === "" ? frame.functionName : file, took);
  }
  process.stdout.write(`\n${(busy / 1e6).toFixed(2)} s in use\n`);
  process.send?.([...functions].toSorted((a, b) => b[1] - a[1]).map(([name, took]) => [name, took / busy]));
  for (const counted of [functions, files]) {
    const rows = [...counted].toSorted((a, b) => b[1] - a[1]).slice(0, MOST);
    for (const [name, took] of rows)
      process.stdout.write(`${((took / busy) * 100).toFixed(1).padStart(5)} %  ${name}\n`);
    process.stdout.write("\n");
  }
}

function add(to: Map<string, number>, key: string, took: number): void {
  to.set(key, (to.get(key) ?? 0) + took);
}

const folder = mkdtempSync(join(tmpdir(), "guise-profile-"));
try {
  await main(folder);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
