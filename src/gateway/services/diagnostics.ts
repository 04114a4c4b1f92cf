import { lru } from "../../clients/lru.ts";
import type { Log } from "../../ports.ts";

/** Log lines that say why something did not happen, at most one in ten minutes for each cause. */
export interface Diagnostics {
  /** Writes a line, unless it was written within the last ten minutes. The next line then says how many were left out. */
  say(line: Line, now: number): void;
}

interface Line {
  /** Lines with the same key count as the same. */
  readonly key: string;
  readonly level: "debug" | "info" | "warn";
  readonly message: string;
  readonly data: object;
}

const REMEMBERED = 1_000;
const AGAIN = 600_000;

export function diagnostics(log: Log): Diagnostics {
  const said = lru<{ unsaid: number; readonly until: number }>(REMEMBERED);
  return {
    say({ key, level, message, data }, now) {
      const before = said.get(key, now)?.value;
      if (before !== undefined && now < before.until) {
        before.unsaid += 1;
        return;
      }
      // Kept for longer than it is silent, so that the next line can tell how many were left out.
      said.set(key, { unsaid: 0, until: now + AGAIN }, now + 2 * AGAIN);
      const more = before === undefined || before.unsaid === 0 ? {} : { since: before.unsaid };
      log[level]({ ...data, ...more }, message);
    },
  };
}
