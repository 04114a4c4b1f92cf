import type { Clock, Log } from "../../ports.ts";
import { type ProblemWord, problemWord } from "./sink-errors.ts";

/** What keeps records from a sink just now. The log says when it begins, when it becomes something else, and when it is over. */
export interface Ailment {
  word(): ProblemWord | null;
  /** Wall time, ms. */
  since(): number | null;
  ill(error: unknown): void;
  well(): void;
}

export function ailment(sink: string, { clock, log }: { readonly clock: Clock; readonly log: Log }): Ailment {
  let now: { readonly word: ProblemWord; readonly since: number } | null = null;
  return {
    word: () => now?.word ?? null,
    since: () => now?.since ?? null,
    ill: (error) => {
      const word = problemWord(error);
      if (now?.word === word) return;
      now = { word, since: now?.since ?? clock.now() };
      log.error({ err: error, sink, problem: word }, "audit: records can not be shipped");
    },
    well: () => {
      if (now === null) return;
      log.info({ sink, problem: now.word }, "audit: records are shipped again");
      now = null;
    },
  };
}
