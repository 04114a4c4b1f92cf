// Runs the attack tests and writes docs/attacks.md: every attack with its test and its result.
import { spawn } from "node:child_process";
import { readdir, writeFile } from "node:fs/promises";
import { ATTACKS, EXCEPTIONS, INVARIANTS } from "../test/attacks/ids.ts";

const FOLDERS = ["test/attacks", "test/journeys"] as const;

/** Which ids a file of tests has, whether its tests of an id passed, and how many checks those made. */
interface Run {
  readonly file: string;
  readonly passed: ReadonlyMap<string, boolean>;
  readonly checks: number;
}

async function run(file: string): Promise<Run> {
  const child = spawn("tap", ["--disable-coverage", "--reporter=tap", file], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let text = "";
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
    text += chunk;
  });
  await new Promise((resolve) => child.once("close", resolve));
  const passed = new Map<string, boolean>();
  for (const [, not, ids = ""] of text.matchAll(/^ {4}(not )?ok \d+ - ([A-Z]+-\d\d(?:, [A-Z]+-\d\d)*): /gm))
    for (const id of ids.split(", ")) passed.set(id, (passed.get(id) ?? true) && not === undefined);
  return { file, passed, checks: checksIn(text) };
}

/** What is asserted below the subtests of an id; each of those ends with its own line, four deep. */
function checksIn(text: string): number {
  let checks = 0;
  let waiting = 0;
  for (const line of text.split("\n")) {
    if (/^ {8,}ok \d+/.test(line)) waiting += 1;
    else if (/^ {4}(?:not )?ok \d+ - /.test(line)) {
      if (/^ {4}ok \d+ - [A-Z]+-\d\d[:,]/.test(line)) checks += waiting;
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
    const where = found.map(({ file }) => `[${nameOf(file)}](../${file})`).join(", ");
    const note = EXCEPTIONS[id] === undefined ? "" : `. ${EXCEPTIONS[id]}`;
    return `| \`${id}\` | ${cell(attack)} | ${cell(required)} | ${where} | ${result}${note} |`;
  });
}

function nameOf(file: string): string {
  const name = file.replace(/^.*\//, "").replace(".test.ts", "");
  return file.includes("journeys") ? `${name}, in a browser` : name;
}

function cell(text: string): string {
  return text.replaceAll("|", "\\|").replaceAll("<", "&lt;");
}

const INTRO = `# Attacks

What the gateway has been attacked with, and how it went. Each attack is a test of its name in \`test/attacks/\`, sent over raw sockets through the
whole gateway (those on headers and addresses also as WebSocket upgrades, each as nobody, as oneself and under a disguise), or in
\`test/journeys/\`, in Chromium. This page is written by \`node scripts/attacks.ts\`, which runs them.
`;

async function suites(): Promise<readonly string[]> {
  const files: string[] = [];
  for (const folder of FOLDERS)
    for (const name of (await readdir(new URL(`../${folder}/`, import.meta.url))).sort())
      if (name.endsWith(".test.ts")) files.push(`${folder}/${name}`);
  return files;
}

if (import.meta.main) {
  const runs: Run[] = [];
  for (const file of await suites()) runs.push(await run(file));
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
