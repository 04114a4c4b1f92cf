import { z } from "zod";
import type { Clock, Maybe } from "../ports.ts";
import { duration } from "../units.ts";
import { type Asking, memo } from "./memo.ts";

/** How long answers count, ms, and how many are kept. */
export interface Caching {
  readonly cacheFor: number;
  readonly negativeFor: number;
  readonly timeout: number;
  readonly entries: number;
}

/** The options that stand beside the key of every kind that asks somebody. */
export function cachingOptions<CacheFor extends z.ZodType<number>>(
  cacheFor: CacheFor,
  says: { readonly negativeFor: string; readonly entries: string },
) {
  return {
    cacheFor,
    negativeFor: duration.prefault("5s").describe(says.negativeFor),
    timeout: duration
      .refine((ms) => ms > 0, { error: "write a length of time above 0" })
      .prefault("2s")
      .describe("How long an answer may take."),
    entries: z.int().min(1).max(1_000_000).default(10_000).describe(says.entries),
  };
}

/** Caches answers, and null for a shorter time. Asks the same question once at a time, and pauses if the service keeps failing. */
export function remembering<Q, A>(
  asking: Pick<Asking<Q, A | null>, "code" | "what" | "keyOf" | "ask">,
  { cacheFor, negativeFor, timeout, entries }: Caching,
  clock: Clock,
): (question: Q, signal?: AbortSignal) => Maybe<A | null> {
  return memo<Q, A | null>({
    ...asking,
    ...{ clock, timeout, entries, failures: 5 },
    keep: (answer) =>
      answer === null ? { ms: negativeFor, negative: true } : { ms: cacheFor, negative: false },
  });
}
