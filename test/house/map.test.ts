import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import { ROOT } from "./source.ts";

/** The map in the README: one line a folder below src/, `name/  what it is for`. */
function mapped(): readonly string[] {
  const text = readFileSync(join(ROOT, "README.md"), "utf8");
  const block = /```text\nsrc\/\n([\s\S]*?)```/.exec(text)?.[1] ?? "";
  return block
    .split("\n")
    .map((line) => /^ {2}(\S+)/.exec(line)?.[1])
    .filter((it) => it !== undefined);
}

t.test("the README's map names just what is in src/", async (t) => {
  const there = readdirSync(join(ROOT, "src"), { withFileTypes: true }).map((it) =>
    it.isDirectory() ? `${it.name}/` : it.name,
  );
  t.ok(there.length > 5);
  t.same([...mapped()].sort(), [...there].sort());
});

t.test("every folder of src/ has its tests under the same name", async (t) => {
  const folders = readdirSync(join(ROOT, "src"), { withFileTypes: true }).filter((it) => it.isDirectory());
  const tests = new Set(readdirSync(join(ROOT, "test")));
  t.same(
    folders.filter((it) => !tests.has(it.name)).map((it) => it.name),
    [],
  );
});
