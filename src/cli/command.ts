import { type ParseArgsOptionsConfig, parseArgs } from "node:util";
import { asFault, codeOf, Fault } from "../errors.ts";

/** Where a command writes and what it may know of its surroundings. */
export interface CommandIo {
  out(text: string): void;
  err(text: string): void;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** One word behind `guise`. `run` gives the exit code: 0, 1 (found problems), 2 (usage). */
export interface Command {
  readonly name: string;
  readonly describe: string;
  run(args: readonly string[], io: CommandIo): Promise<number>;
}

export const TEXT = { type: "string" } as const;
export const FLAG = { type: "boolean", default: false } as const;
export const USUAL_CONFIG = "routes.config.yaml";
export const CONFIG = { type: "string", short: "c" } as const;
const HELP = { help: { type: "boolean", short: "h" } } as const;

/** The values of a command line by the names of its options, and the words between them. */
export interface Given<Options extends ParseArgsOptionsConfig> {
  readonly values: ReturnType<typeof parseArgs<{ options: Options & typeof HELP }>>["values"];
  readonly positionals: readonly string[];
  readonly env: CommandIo["env"];
}

interface Parts<Options extends ParseArgsOptionsConfig, Words> extends Pick<Command, "name" | "describe"> {
  readonly usage: string;
  /** All but `--help`, which every command has. */
  readonly options: Options;
  /** Whether there may be words that belong to no option; yes unless it is said. */
  readonly positionals?: false;
  /** What the command line means; a sentence where it can't be read. What it says beside `--help` is not looked at further. */
  read(given: Given<Options>): Words | string;
  /** Gives the exit code. A Fault that it throws is told with its hint, and the code is 1. */
  run(words: Words, io: CommandIo): Promise<number>;
}

/** The command line is wrong: the command says why, shows its usage, and exits with 2. */
export class BadWords extends Error {}

/** A command that answers `--help`, words that it can't read and Faults as all of them do. */
export function command<const Options extends ParseArgsOptionsConfig, Words>(
  parts: Parts<Options, Words>,
): Command {
  const { name, describe, usage, positionals: allowPositionals = true } = parts;
  return {
    name,
    describe,
    async run(args, io) {
      const bad = (why: string): number => {
        io.err(`guise ${name}: ${why}\n${usage}`);
        return 2;
      };
      try {
        const options = { ...parts.options, ...HELP };
        const { values, positionals } = parseArgs({ args: [...args], allowPositionals, options });
        const words = parts.read({ values, positionals, env: io.env });
        if (typeof words === "string") return bad(words);
        if (!Reflect.get(values, "help")) return await parts.run(words, io);
        io.out(usage);
        return 0;
      } catch (error) {
        if (isAboutWords(error)) return bad(error.message);
        if (!(error instanceof Fault)) throw error;
        io.err(`${error.detail}\n${error.hint}\n`);
        return 1;
      }
    },
  };
}

/** An error handler for a file that the command line names: throws a Fault that begins with `what`. */
export function unreadable(what: string): (error: unknown) => never {
  return (error) => {
    throw asFault("usage", what, error);
  };
}

/** Whether the error says that the command line is wrong. */
function isAboutWords(error: unknown): error is Error {
  return error instanceof BadWords || codeOf(error).startsWith("ERR_PARSE_ARGS_");
}
