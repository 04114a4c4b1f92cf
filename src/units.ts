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
export function parseSize(text: string): number | null {
  const found = SIZE.exec(text);
  return found === null ? null : Number(found[1]) * BYTES[found[2] as keyof typeof BYTES];
}

const durationHelp = "write a length of time with its unit, like 500ms, 5s, 10m, 1h or 1d";
const sizeHelp = "write a size with its unit, like 512B, 8kB, 1MB or 1GB";

/** A length of time in the config; comes out as milliseconds. */
export const duration = z
  .string({ error: durationHelp })
  .regex(DURATION, { error: durationHelp })
  .transform((text) => parseDuration(text) ?? 0);

/** An amount of bytes in the config; comes out as bytes. */
export const size = z
  .string({ error: sizeHelp })
  .regex(SIZE, { error: sizeHelp })
  .transform((text) => parseSize(text) ?? 0);
