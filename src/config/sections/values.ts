import { z } from "zod";
import { duration, parseDuration } from "../../units.ts";

/** Yes or no. */
export function flag(usual: boolean) {
  return z.boolean().default(usual);
}

/** One of a few words. */
export function oneOf<const Word extends string>(usual: Word, words: readonly [Word, ...Word[]]) {
  return z.enum(words).default(usual as never);
}

/** A whole number. */
export function count(usual: number, least: number, most: number) {
  return z.int().min(least).max(most).default(usual);
}

/** A length of time, its bounds as the file writes them; comes out as ms. */
export function between(least: string, most: string, bounds = `from ${least} to ${most}`) {
  const [from, to] = [parseDuration(least) ?? Number.NaN, parseDuration(most) ?? Number.NaN];
  return duration.refine((ms) => ms >= from && ms <= to, { error: `write a length of time ${bounds}` });
}

/** The same, of something that may be left out. */
export function time(usual: string, least: string, most: string) {
  return between(least, most).prefault(usual);
}

/** A list of names, of people's groups or of whatever there can be any of. */
export const names = z.array(z.string().min(1));

/** What is null where it is left out. */
export function orNull<Schema extends z.ZodType>(schema: Schema) {
  return schema.nullable().default(null as never);
}
