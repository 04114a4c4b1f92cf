// Counts tests, not assertions: a test is a subtest without subtests of its own, or a file that has none.
import type { Parser, Result } from "tap-parser";

export interface Count {
  readonly passed: number;
  readonly skipped: number;
  /** `file > test > subtest` of each that failed. */
  readonly failed: readonly string[];
}

export interface Tally extends Count {
  /** Each file that is red, in the order in which they ended. */
  readonly redFiles: readonly string[];
  /** How long each file took, in ms. */
  readonly times: ReadonlyMap<string, number>;
  /** The files for which there was no time. */
  readonly notBegun: readonly string[];
}

interface Sum {
  passed: number;
  skipped: number;
  failed: string[];
  /** Whether each assertion that stands in no subtest held. */
  held: boolean;
}

/** Reads what a parser of one file finds. The result asks for what else is wrong with the file, null: nothing. */
export function countIn(parser: Parser, file: string): (wrong: string | null) => Count {
  const sum = read(parser, [file]);
  return (wrong) => {
    const found = sum.passed + sum.skipped + sum.failed.length;
    // It broke off, or asserted something by itself.
    const red = (wrong !== null || !sum.held) && sum.failed.length === 0;
    if (red) sum.failed.push(`${file} > (the file itself${wrong === null ? "" : `: ${wrong}`})`);
    else if (found === 0) sum.passed += 1;
    return sum;
  };
}

function read(parser: Parser, path: readonly string[]): Sum {
  const sum: Sum = { passed: 0, skipped: 0, failed: [], held: true };
  let inner: Sum | null = null;
  parser.on("child", (child: Parser) => {
    inner = read(child, [...path, child.name]);
  });
  parser.on("assert", (point: Result) => {
    const found = inner;
    inner = null;
    if (found === null) {
      if (point.skip !== false) sum.skipped += 1;
      else sum.held &&= point.ok || point.todo !== false;
      return;
    }
    const leaf = found.passed + found.skipped + found.failed.length === 0;
    sum.passed += found.passed;
    sum.skipped += found.skipped;
    sum.failed.push(...found.failed);
    // One that has tests in it is a test of its own only where it failed and none of them did.
    if (!point.ok && found.failed.length === 0) sum.failed.push([...path, point.name].join(" > "));
    else if (leaf) sum.passed += 1;
  });
  return sum;
}
