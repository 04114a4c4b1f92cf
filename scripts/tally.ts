// Counts tests, not assertions: a test is a subtest without subtests of its own, or a file that has none.
import { Parser, type Result } from "tap-parser";

export interface Tally {
  readonly passed: number;
  readonly skipped: number;
  /** `file > test > subtest` of each that failed. */
  readonly failed: readonly string[];
  /** Each file that is red, in the order in which they ended. */
  readonly redFiles: readonly string[];
  /** How long each file took, in ms. */
  readonly times: ReadonlyMap<string, number>;
}

interface Counts {
  passed: number;
  skipped: number;
  failed: string[];
}

/** Adds up what a parser reads. `path` is where its points stand; gives what it has found below itself. */
function count(
  parser: Parser,
  path: readonly string[],
  ended?: (point: Result, inner: Counts) => void,
): Counts {
  const sum: Counts = { passed: 0, skipped: 0, failed: [] };
  let inner: Counts | null = null;
  parser.on("child", (child: Parser) => {
    inner = count(child, [...path, child.name]);
  });
  parser.on("assert", (point: Result) => {
    // An assertion; a file, or a test that is skipped, has nothing in it and counts nevertheless.
    if (inner === null && path.length > 0 && point.skip === false) return;
    const found = inner ?? { passed: 0, skipped: 0, failed: [] };
    inner = null;
    settle(point, found, [...path, point.name].join(" > "));
    sum.passed += found.passed;
    sum.skipped += found.skipped;
    sum.failed.push(...found.failed);
    ended?.(point, found);
  });
  return sum;
}

/** A point that has tests in it is one of its own only where it failed and none of them did: it broke off, or asserted itself. */
function settle(point: Result, inner: Counts, name: string): void {
  const leaf = inner.passed + inner.skipped + inner.failed.length === 0;
  if (point.skip !== false && leaf) inner.skipped += 1;
  else if (!point.ok && point.todo === false && inner.failed.length === 0) inner.failed.push(name);
  else if (leaf) inner.passed += 1;
}

/** Reads what `tap --reporter=tap` writes. */
export function tallying(): { readonly parser: Parser; result(): Tally } {
  const parser = new Parser();
  const redFiles: string[] = [];
  const times = new Map<string, number>();
  const sum = count(parser, [], (point, inner) => {
    if (inner.failed.length > 0) redFiles.push(point.name);
    if (typeof point.time === "number") times.set(point.name, point.time);
  });
  return { parser, result: () => ({ ...sum, redFiles, times }) };
}
