// Runs the attack tests and writes docs/attacks.md: every attack with its test and its result.
import { spawn } from "node:child_process";
import { globSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { INVARIANTS } from "../test/attacks/ids/invariants.ts";
import { ALSO, ATTACKS, EXCEPTIONS } from "../test/attacks/ids.ts";

/** Where tests of attacks stand. */
const PLACES = ["test/attacks", "test/journeys", "test/system/journeys"] as const;

/** How long a file may take, s. */
const TIMEOUT = 600;

/** Which ids a file of tests has, whether its tests of an id passed, and how many checks those made. */
interface Run {
  readonly file: string;
  readonly passed: ReadonlyMap<string, boolean>;
  readonly checks: number;
}

async function run(file: string): Promise<Run> {
  const child = spawn(process.execPath, [file], {
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, TAP_TIMEOUT: String(TIMEOUT) },
  });
  let text = "";
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
    text += chunk;
  });
  await new Promise((resolve) => child.once("close", resolve));
  const passed = new Map<string, boolean>();
  for (const [, not, ids = ""] of text.matchAll(/^(not )?ok \d+ - ([A-Z]+-\d\d(?:, [A-Z]+-\d\d)*): /gm))
    for (const id of ids.split(", ")) passed.set(id, (passed.get(id) ?? true) && not === undefined);
  return { file, passed, checks: checksIn(text) };
}

/** Runs all of them, as many at a time as there are processors. */
async function allOf(files: readonly string[]): Promise<readonly Run[]> {
  const runs: Run[] = [];
  const waiting = [...files.entries()];
  const worker = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift())
      runs[next[0]] = await run(next[1]);
  };
  await Promise.all(Array.from({ length: availableParallelism() }, worker));
  return runs;
}

/** What is asserted below the subtests of an id; each of those ends with its own line. */
function checksIn(text: string): number {
  let checks = 0;
  let waiting = 0;
  for (const line of text.split("\n")) {
    if (/^ {4,}ok \d+/.test(line)) waiting += 1;
    else if (/^(?:not )?ok \d+ - /.test(line)) {
      if (/^ok \d+ - [A-Z]+-\d\d[:,]/.test(line)) checks += waiting;
      waiting = 0;
    }
  }
  return checks;
}

function rows(runs: readonly Run[]): readonly string[] {
  return ATTACKS.map(({ id, attack, required }) => {
    const found = runs.filter(({ passed }) => passed.has(id));
    const held = found.every(({ passed }) => passed.get(id) === true);
    const result = found.length === 0 ? "no test" : held ? "withstood" : "FAILED";
    const files = [...found.map(({ file }) => file), ...(ALSO[id] ?? [])];
    const where = files.map((file) => `[${nameOf(file)}](../${file})`).join(", ");
    const note = EXCEPTIONS[id] === undefined ? "" : `. ${cell(EXCEPTIONS[id])}`;
    return `| \`${id}\` | ${cell(attack)} | ${cell(required)} | ${where} | ${result}${note} |`;
  });
}

function nameOf(file: string): string {
  const name = file.replace(/^test\/(?:attacks\/)?/, "").replace(".test.ts", "");
  return name.replace(/^(?:journeys|script|system\/journeys)\/(.*)/, "$1, in a browser");
}

/** A text for a cell. Between backticks nothing but the bar means anything, so nothing else is escaped there. */
function cell(text: string): string {
  return text
    .split("`")
    .map((part, at) => (at % 2 === 0 ? part.replaceAll("<", "&lt;") : part))
    .join("`")
    .replaceAll("|", "\\|");
}

const INTRO = `# Attacks

What the gateway has been attacked with, and how it went. Each attack is a test of its name in \`test/attacks/\`, sent over raw sockets through the
whole gateway (those on headers and addresses also as WebSocket upgrades, each as nobody, as the agent and under an impersonation), or in
\`test/journeys/\` and \`test/attacks/script/\`, in Chromium ([what a script can do](security.md) has the latter line by line). This page is written by \`node scripts/attacks.ts\`, which runs them. Tests that show a further part of one are named behind them.

Refused means: 4xx before any byte goes to the app, and under an impersonation a record \`impersonation.denied\` with the reason (of a start,
\`impersonation.refused\`). What is refused without an impersonation is in the log alone: nobody acts in another's name there, and everybody who
can send a byte could fill the journal with it. The same goes for what is no HTTP at all: nobody can tell who sent it.
`;

/** The files that have tests of an id. */
async function suites(): Promise<readonly string[]> {
  const files: string[] = [];
  for (const place of PLACES)
    for (const file of globSync(`${place}/**/*.test.ts`).sort())
      if (/["`][A-Z]+-\d\d[:,]/.test(await readFile(file, "utf8"))) files.push(file);
  return files;
}

if (import.meta.main) {
  const runs = await allOf(await suites());
  if (runs.every(({ passed }) => passed.size === 0)) throw new Error("no test of an attack was found to run");
  const table = [
    "| id | attack | what has to happen | test | result |",
    "|---|---|---|---|---|",
    ...rows(runs),
  ];
  const always = [
    "## What always holds",
    "",
    "Those that are marked are asserted of every request in production as well, of what is really sent, just before its first byte; a request that would",
    "break one is refused and counted (`guise_invariant_violations_total`).",
    "",
    "| | invariant | shown by |",
    "|---|---|---|",
    ...INVARIANTS.map(([text, by], n) => `| ${n + 1} | ${cell(text)} | ${cell(by)} |`),
  ];
  const withstood = table.filter((row) => row.includes("| withstood")).length;
  const checks = runs.reduce((sum, each) => sum + each.checks, 0);
  const count = `${ATTACKS.length} attacks, ${withstood} withstood, by ${checks} checks in ${runs.filter(({ passed }) => passed.size > 0).length} files.`;
  const page = new URL("../docs/attacks.md", import.meta.url);
  await writeFile(page, `${[INTRO, count, "", ...table, "", ...always].join("\n")}\n`);
  process.stdout.write(`${count}\n`);
  const failed = table.some((row) => row.includes("| FAILED") || row.includes("| no test"));
  process.exitCode = failed ? 1 : 0;
}
