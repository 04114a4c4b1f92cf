import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import t from "tap";
import { COMMANDS } from "../src/cli/registry.ts";
import { guise } from "./fixtures/gateway/process.ts";
import { testFolder } from "./fixtures/test-folder.ts";

t.test("without words, and asked for help, it says which commands there are", async (t) => {
  for (const args of [[], ["--help"], ["-h"], ["help"]]) {
    const it = guise(t, args);
    t.equal(await it.ended, 0, args.join());
    for (const { name, describe } of COMMANDS)
      t.match(it.out(), new RegExp(`^ {2}${name} +${describe}$`, "m"));
    t.match(it.out(), "Exit codes: 0, 1 (found problems), 2 (usage).");
    t.equal(it.err(), "");
  }
});

t.test("a command that is not there is 2, and the help goes where errors go", async (t) => {
  const it = guise(t, ["frob"]);
  t.equal(await it.ended, 2);
  t.match(it.err(), /there is no command `frob`[\s\S]*serve/);
  t.equal(it.out(), "");
});

t.test("what a command gives is the exit code", async (t) => {
  const folder = testFolder(t, {});
  await writeFile(join(folder, "bad.yaml"), "agnets: []\n");
  const it = guise(t, ["check", "-c", join(folder, "bad.yaml")]);
  t.equal(await it.ended, 1);
  t.match(it.out(), /did you mean `agents`/);
  t.equal(await guise(t, ["check", "--frob"]).ended, 2);
});
