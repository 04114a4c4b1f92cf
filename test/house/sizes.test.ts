import { basename, dirname } from "node:path";
import t from "tap";
import { filesBelow } from "./source.ts";

const LONGEST_FILE = 400;
const LONGEST_FUNCTION = 60;
const LARGEST_FOLDER = 25;
const ROOTS = ["src", "test", "bench", "scripts"];

t.test(`no file is longer than ${LONGEST_FILE} lines`, async (t) => {
  const long = ROOTS.flatMap((root) => filesBelow(root))
    .filter((file) => file.text.split("\n").length - 1 > LONGEST_FILE)
    .map((file) => file.path);
  t.same(long, []);
});

t.test(`no function of src/ is longer than ${LONGEST_FUNCTION} lines`, async (t) => {
  const long: string[] = [];
  let seen = 0;
  for (const file of filesBelow("src")) {
    for (const it of functionsOf(file.text)) {
      seen += 1;
      if (it.lines > LONGEST_FUNCTION) long.push(`${file.path}: ${it.name} has ${it.lines} lines`);
    }
  }
  t.ok(seen > 100, "there are functions to look at");
  t.same(long, []);
});

t.test(`no folder has more than ${LARGEST_FOLDER} files`, async (t) => {
  const folders = new Map<string, number>();
  // Pictures that a run leaves aren't part of the project.
  for (const { path } of ROOTS.flatMap((root) => filesBelow(root, "")))
    if (!path.includes("/screenshots/")) folders.set(dirname(path), (folders.get(dirname(path)) ?? 0) + 1);
  t.ok(folders.size > 100, "there are folders to look at");
  t.same(
    [...folders].filter(([, count]) => count > LARGEST_FOLDER),
    [],
  );
});

t.test("files are called by a noun or a verb, never by a drawer", async (t) => {
  const drawers = new Set([
    "utils",
    "util",
    "helpers",
    "helper",
    "common",
    "types",
    "index",
    "misc",
    "shared",
  ]);
  const wrong = filesBelow("src").filter((file) => drawers.has(basename(file.path, ".ts")));
  t.same(
    wrong.map((file) => file.path),
    [],
  );
});

t.test("nothing in src/ is exported as default", async (t) => {
  const wrong = filesBelow("src").filter((file) => /^export default\b/m.test(file.text));
  t.same(
    wrong.map((file) => file.path),
    [],
  );
});

interface FunctionSize {
  readonly name: string;
  readonly lines: number;
}

/** Functions that begin a line, as the formatter lays them out: the closing brace stands under the opening word. */
function functionsOf(text: string): readonly FunctionSize[] {
  const lines = text.split("\n");
  const found: FunctionSize[] = [];
  lines.forEach((line, at) => {
    const head =
      /^(\s*)(?:export )?(?:async )?(?:function\s*\*?\s*(\w+)|(\w+)\(.*\).*\{$|const (\w+) = (?:async )?\(.*=> \{$)/.exec(
        line,
      );
    if (head === null || /^\s*(if|for|while|switch|catch|return)\b/.test(line)) return;
    const closing = new RegExp(`^${head[1] ?? ""}\\}`);
    const end = lines.findIndex((it, i) => i > at && closing.test(it));
    if (end > at) found.push({ name: head[2] ?? head[3] ?? head[4] ?? "?", lines: end - at + 1 });
  });
  return found;
}
