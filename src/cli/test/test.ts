import type { Snapshot } from "../../config/snapshot.ts";
import { Fault } from "../../errors.ts";
import { CONFIG, type CommandIo, command, FLAG, type Given, USUAL_CONFIG } from "../command.ts";
import { withConfig } from "../config.ts";
import { warnings } from "../log.ts";
import { readTestFile, type TestFile } from "./file.ts";
import { readRecording, recording, recordingPath, replaying, writeRecording } from "./recording.ts";
import { type Outcome, runTest } from "./run.ts";

const USAGE = `guise test [FILE] [-c FILE] [--record | --recorded] [--json]

  FILE               the tests (default: beside the config, routes.test.yaml for routes.config.yaml)
  -c, --config FILE  the config (default: routes.config.yaml, or GUISE_CONFIG)
  --record           keep what the lookups say in a file beside the tests
  --recorded         ask that file instead of the lookups
  --json             outcomes as JSON

Exit codes: 0, 1 (something is not as expected), 2 (usage).
`;

const OPTIONS = { config: CONFIG, record: FLAG, recorded: FLAG, json: FLAG };

/** `guise test`: requests and what is expected of them, by the stages and the judge that the server has. */
export const test = command({
  name: "test",
  describe: "try routes, rules and grants of a config against what is expected of them",
  usage: USAGE,
  options: OPTIONS,
  read,
  async run(words, io) {
    try {
      const outcomes = await runAll(words, await readTestFile(words.file), io);
      io.out(words.json ? asJson(words.file, outcomes) : asText(words.file, outcomes));
      return outcomes.every(passed) ? 0 : 1;
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      io.err(`${error.detail}\n`);
      return 1;
    }
  },
});

type Words = Exclude<ReturnType<typeof read>, string>;

function read({ values, positionals, env }: Given<typeof OPTIONS>) {
  const { record, recorded } = values;
  if (positionals.length > 1) return "name one file of tests";
  if (record && recorded) return "write either --record or --recorded";
  const config = values.config ?? env.GUISE_CONFIG ?? USUAL_CONFIG;
  return { ...values, config, file: positionals[0] ?? config.replace(/(\.config)?\.ya?ml$/, ".test.yaml") };
}

async function runAll(words: Words, file: TestFile, io: CommandIo): Promise<readonly Outcome[]> {
  // What the connections to the lookups have to say.
  const log = warnings((data, message) => io.err(`${message}: ${JSON.stringify(data)}\n`));
  return await withConfig(words.config, io, log, ({ snapshot }) => runOver(snapshot, words, file));
}

async function runOver(real: Snapshot, words: Words, file: TestFile): Promise<readonly Outcome[]> {
  const place = recordingPath(words.file);
  const recorder = words.record ? recording(real) : null;
  const snapshot = words.recorded
    ? replaying(real, await readRecording(place))
    : (recorder?.snapshot ?? real);
  const outcomes: Outcome[] = [];
  for (const it of file.tests) outcomes.push(await runTest(it, { snapshot, file }));
  if (recorder !== null) await writeRecording(place, recorder.kept);
  return outcomes;
}

function passed({ differences, broken }: Outcome): boolean {
  return broken === null && differences.length === 0;
}

function asText(file: string, outcomes: readonly Outcome[]): string {
  const failed = outcomes.filter((it) => !passed(it)).length;
  const count = outcomes.length === 1 ? "1 test" : `${outcomes.length} tests`;
  const sum = failed === 0 ? "all as expected" : `${failed} not as expected`;
  return `${outcomes.map((it) => linesFor(file, it)).join("\n")}\n\n${count}, ${sum}\n`;
}

function linesFor(file: string, outcome: Outcome): string {
  const { name, line, differences, broken, said, notes } = outcome;
  if (passed(outcome)) return `ok      ${name}`;
  const parts = differences.flatMap(({ what, expected, got }) => [
    `        ${what.padEnd(9)} expected  ${expected}`,
    `        ${"".padEnd(9)} got       ${got}`,
  ]);
  const checks = (said?.checks ?? []).map(
    (it) => `        ${it.passed ? "yes" : "no "}  ${it.name}  (${it.saw})`,
  );
  return [
    `not ok  ${name}`,
    `        ${file}:${line}`,
    ...(broken === null ? parts : [`        ${broken}`]),
    ...checks,
    ...notes.map((note) => `        ${note}`),
  ].join("\n");
}

function asJson(file: string, outcomes: readonly Outcome[]): string {
  const tests = outcomes.map((it) => ({ ok: passed(it), ...it }));
  return `${JSON.stringify({ ok: outcomes.every(passed), file, tests }, null, 2)}\n`;
}
