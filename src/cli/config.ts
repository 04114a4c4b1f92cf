import { performance } from "node:perf_hooks";
import { clients } from "../clients/clients.ts";
import { warnOfUnchecked } from "../config/apps.ts";
import { KINDS } from "../config/kinds.ts";
import { type Load, type LoadOptions, load } from "../config/load.ts";
import { formatProblem } from "../config/problem.ts";
import { Fault } from "../errors.ts";
import type { Clock, Log } from "../ports.ts";
import { signIns } from "../sessions/sign-ins.ts";
import type { CommandIo } from "./command.ts";

export const CLOCK: Clock = { now: () => Date.now(), monotonic: () => performance.now() };

/** Gives `use` what a config is loaded with, while it may ask over the network. */
export async function withDeps<T>(log: Log, use: (deps: LoadOptions["deps"]) => Promise<T>): Promise<T> {
  const sources = clients(log);
  try {
    return await use({ clock: CLOCK, log, ...sources.borrowed, signIns: signIns(CLOCK) });
  } finally {
    await sources.close();
  }
}

/** Loads a config and gives it to `use`, while it may ask over the network. Throws a Fault that names all problems of the config. */
export async function withConfig<T>(
  file: string,
  { env }: CommandIo,
  log: Log,
  use: (loaded: Extract<Load, { kind: "loaded" }>) => T | Promise<T>,
): Promise<T> {
  return await withDeps(log, async (deps) => {
    const loaded = await load(file, { kinds: KINDS, env, deps });
    if (loaded.kind === "rejected")
      throw new Fault("config-invalid", loaded.problems.map(formatProblem).join("\n"));
    warnOfUnchecked(loaded.snapshot, log);
    return await use(loaded);
  });
}
