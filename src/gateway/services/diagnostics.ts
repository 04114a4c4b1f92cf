import { lru } from "../../clients/lru.ts";
import type { Log } from "../../ports.ts";

/** Lines that say why something did not happen, which a busy gateway could say a thousand times a second. */
export interface Diagnostics {
  /** Writes a line, unless this one was written within ten minutes; the next one says how often it was the same meanwhile. */
  say(line: Line, now: number): void;
}

interface Line {
  /** What makes it the same line, whatever else it tells. */
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
      // It is kept for longer than it keeps quiet, so that what was left out is told at last.
      said.set(key, { unsaid: 0, until: now + AGAIN }, now + 2 * AGAIN);
      const more = before === undefined || before.unsaid === 0 ? {} : { since: before.unsaid };
      log[level]({ ...data, ...more }, message);
    },
  };
}
