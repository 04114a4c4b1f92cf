import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import { INVARIANTS } from "../attacks/ids/invariants.ts";
import { ALSO, ATTACKS, EXCEPTIONS } from "../attacks/ids.ts";
import { filesBelow, ROOT } from "./source.ts";

const page = readFileSync(join(ROOT, "docs/attacks.md"), "utf8");

t.test("every attack has a test of its name, raw or in a browser", async (t) => {
  const named = ["test/attacks", "test/journeys", "test/system/journeys"]
    .flatMap((folder) => filesBelow(folder))
    .flatMap(({ text }) =>
      [...text.matchAll(/"([A-Z]+-\d\d(?:, [A-Z]+-\d\d)*): /g)].flatMap(([, ids = ""]) => ids.split(", ")),
    );
  t.ok(ATTACKS.length > 80);
  t.same(
    ATTACKS.filter(({ id }) => !named.includes(id)).map(({ id }) => id),
    [],
  );
  const known = new Set(ATTACKS.map(({ id }) => id));
  t.same(
    named.filter((id) => !known.has(id ?? "")),
    [],
    "and no test has an id that nobody knows",
  );
});

t.test("every attack and every invariant is in docs/attacks.md, and none of them failed", async (t) => {
  t.same(
    ATTACKS.filter(({ id }) => !page.includes(`| \`${id}\` |`)).map(({ id }) => id),
    [],
  );
  t.equal(INVARIANTS.length, 25);
  t.equal(page.match(/^\| \d+ \|/gm)?.length, 25);
  t.notMatch(page, "| FAILED");
  t.notMatch(page, "| no test");
  t.same(
    Object.keys(EXCEPTIONS).filter((id) => !ATTACKS.some((attack) => attack.id === id)),
    [],
  );
});

t.test("what is named as showing an attack or an invariant is there", async (t) => {
  const ids = new Set(ATTACKS.map(({ id }) => id));
  const told = INVARIANTS.map(([, by]) => by).join(" ");
  const files = [...Object.values(ALSO).flat(), ...(told.match(/test\/[\w./-]+\.ts/g) ?? [])];
  t.ok(files.length > 30);
  t.same(
    files.filter((file) => !existsSync(join(ROOT, file))),
    [],
  );
  const named = [...Object.keys(ALSO), ...(told.match(/[A-Z]+-\d\d/g) ?? [])];
  t.same(
    named.filter((id) => !ids.has(id)),
    [],
  );
  t.same(
    INVARIANTS.filter(([, by]) => !/[A-Z]+-(?:\d\d|\*)|test\//.test(by)),
    [],
    "every invariant has a test",
  );
});
