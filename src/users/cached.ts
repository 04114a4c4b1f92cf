import { cachingOptions } from "../clients/caching.ts";
import { duration } from "../units.ts";

const LONGEST = 60_000;

const cacheFor = duration
  .refine((ms) => ms <= LONGEST, { error: "write at most 60s: rights are checked against what is no older" })
  .prefault("60s")
  .describe("How long what is known of a person counts, 60s at most.");

export const caching = cachingOptions(cacheFor, {
  negativeFor: "How long it counts that there is no such person.",
  entries: "How many people are remembered.",
});
