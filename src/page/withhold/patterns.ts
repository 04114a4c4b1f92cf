import type { Span } from "../../clients/expression.ts";
import { type Filter, WITHHELD } from "./filter.ts";

/** Something that is found in texts. */
export interface Pattern {
  /** The first place from `at` on. */
  find(text: string, at: number): Span | null;
  /** Whether what it finds may hold white space, quotes or angle brackets; otherwise nothing needs to be held back behind one. */
  readonly crosses: boolean;
}

/** The longest value that is found for sure, wherever pieces of the body end, bytes. */
const LONGEST_VALUE = 16_384;

/** Of a body that goes on line by line: what is longer isn't held back as a whole. */
const LONGEST_LINE = 64 * LONGEST_VALUE;
const BREAK = /[\s"'<>][^\s"'<>]*$/;

/** Replaces what patterns find. `lines`: they are looked at one by one, and go on at once (event streams). */
export function patternFilter(patterns: readonly Pattern[], lines: boolean, withheld: () => void): Filter {
  const crosses = patterns.some((it) => it.crosses);
  let held = "";
  const release = (until: number, isLast: boolean): string => {
    let out = "";
    let at = 0;
    for (;;) {
      const span = first(patterns, held, at);
      if (span === null || span.from >= until) break;
      // It may go on in the next piece.
      if (span.to === held.length && !isLast && span.to - span.from < LONGEST_VALUE) {
        until = Math.min(until, span.from);
        break;
      }
      out += held.slice(at, span.from) + WITHHELD;
      withheld();
      at = span.to;
    }
    const to = Math.max(at, until);
    out += held.slice(at, to);
    held = held.slice(to);
    return out;
  };
  return {
    read(text) {
      held += text;
      return release(safeEnd(held, { lines, crosses }), false);
    },
    end: () => release(held.length, true),
  };
}

/** Up to where nothing can be found any more that begins there and isn't seen whole. */
function safeEnd(
  text: string,
  { lines, crosses }: { readonly lines: boolean; readonly crosses: boolean },
): number {
  const line = text.lastIndexOf("\n") + 1;
  if (lines && (line > 0 || text.length < LONGEST_LINE)) return line;
  const far = Math.max(0, text.length - LONGEST_VALUE);
  if (crosses) return far;
  const tail = text.slice(far);
  const broken = BREAK.exec(tail);
  return broken === null ? far : far + broken.index + 1;
}

function first(patterns: readonly Pattern[], text: string, at: number): Span | null {
  let found: Span | null = null;
  for (const pattern of patterns) {
    const span = pattern.find(text, at);
    if (span !== null && span.to > span.from && (found === null || span.from < found.from)) found = span;
  }
  return found;
}
