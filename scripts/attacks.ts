// Runs the attack tests and writes docs/attacks.md: every attack with its test and its result.
import { spawn } from "node:child_process";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { ATTACKS, EXCEPTIONS, INVARIANTS } from "../test/attacks/ids.ts";

const TESTS = new URL("../test/attacks/", import.meta.url);

/** Which ids each file of attacks has, and whether its tests of an id passed. */
interface Run {
  readonly file: string;
  readonly passed: ReadonlyMap<string, boolean>;
}

async function run(file: string): Promise<Run> {
  const child = spawn("tap", ["--disable-coverage", "--reporter=tap", `test/attacks/${file}`], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let text = "";
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
    text += chunk;
  });
  await new Promise((resolve) => child.once("close", resolve));
  const passed = new Map<string, boolean>();
  for (const [, not, id = ""] of text.matchAll(/^ {4}(not )?ok \d+ - ([A-Z]+-\d\d): /gm))
    passed.set(id, (passed.get(id) ?? true) && not === undefined);
  return { file, passed };
}

function rows(runs: readonly Run[]): readonly string[] {
  return ATTACKS.map(({ id, attack, required }) => {
    const found = runs.find(({ passed }) => passed.has(id));
    const result = found === undefined ? "no test" : found.passed.get(id) === true ? "withstood" : "FAILED";
    const where =
      found === undefined ? "" : `[${found.file.replace(".test.ts", "")}](../test/attacks/${found.file})`;
    const note = EXCEPTIONS[id] === undefined ? "" : `. ${EXCEPTIONS[id]}`;
    return `| \`${id}\` | ${cell(attack)} | ${cell(required)} | ${where} | ${result}${note} |`;
  });
}

function cell(text: string): string {
  return text.replaceAll("|", "\\|").replaceAll("<", "&lt;");
}

const INTRO = `# Attacks

What the gateway has been attacked with, and how it went. Each attack is a test of its name in \`test/attacks/\`, sent over raw sockets through the
whole gateway; those on headers and addresses also as WebSocket upgrades, each as nobody, as oneself and under a disguise.
This page is written by \`node scripts/attacks.ts\`.
`;

if (import.meta.main) {
  const files = (await readdir(TESTS)).filter((name) => name.endsWith(".test.ts")).sort();
  const runs: Run[] = [];
  for (const file of files) runs.push(await run(file));
  const table = [
    "| id | attack | what has to happen | test | result |",
    "|---|---|---|---|---|",
    ...rows(runs),
  ];
  const always = [
    "## What always holds",
    "",
    "| | invariant | shown by |",
    "|---|---|---|",
    ...INVARIANTS.map(([text, by], n) => `| ${n + 1} | ${cell(text)} | ${cell(by)} |`),
  ];
  const page = new URL("../docs/attacks.md", import.meta.url);
  await writeFile(page, `${[INTRO, ...table, "", ...always].join("\n")}\n`);
  const failed = (await readFile(page, "utf8")).includes("| FAILED");
  process.exitCode = failed ? 1 : 0;
}
