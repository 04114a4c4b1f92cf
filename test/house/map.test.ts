import { globSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import { filesBelow, ROOT } from "./source.ts";

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

t.test(
  "a browser's script has not the name of a file of ours, which would be the same file in the package",
  async (t) => {
    const ours = new Set(filesBelow("src").map(({ path }) => path));
    const scripts = filesBelow("src", ".js").map(({ path }) => path);
    t.strictSame(
      scripts.filter((path) => ours.has(path.replace(/\.js$/, ".ts"))),
      [],
    );
  },
);

/** What stands in a folder beside its page: files without their ending `.ts`, and folders. */
function standsIn(folder: string): { readonly files: readonly string[]; readonly names: readonly string[] } {
  const there = readdirSync(folder, { withFileTypes: true }).filter((it) => it.name !== "README.md");
  const files = there.filter((it) => it.isFile()).map((it) => it.name);
  return { files, names: there.map((it) => it.name.replace(/\.ts$/, "")) };
}

t.test("a room with more than ten files has a page that names all of them", async (t) => {
  const folders = globSync("src/**/", { cwd: ROOT }).map((it) => join(ROOT, it));
  const large = folders.filter((it) => standsIn(it).files.length > 10);
  t.ok(large.length > 5);
  for (const folder of large) {
    const page = readFileSync(join(folder, "README.md"), "utf8");
    t.same(
      standsIn(folder).names.filter((name) => !page.includes(`\`${name}`)),
      [],
      folder.slice(ROOT.length),
    );
  }
});
