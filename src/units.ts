import { z } from "zod";

const MILLISECONDS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const BYTES = { B: 1, kB: 1_024, MB: 1_048_576, GB: 1_073_741_824 } as const;

const DURATION = /^(0|[1-9]\d{0,9})(ms|s|m|h|d)$/;
const SIZE = /^(0|[1-9]\d{0,9})(B|kB|MB|GB)$/;

/** `500ms`, `5s`, `10m`, `1h`, `1d` as milliseconds; null for anything else, also a number without a unit. */
export function parseDuration(text: string): number | null {
  const found = DURATION.exec(text);
  return found === null ? null : Number(found[1]) * MILLISECONDS[found[2] as keyof typeof MILLISECONDS];
}

/** `512B`, `8kB`, `1MB`, `1GB` as bytes (1 kB is 1024 bytes); null for anything else. */
function parseSize(text: string): number | null {
  const found = SIZE.exec(text);
  return found === null ? null : Number(found[1]) * BYTES[found[2] as keyof typeof BYTES];
}

const durationHelp = "write a length of time with its unit, like 500ms, 5s, 10m, 1h or 1d";
const sizeHelp = "write a size with its unit, like 512B, 8kB, 1MB or 1GB";

const TIME = /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?)(Z|[+-]\d{2}:\d{2})?)?$/;

/** `2026-05-28`, `2026-05-28T20:26:40.123Z`, `2026-05-28 20:26+02:00` as ms; UTC where no zone is said. Null for anything else. */
export function parseTime(text: string): number | null {
  const [, day, time = "00:00", zone = "Z"] = TIME.exec(text) ?? [];
  if (day === undefined) return null;
  const midnight = Date.parse(`${day}T00:00Z`);
  // The runtime takes 30 February for 2 March.
  if (Number.isNaN(midnight) || !new Date(midnight).toISOString().startsWith(day)) return null;
  const at = Date.parse(`${day}T${time}${zone}`);
  return Number.isNaN(at) ? null : at;
}

/** A length of time in the config; comes out as milliseconds. */
export const duration = z
  .string({ error: durationHelp })
  .regex(DURATION, { error: durationHelp })
  .transform((text) => parseDuration(text) ?? 0);

/** The same from `least` to `most` ms. */
export function timeBetween(fallback: string, least: number, most: number, describe: string) {
  return duration
    .refine((ms) => ms >= least && ms <= most, {
      error: `write a length of time from ${least / 1_000}s to ${most / 1_000}s`,
    })
    .prefault(fallback)
    .describe(describe);
}

/** An amount of bytes in the config; comes out as bytes. */
export const size = z
  .string({ error: sizeHelp })
  .regex(SIZE, { error: sizeHelp })
  .transform((text) => parseSize(text) ?? 0);
