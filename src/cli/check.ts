import { performance } from "node:perf_hooks";
import { parseArgs } from "node:util";
import { clients } from "../clients/clients.ts";
import { jsonSchema } from "../config/jsonschema.ts";
import { KINDS } from "../config/kinds.ts";
import { type Load, load } from "../config/load.ts";
import { uncovered } from "../config/own-hosts.ts";
import { formatProblem } from "../config/problem.ts";
import { configSchema } from "../config/schema.ts";
import { presetRules } from "../domain/routing/presets.ts";
import type { RuleSpec } from "../domain/routing/rule.ts";
import type { Log } from "../ports.ts";
import type { Command, CommandIo } from "./command.ts";

const USAGE = `guise check [-c FILE] [--json]
guise check --schema

  -c, --config FILE  the config (default: routes.config.yaml, or GUISE_CONFIG)
  --json             problems and summary as JSON
  --schema           print the JSON schema of configs, for editors
`;

/** `guise check`: names all problems of a config at once, or says what it holds. Asks nobody over the network. */
export const check: Command = {
  name: "check",
  describe: "name every problem of a config, with its line",
  async run(args, io) {
    const words = read(args, io);
    if (typeof words === "string") {
      io.err(`${words}\n${USAGE}`);
      return 2;
    }
    if (words.help) {
      io.out(USAGE);
      return 0;
    }
    if (words.schema) {
      io.out(`${JSON.stringify(jsonSchema(configSchema(KINDS)), null, 2)}\n`);
      return 0;
    }
    const loaded = await loadOnce(words.config, io);
    if (loaded.kind === "loaded" && !words.json)
      for (const warning of uncovered(loaded.snapshot)) io.err(`warning: ${warning}\n`);
    io.out(words.json ? asJson(words.config, loaded) : asText(words.config, loaded));
    return loaded.kind === "loaded" ? 0 : 1;
  },
};

interface Words {
  readonly help: boolean;
  readonly json: boolean;
  readonly schema: boolean;
  readonly config: string;
}

function read(args: readonly string[], io: CommandIo): Words | string {
  const flag = { type: "boolean" } as const;
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        config: { type: "string", short: "c" },
        json: flag,
        schema: flag,
        help: { type: "boolean", short: "h" },
      },
    });
    const { help = false, json = false, schema = false } = values;
    return { help, json, schema, config: values.config ?? io.env.GUISE_CONFIG ?? "routes.config.yaml" };
  } catch (error) {
    return `guise check: ${error instanceof Error ? error.message : String(error)}`;
  }
}

async function loadOnce(file: string, io: CommandIo): Promise<Load> {
  const log = logTo(io);
  const sources = clients(log);
  const clock = { now: () => Date.now(), monotonic: () => performance.now() };
  try {
    return await load(file, { kinds: KINDS, env: io.env, deps: { clock, log, ...sources.borrowed } });
  } finally {
    await sources.close();
  }
}

/** Warnings of the rooms belong to what a check says. */
function logTo(io: CommandIo): Log {
  const say = (_data: object, message: string) => io.err(`${message}\n`);
  const nothing = () => undefined;
  return { debug: nothing, info: nothing, warn: say, error: say };
}

function asText(file: string, loaded: Load): string {
  if (loaded.kind === "rejected") {
    const { problems } = loaded;
    const count = problems.length === 1 ? "1 problem" : `${problems.length} problems`;
    return `${problems.map(formatProblem).join("\n")}\n\n${count}\n`;
  }
  const { agents, owners, routes, rules, presets } = loaded.summary;
  const lines = [
    `${file} is right: agents ${agents}, owners ${owners}, routes ${routes}, rules ${rules}`,
    loaded.snapshot.digest,
    ...presets.flatMap(presetLines),
  ];
  return `${lines.join("\n")}\n`;
}

/** What a preset guards, a paragraph for each of its rules. */
function presetLines(preset: string): readonly string[] {
  return guardsOf(preset).flatMap(({ name, sentence, methods, paths }) => [
    "",
    `${name}: ${sentence}`,
    `  ${methods.join(", ")} ${withoutSpellings(paths).join(" ")}`,
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
  readonly sentence: string;
  readonly methods: readonly string[];
  readonly paths: readonly string[];
}

function guardsOf(preset: string): readonly Guarded[] {
  const byKind = Map.groupBy(
    presetRules(preset) ?? [],
    (spec) => `${spec.rule.name} ${spec.methods?.join()}`,
  );
  return [...byKind.values()].map((specs) => ({
    name: specs[0]?.rule.name ?? preset,
    sentence: specs[0]?.rule.sentence ?? "",
    methods: specs[0]?.methods ?? [],
    paths: specs.map(pathOf),
  }));
}

function pathOf({ path, below }: RuleSpec): string {
  return below === false ? `${path ?? ""} (this alone)` : (path ?? "");
}

function asJson(file: string, loaded: Load): string {
  const value =
    loaded.kind === "rejected"
      ? { ok: false, file, digest: loaded.digest, problems: loaded.problems }
      : {
          ok: true,
          file,
          digest: loaded.snapshot.digest,
          problems: [],
          warnings: uncovered(loaded.snapshot),
          summary: loaded.summary,
          presets: Object.fromEntries(loaded.summary.presets.map((name) => [name, guardsOf(name)])),
        };
  return `${JSON.stringify(value, null, 2)}\n`;
}
