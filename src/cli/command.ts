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

/** A command that answers `--help`, words that it can't read and Faults as all of them do. */
export function command<Words extends { readonly help: boolean }>(parts: Parts<Words>): Command {
  const { name, describe, usage } = parts;
  return {
    name,
    describe,
    async run(args, io) {
      const words = wordsOf(parts, args, io);
      if (typeof words === "string") {
        io.err(`guise ${name}: ${words}\n${usage}`);
        return 2;
      }
      if (words.help) {
        io.out(usage);
        return 0;
      }
      try {
        return await parts.run(words, io);
      } catch (error) {
        if (!(error instanceof Fault)) throw error;
        io.err(`${error.detail}\n${error.hint}\n`);
        return 1;
      }
    },
  };
}

function wordsOf<Words>({ read }: Parts<Words>, args: readonly string[], io: CommandIo): Words | string {
  try {
    return read(args, io);
  } catch (error) {
    if (!isAboutWords(error)) throw error;
    return error.message;
  }
}

/** Whether `parseArgs` threw it, for words that it doesn't know. */
export function isAboutWords(error: unknown): error is Error {
  return error instanceof Error && codeOf(error).startsWith("ERR_PARSE_ARGS_");
}
