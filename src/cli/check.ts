import { warnOfUnchecked } from "../config/apps.ts";
import { jsonSchema } from "../config/jsonschema.ts";
import { KINDS } from "../config/kinds.ts";
import { examine, type Load } from "../config/load.ts";
import { uncovered } from "../config/own-hosts.ts";
import { formatProblem, type Problem } from "../config/problem.ts";
import { configSchema } from "../config/schema.ts";
import { conditionText } from "../domain/routing/conditions/condition-text.ts";
import { presetRules } from "../domain/routing/presets.ts";
import type { RuleSpec } from "../domain/routing/rule.ts";
import { CONFIG, type CommandIo, command, FLAG, USUAL_CONFIG } from "./command.ts";
import { withDeps } from "./config.ts";
import { findingsIn } from "./findings/findings.ts";
import { type Answer, askAll, lineFor } from "./live/live.ts";
import { warnings } from "./log.ts";

const USAGE = `guise check [-c FILE] [--live] [--strict] [--json]
guise check --schema

  -c, --config FILE  the config (default: routes.config.yaml, or GUISE_CONFIG)
  --live             ask every source, database, Redis and app once, and say what each of them answered
  --strict           exit with 1 also for what is only a warning
  --json             problems, warnings and summary as JSON
  --schema           print the JSON schema of configs, for editors
`;

/** `guise check`: names all problems of a config at once, or says what it holds. Asks nobody over the network but with `--live`. */
export const check = command({
  name: "check",
  describe: "name every problem of a config, with its line",
  usage: USAGE,
  options: { config: CONFIG, json: FLAG, live: FLAG, strict: FLAG, schema: FLAG },
  positionals: false,
  read: ({ values, env }) => ({ ...values, config: values.config ?? env.GUISE_CONFIG ?? USUAL_CONFIG }),
  async run(words, io) {
    if (words.schema) {
      io.out(`${JSON.stringify(jsonSchema(configSchema(KINDS)), null, 2)}\n`);
      return 0;
    }
    const checked = await checkOnce(words.config, words.live, io);
    if (checked.kind === "right" && !words.json)
      for (const left of uncovered(checked.load.snapshot)) io.err(`not covered: ${left}\n`);
    io.out(words.json ? asJson(words.config, checked) : asText(words.config, checked));
    return exitCode(checked, words.strict);
  },
});

type Checked =
  | Extract<Load, { kind: "rejected" }>
  | {
      readonly kind: "right";
      readonly load: Extract<Load, { kind: "loaded" }>;
      readonly warnings: readonly Problem[];
      /** null: nobody was asked. */
      readonly live: readonly Answer[] | null;
    };

async function checkOnce(file: string, live: boolean, io: CommandIo): Promise<Checked> {
  // What the rooms warn of belongs to what a check says.
  const log = warnings((_, message) => io.err(`${message}\n`));
  return await withDeps(log, async (deps) => {
    const examined = await examine(file, { kinds: KINDS, env: io.env, deps });
    if (examined.kind === "rejected") return examined;
    warnOfUnchecked(examined.load.snapshot, log);
    const warnings = await findingsIn(examined);
    const answers = live ? await askAll(examined, deps, file) : null;
    return { kind: "right", load: examined.load, warnings, live: answers };
  });
}

function exitCode(checked: Checked, strict: boolean): number {
  if (checked.kind === "rejected") return 1;
  const failed = checked.live?.some(({ ok }) => !ok) ?? false;
  return failed || (strict && checked.warnings.length > 0) ? 1 : 0;
}

function asText(file: string, checked: Checked): string {
  if (checked.kind === "rejected") {
    const { problems } = checked;
    return `${problems.map(formatProblem).join("\n")}\n\n${countOf(problems, "problem")}\n`;
  }
  const { load, warnings, live } = checked;
  const { apps, agents, owners, routes, rules, presets } = load.summary;
  const lines = [
    `${file} is right: ${apps.length === 0 ? "" : `apps ${apps.join(" ")}, `}agents ${agents}, owners ${owners}, routes ${routes}, rules ${rules}`,
    load.snapshot.digest,
    ...(warnings.length === 0 ? [] : ["", ...warnings.map(formatProblem), "", countOf(warnings, "warning")]),
    ...(live === null ? [] : ["", ...live.map(lineFor)]),
    ...presets.flatMap(presetLines),
  ];
  return `${lines.join("\n")}\n`;
}

function countOf(list: readonly unknown[], what: string): string {
  return list.length === 1 ? `1 ${what}` : `${list.length} ${what}s`;
}

/** What a preset guards, a paragraph for each of its rules. */
function presetLines(preset: string): readonly string[] {
  return guardsOf(preset).flatMap(({ name, effect, sentence, methods, paths, when }) => [
    "",
    `${name}: ${sentence}${effect === "deny" ? "" : ` (${effect})`}`,
    `  ${methods.length === 0 ? "any method" : methods.join(", ")} ${withoutSpellings(paths).join(" ")}`,
    ...(when === "" ? [] : [`  where ${when}`]),
  ]);
}

/** `…/change-password` also stands for `…/change_password` and `…/changepassword`. */
function withoutSpellings(paths: readonly string[]): readonly string[] {
  const plain = new Set(paths);
  const joined = new Set(paths.filter((path) => path.includes("-")).map((path) => path.replaceAll("-", "")));
  return paths
    .filter((path) => !joined.has(path) && !(path.includes("_") && plain.has(path.replaceAll("_", "-"))))
    .map((path) => path.replace("{/*at}", "…"));
}

interface Guarded {
  readonly name: string;
  readonly effect: string;
  readonly sentence: string;
  readonly methods: readonly string[];
  readonly paths: readonly string[];
  /** What else a request must have; empty: nothing. */
  readonly when: string;
}

function guardsOf(preset: string): readonly Guarded[] {
  const byKind = Map.groupBy(
    presetRules(preset) ?? [],
    (spec) => `${spec.rule.name} ${spec.methods?.join()} ${conditionText(spec.conditions)}`,
  );
  return [...byKind.values()].map((specs) => ({
    name: specs[0]?.rule.name ?? preset,
    effect: specs[0]?.rule.effect ?? "deny",
    sentence: specs[0]?.rule.sentence ?? "",
    methods: specs[0]?.methods ?? [],
    paths: specs.map(pathOf),
    when: conditionText(specs[0]?.conditions),
  }));
}

function pathOf({ path, below }: RuleSpec): string {
  return below === false ? `${path ?? ""} (this alone)` : (path ?? "");
}

function asJson(file: string, checked: Checked): string {
  const value =
    checked.kind === "rejected"
      ? { ok: false, file, digest: checked.digest, problems: checked.problems }
      : {
          ok: checked.live?.every(({ ok }) => ok) ?? true,
          file,
          digest: checked.load.snapshot.digest,
          problems: [],
          warnings: checked.warnings,
          uncovered: uncovered(checked.load.snapshot),
          ...(checked.live === null ? {} : { live: checked.live }),
          summary: checked.load.summary,
          presets: Object.fromEntries(checked.load.summary.presets.map((name) => [name, guardsOf(name)])),
        };
  return `${JSON.stringify(value, null, 2)}\n`;
}
