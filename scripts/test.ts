// `npm test`, and with `--system` `npm run test:system`: gets what the tests need, runs them, and says in one line how they went.
// Below test/system/ and test/apps/ stands what needs more than Redis and Chromium, or takes long.
import { globSync, readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { provide } from "./programs.ts";
import { runAll } from "./runner.ts";
import type { Tally } from "./tally.ts";

const SYSTEM = /^test\/(?:system|apps)\//;
/** What takes longest begins first, so that at the end no processor waits for one file. */
const LONG_FIRST = [
  /^test\/(?:fidelity|journeys|page\/shown)/,
  /^test\/faults\//,
  /^test\/(?:page\/client|cli|attacks)\//,
];

/** Tests whose size these set are small in `npm test`, and run once more by `npm run test:system`, in these sizes. */
const SIZES = { GUISE_LONG: "1", GUISE_ROUNDS: "100", GUISE_EXCHANGES: "10000" };

function filesOf(system: boolean): readonly string[] {
  const rank = (file: string) =>
    LONG_FIRST.some((it) => it.test(file)) ? LONG_FIRST.findIndex((it) => it.test(file)) : LONG_FIRST.length;
  const sized = (file: string) =>
    Object.keys(SIZES).some((name) => readFileSync(file, "utf8").includes(`process.env.${name}`));
  return globSync("test/**/*.test.ts")
    .filter((file) => (system ? SYSTEM.test(file) || sized(file) : !SYSTEM.test(file)))
    .sort()
    .sort((a, b) => rank(a) - rank(b));
}

/** The last lines: what took longest, what is red, and the count. */
function report({ passed, skipped, failed, redFiles, times }: Tally): void {
  const say = (line: string) => process.stdout.write(`${line}\n`);
  say("");
  const longest = [...times].sort(([, a], [, b]) => b - a).slice(0, 10);
  for (const [file, time] of longest) say(`${(time / 1_000).toFixed(1).padStart(6)} s  ${file}`);
  if (skipped > 0) say(`\n${skipped} skipped`);
  if (redFiles.length > 0) say("\nRed:");
  for (const file of redFiles) {
    say(`  ${file}`);
    for (const name of failed) if (name.startsWith(`${file} > `)) say(`    ${name.slice(file.length + 3)}`);
  }
  say(`\n${passed} passed, ${failed.length} failed`);
}

const words = process.argv.slice(2);
const system = words.includes("--system");
const named = words.filter((word) => !word.startsWith("--"));
const files = named.length > 0 ? named : filesOf(system);
// Much of a test is waiting, so there is one more than there are processors.
const jobs = Number(
  words.find((word) => word.startsWith("--jobs="))?.slice("--jobs=".length) ?? availableParallelism() + 1,
);

if (provide(files)) {
  const tally = await runAll(files, {
    jobs,
    // Rows in their big sizes take longer.
    timeout: system ? 1_800_000 : 300_000,
    env: system ? { ...SIZES, ...process.env } : process.env,
  });
  report(tally);
  process.exitCode = tally.failed.length === 0 && tally.passed > 0 ? 0 : 1;
} else process.exitCode = 1;
