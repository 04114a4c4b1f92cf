import { readFile } from "node:fs/promises";
import t from "tap";
import { schemaFile, withKeys } from "../../scripts/docs.ts";

const read = (name: string) => readFile(new URL(`../../${name}`, import.meta.url), "utf8");
const RUN = "run `node scripts/docs.ts`";

t.test("docs/config.md has the keys as they are", async (t) => {
  const page = await read("docs/config.md");
  t.equal(withKeys(page), page, RUN);
});

t.test("routes.schema.json is the schema as it is", async (t) => {
  t.equal(schemaFile(), await read("routes.schema.json"), RUN);
});

t.test("every key has its description", async (t) => {
  const page = await read("docs/config.md");
  const rows = page
    .slice(page.indexOf("<!-- keys"))
    .split("\n")
    .filter((line) => line.startsWith("| `"));
  t.ok(rows.length > 100);
  t.same(
    rows.filter((line) => /\|\s*\|$/.test(line)),
    [],
  );
});
