import { codeOf, Fault } from "../errors.ts";

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

interface Parts<Words> extends Pick<Command, "name" | "describe"> {
  readonly usage: string;
  /** The words of the command line; a sentence where they can't be read. May throw what `parseArgs` throws. */
  read(args: readonly string[], io: CommandIo): Words | string;
  /** Gives the exit code. A Fault that it throws is told with its hint, and the code is 1. */
  run(words: Words, io: CommandIo): Promise<number>;
}

/** Words that can't be meant like that: the command says so, with how it is used, and its exit code is 2. */
export class BadWords extends Error {}

/** A command that answers `--help`, words that it can't read and Faults as all of them do. */
export function command<Words extends { readonly help: boolean }>(parts: Parts<Words>): Command {
  const { name, describe, usage } = parts;
  return {
    name,
    describe,
    async run(args, io) {
      const bad = (why: string): number => {
        io.err(`guise ${name}: ${why}\n${usage}`);
        return 2;
      };
      try {
        const words = parts.read(args, io);
        if (typeof words === "string") return bad(words);
        if (!words.help) return await parts.run(words, io);
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

/** Words that can't be meant, or that `parseArgs` doesn't know. */
function isAboutWords(error: unknown): error is Error {
  return error instanceof BadWords || codeOf(error).startsWith("ERR_PARSE_ARGS_");
}
