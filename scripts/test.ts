// `npm test`, and with `--system` `npm run test:system`: gets what the tests need, runs them, and says in one line how they went.
// Below test/system/ and test/apps/ stands what needs more than Redis and Chromium, or takes long.
import { execFileSync, spawn } from "node:child_process";
import { globSync, readFileSync } from "node:fs";
import { provide } from "./programs.ts";
import { type Tally, tallying } from "./tally.ts";

const SYSTEM = /^test\/(?:system|apps)\//;
/** What takes longest begins first, so that at the end no processor waits for one file. */
const LONG_FIRST = [/^test\/journeys\//, /^test\/page\//, /^test\/faults\//, /^test\/(?:cli|attacks)\//];

/** Tests whose size these set are small in `npm test`, and run once more by `npm run test:system`, in these sizes. */
const SIZES = { GUISE_LONG: "1", GUISE_ROUNDS: "100", GUISE_EXCHANGES: "10000" };

function filesOf(system: boolean): readonly string[] {
  const rank = (file: string) => (LONG_FIRST.findIndex((it) => it.test(file)) + 5) % 5;
  const sized = (file: string) =>
    Object.keys(SIZES).some((name) => readFileSync(file, "utf8").includes(`process.env.${name}`));
  return globSync("test/**/*.test.ts")
    .filter((file) => (system ? SYSTEM.test(file) || sized(file) : !SYSTEM.test(file)))
    .sort()
    .sort((a, b) => rank(a) - rank(b));
}

/** Runs tap. Shows what failed, with all that it said, and one line for each file. */
async function run(
  args: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<Tally & { readonly code: number }> {
  const tap = spawn("tap", ["--disable-coverage", "--reporter=tap", ...args], {
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, ...env },
  });
  const { parser, result } = tallying();
  let rest = "";
  let failing = 0;
  tap.stdout.setEncoding("utf8");
  tap.stdout.on("data", (chunk: string) => {
    parser.write(chunk);
    const lines = (rest + chunk).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      if (/^ok/.test(line)) process.stdout.write(`${line}\n`);
      else if (/^\s*not ok/.test(line)) failing = 60;
      if (failing-- > 0) process.stdout.write(`${line}\n`);
    }
  });
  const code = await new Promise<number>((resolve) => {
    tap.once("close", (exit) => resolve(exit ?? 1));
  });
  parser.end();
  return { ...result(), code };
}

/** The last lines: what took longest, what is red, and the count. */
function report({ passed, skipped, failed, redFiles, times }: Tally): void {
  const say = (line: string) => process.stdout.write(`${line}\n`);
  say("");
  const longest = [...times].sort(([, a], [, b]) => b - a).slice(0, 10);
  for (const [file, time] of longest) say(`${(time / 1_000).toFixed(1).padStart(6)} s  ${file}`);
  if (skipped > 0) say(`\n${skipped} skipped`);
  if (redFiles.length > 0) say(`\nRed:`);
  for (const file of redFiles) {
    say(`  ${file}`);
    for (const name of failed) if (name.startsWith(`${file} > `)) say(`    ${name.slice(file.length + 3)}`);
  }
  say(`\n${passed} passed, ${failed.length} failed`);
}

const given = process.argv.slice(2).filter((arg) => arg !== "--system");
const system = process.argv.includes("--system");
const named = given.filter((arg) => arg.startsWith("test/"));
const files = named.length > 0 ? named : filesOf(system);

if (provide(files)) {
  // The plugins that .taprc names have to be put together once after an install.
  execFileSync("tap", ["build"], { stdio: ["ignore", "ignore", "inherit"] });
  const options = given.filter((arg) => !named.includes(arg));
  // Long rows take longer than the limit of .taprc.
  if (system) options.push("--timeout=1800");
  const { code, ...tally } = await run([...options, ...files], system ? { ...SIZES } : {});
  report(tally);
  process.exitCode = code === 0 && tally.failed.length === 0 && tally.passed > 0 ? 0 : 1;
} else process.exitCode = 1;
