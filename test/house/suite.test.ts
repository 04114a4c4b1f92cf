import { join } from "node:path";
import t from "tap";
import { needsOf, PROGRAMS } from "../../scripts/programs.ts";
import { tallying } from "../../scripts/tally.ts";
import { filesBelow, ROOT } from "./source.ts";

const SYSTEM = /^test\/(?:system|apps)\//;
const tests = filesBelow("test").filter(({ path }) => path.endsWith(".test.ts"));

t.test("only below test/system/ and test/apps/ a test needs more than Redis and Chromium", async (t) => {
  for (const { path } of tests) {
    const needs = needsOf(join(ROOT, path));
    if (!SYSTEM.test(path)) t.strictSame(needs, ["Redis", "Chromium"], path);
    else for (const name of needs) t.ok(PROGRAMS[name], `${path}: ${name} stands in scripts/programs.ts`);
  }
});

t.test("and what it runs, it says", async (t) => {
  const runs: readonly (readonly [RegExp, string])[] = [
    [/spawn(?:Sync)?\("strace"/, "strace"],
    [/fixtures\/faketime\.ts"/, "libfaketime"],
    [/\.\/chart\.ts"/, "sprig"],
    [/spawn(?:Sync)?\("php"/, "PHP"],
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

const OUTPUT = `TAP version 14
# Subtest: test/a.test.ts
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
    1..3
not ok 1 - test/a.test.ts # time=20ms

ok 2 - test/buffered.test.ts # time=5ms {
    ok 1 - first # time=1ms {
        1..1
        ok 1 - should be equal
    }
    1..1
}

ok 3 - test/no-subtests.test.ts # time=7ms {
    ok 1 - should be equal
    ok 2 - should be equal
    1..2
}

# Subtest: test/broke-off.test.ts
    # Subtest: first
        ok 1 - should be equal
        1..1
    ok 1 - first # time=1ms
    1..1
not ok 4 - test/broke-off.test.ts # time=9ms
  ---
  exitCode: 1
  ...

1..4
`;

t.test("counted are tests, not assertions, and what is red is named", async (t) => {
  const { parser, result } = tallying();
  parser.end(OUTPUT);
  const { passed, skipped, failed, redFiles, times } = result();
  t.equal(passed, 5, "two in the first file, one in each other");
  t.equal(skipped, 1);
  t.strictSame(failed, ["test/a.test.ts > has tests of its own > bad", "test/broke-off.test.ts"]);
  t.strictSame(redFiles, ["test/a.test.ts", "test/broke-off.test.ts"]);
  t.equal(times.get("test/no-subtests.test.ts"), 7);
});
