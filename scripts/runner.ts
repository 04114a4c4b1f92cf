// Runs test files, several at a time, each in a process of its own: what `tap` does, without its loaders for mocks and coverage, which
// double the time that a small file takes to begin.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { Parser } from "tap-parser";
import { countIn, type Tally } from "./tally.ts";

export interface RunOptions {
  /** How many files at a time. */
  readonly jobs: number;
  /** How long a file may take, ms. */
  readonly timeout: number;
  readonly env: NodeJS.ProcessEnv;
  /** How long after the start a file may still begin, ms; without it, always. */
  readonly within?: number;
}

/** How long a file that is told to end has for saying which of its tests still ran, ms. */
const LAST_WORDS = 10_000;

/** Runs them in their order, and writes a line for each that ends; of one that is red, all that it said of what failed. */
export async function runAll(files: readonly string[], options: RunOptions): Promise<Tally> {
  const sum = { passed: 0, skipped: 0, failed: [] as string[], redFiles: [] as string[] };
  const times = new Map<string, number>();
  const waiting = [...files];
  const last = performance.now() + (options.within ?? Number.POSITIVE_INFINITY);
  const next = () => (performance.now() < last ? waiting.shift() : undefined);
  const worker = async () => {
    for (let file = next(); file !== undefined; file = next()) {
      const began = performance.now();
      const { passed, skipped, failed, output } = await runOne(file, options);
      const time = performance.now() - began;
      times.set(file, time);
      sum.passed += passed;
      sum.skipped += skipped;
      sum.failed.push(...failed);
      if (failed.length > 0) sum.redFiles.push(file);
      const how = failed.length > 0 ? "RED" : "ok ";
      process.stdout.write(`${how} ${file}  ${passed} tests, ${(time / 1_000).toFixed(1)} s\n`);
      if (failed.length > 0) process.stdout.write(`${excerpt(output)}\n`);
    }
  };
  await Promise.all(Array.from({ length: options.jobs }, worker));
  return { ...sum, times, notBegun: waiting };
}

async function runOne(file: string, { timeout, env }: RunOptions) {
  // Its programs, and those of users other than ours, find nothing there of another file's, and leave nothing behind.
  const temporary = await mkdtemp(join(tmpdir(), "guise-file-"));
  await chmod(temporary, 0o1777);
  const child = spawn(process.execPath, [file], {
    stdio: ["ignore", "pipe", "pipe"],
    env: {
      ...env,
      TMPDIR: temporary,
      TAP_TIMEOUT: String(timeout / 1_000),
      // Modules are compiled once for all files, not once for each.
      NODE_COMPILE_CACHE: env.NODE_COMPILE_CACHE ?? resolve(".tap/compile-cache"),
    },
  });
  const parser = new Parser();
  const count = countIn(parser, file);
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output += text;
    parser.write(text);
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    output += text;
  });
  // tap ends itself at its timeout; this is for a file whose event loop stands still.
  const stuck = setTimeout(() => child.kill("SIGKILL"), timeout + LAST_WORDS);
  const [code, signal] = await once(child, "close");
  clearTimeout(stuck);
  await rm(temporary, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  parser.end();
  return { ...count(code === 0 ? null : `ended with ${signal ?? code}`), output };
}

/** The lines from each `not ok` on, as far as they say why, and what is no TAP at all. */
function excerpt(output: string): string {
  let left = 0;
  const lines = output.split("\n").filter((line) => {
    if (/^\s*not ok/.test(line)) left = 60;
    left -= 1;
    return left > 0 || !/^\s*(?:ok \d|#|\d+\.\.|TAP version|$)/.test(line);
  });
  return lines.slice(0, 400).join("\n");
}
