// `npm test`, and with `--system` `npm run test:system`: gets what the tests need, runs them, and says in one line how they went.
// `npm test` is quick; what needs more than Redis and Chromium, and the journeys through the whole stack in a browser, are system tests.
import { globSync, readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { hasAll, provide } from "./programs.ts";
import { runAll } from "./runner.ts";
import type { Tally } from "./tally.ts";

const SYSTEM = /^test\/(?:system|apps|journeys|attacks\/script)\//;
/** What takes longest begins first, so that at the end no processor waits for one file. */
const LONG_FIRST = [
  /^test\/(?:apps\/(?:unleash|zabbix)|fidelity|journeys|page\/shown)/,
  /^test\/faults\//,
  /^test\/(?:page\/client|cli|attacks)\//,
];

/** Tests whose size these set are small in `npm test`, and run once more by `npm run test:system`, in these sizes. */
const SIZES = { GUISE_LONG: "1", GUISE_EXCHANGES: "10000" };

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
function report(
  { passed, skipped, failed, redFiles, times, notBegun }: Tally,
  lacking: readonly string[],
): void {
  const say = (line: string) => process.stdout.write(`${line}\n`);
  say("");
  const longest = [...times].sort(([, a], [, b]) => b - a).slice(0, 10);
  for (const [file, time] of longest) say(`${(time / 1_000).toFixed(1).padStart(6)} s  ${file}`);
  if (skipped > 0) say(`\n${skipped} skipped`);
  if (notBegun.length > 0) say("\nNot begun, for want of time:");
  for (const file of notBegun) say(`  ${file}`);
  if (lacking.length > 0) say("\nNot begun, for want of programs:");
  for (const file of lacking) say(`  ${file}`);
  if (redFiles.length > 0) say("\nRed:");
  for (const file of redFiles) {
    say(`  ${file}`);
    for (const name of failed) if (name.startsWith(`${file} > `)) say(`    ${name.slice(file.length + 3)}`);
  }
  say(`\n${passed} passed, ${failed.length} failed`);
}

function numberOf(option: string): number | null {
  const word = words.find((it) => it.startsWith(`--${option}=`));
  return word === undefined ? null : Number(word.slice(option.length + 3));
}

const words = process.argv.slice(2);
const system = words.includes("--system");
const named = words.filter((word) => !word.startsWith("--"));
const files = named.length > 0 ? named : filesOf(system);
// Much of a test is waiting, so there is one more than there are processors.
const jobs = numberOf("jobs") ?? availableParallelism() + 1;
/** `--within=20`: after 20 minutes no file begins any more. Those, and those whose programs can't be had, are named and not red. */
const minutes = numberOf("within");

const complete = provide(files);
if (complete || minutes !== null) {
  const able = complete ? files : files.filter(hasAll);
  const tally = await runAll(able, {
    jobs,
    // Rows in their big sizes take longer.
    timeout: system ? 1_800_000 : 300_000,
    env: system ? { ...SIZES, ...process.env } : process.env,
    // What the programs took to install counts too.
    ...(minutes === null ? {} : { within: minutes * 60_000 - performance.now() }),
  });
  report(
    tally,
    files.filter((file) => !able.includes(file)),
  );
  process.exitCode = tally.failed.length === 0 && tally.passed > 0 ? 0 : 1;
} else process.exitCode = 1;
