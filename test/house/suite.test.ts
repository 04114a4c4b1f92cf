import { join } from "node:path";
import t from "tap";
import { Parser } from "tap-parser";
import { EVERYWHERE, needsOf, PROGRAMS } from "../../scripts/programs.ts";
import { type Count, countIn } from "../../scripts/tally.ts";
import { filesBelow, ROOT } from "./source.ts";

const SYSTEM = /^test\/(?:system|apps)\//;
const tests = filesBelow("test").filter(({ path }) => path.endsWith(".test.ts"));

t.test("only below test/system/ and test/apps/ a test needs more than Redis and Chromium", async (t) => {
  for (const { path } of tests) {
    const needs = needsOf(join(ROOT, path));
    if (!SYSTEM.test(path)) t.strictSame(needs, EVERYWHERE, path);
    else for (const name of needs) t.ok(PROGRAMS[name], `${path}: ${name} stands in scripts/programs.ts`);
  }
});

t.test("and what it runs, it says", async (t) => {
  const runs: readonly (readonly [RegExp, string])[] = [
    [/spawn(?:Sync)?\("strace"/, "strace"],
    [/fixtures\/servers\/faketime\.ts"/, "libfaketime"],
    [/\.\/chart\.ts"/, "sprig"],
    [/spawn(?:Sync)?\("php"/, "PHP"],
    [/fixtures\/servers\/mariadb\.ts"/, "MariaDB"],
    [/fixtures\/servers\/postgres\.ts"/, "PostgreSQL"],
    [/fixtures\/real-apps\/wordpress\.ts"/, "WordPress"],
  ];
  let seen = 0;
  for (const { path, text } of tests)
    for (const [pattern, name] of runs)
      if (path !== "test/house/suite.test.ts" && pattern.test(text)) {
        seen += 1;
        t.ok(needsOf(join(ROOT, path)).includes(name), `${path} needs ${name}`);
      }
  t.ok(seen > 3, "there are some");
});

t.test("a test's folder is removed after what writes into it is closed", async (t) => {
  const bare = tests.filter(
    ({ path, text }) => path !== "test/house/suite.test.ts" && /\.testdir\(/.test(text),
  );
  t.strictSame(
    bare.map(({ path }) => path),
    [],
    "they take testFolder of test/fixtures/test-folder.ts",
  );
});

// Else the page may be gone before the answer comes, and playwright says that its context was destroyed.
t.test("a script that makes the browser go elsewhere does so after playwright has its answer", async (t) => {
  const goes =
    /history\.(?:go|back|forward)\(|location\.(?:assign|replace|reload)\(|location\.href = |\.submit\(\)/;
  const found = tests.flatMap(({ path, text }) =>
    text
      .split("\n")
      .flatMap((line, index) =>
        /evaluate\(/.test(line) && goes.test(line) && !/setTimeout\(/.test(line)
          ? [`${path}:${index + 1}`]
          : [],
      ),
  );
  t.strictSame(found, [], 'as in page.evaluate("void setTimeout(() => history.back())")');
});

// An outcome is written after the answer that it is about.
t.test("a test reads outcomes once they have come, or the gateway has ended", async (t) => {
  const reads = /recordsOf\([^)]*"impersonation\.outcome"\)/;
  const waits = /\.close\(\)|\.exited|\.ended|await recorded\(/;
  const found = tests.flatMap(({ path, text }) => {
    const lines = text.split("\n");
    const begins = (end: number) =>
      lines.slice(0, end).findLastIndex((it) => /\bt\.test\(|function /.test(it));
    return lines.flatMap((line, index) =>
      reads.test(line) && !waits.test(lines.slice(begins(index), index).join("\n"))
        ? [`${path}:${index + 1}`]
        : [],
    );
  });
  t.strictSame(found, [], 'as with await recorded(data, "impersonation.outcome")');
});

const OUTPUT = `TAP version 14
# Subtest: has two assertions
    ok 1 - should be equal
    ok 2 - should be equal
    1..2
ok 1 - has two assertions # time=2ms
# Subtest: has tests of its own
    # Subtest: good
        ok 1 - should be equal
        1..1
    ok 1 - good # time=1ms
    # Subtest: bad
        not ok 1 - should be equal
        1..1
        # failed 1 test
    not ok 2 - bad # time=1ms
    1..2
not ok 2 - has tests of its own # time=3ms
ok 3 - not here # SKIP no such program
ok 4 - ran beside others # time=1ms {
    ok 1 - should be equal
    1..1
}

1..4
`;

function countOf(output: string, wrong: string | null = null): Count {
  const parser = new Parser();
  const count = countIn(parser, "test/a.test.ts");
  parser.end(output);
  return count(wrong);
}

t.test("counted are tests, not assertions, and what is red is named", async (t) => {
  t.match(countOf(OUTPUT, "ended with 1"), {
    passed: 3,
    skipped: 1,
    failed: ["test/a.test.ts > has tests of its own > bad"],
  });
  t.match(countOf("TAP version 14\nok 1 - a\nok 2 - b\n1..2\n"), { passed: 1, failed: { length: 0 } });
});

t.test("a file is red by itself where it breaks off or asserts what doesn't hold", async (t) => {
  const good = "TAP version 14\n# Subtest: good\n    ok 1 - a\n    1..1\nok 1 - good # time=1ms\n";
  t.match(countOf(`${good}1..1\n`, "ended with SIGKILL"), {
    passed: 1,
    failed: ["test/a.test.ts > (the file itself: ended with SIGKILL)"],
  });
  t.match(countOf(`${good}not ok 2 - b\n1..2\n`), { failed: ["test/a.test.ts > (the file itself)"] });
  t.match(countOf("", "ended with 1"), { passed: 0, failed: { length: 1 } });
});
