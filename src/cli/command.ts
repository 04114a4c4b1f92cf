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
