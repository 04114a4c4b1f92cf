// Every YAML block of a page is a part of a config that loads, a file of tests, or the chart's values.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import { parse, stringify } from "yaml";
import { readTestFile } from "../../src/cli/test/file.ts";
import { jsonSchema } from "../../src/config/jsonschema.ts";
import { KINDS } from "../../src/config/kinds.ts";
import { configSchema } from "../../src/config/schema.ts";
import { problemsOf } from "../fixtures/gateway/config.ts";
import { blocksOf, pages } from "../fixtures/pages.ts";
import { testFolder } from "../fixtures/test-folder.ts";
import { ROOT } from "../house/source.ts";

const KEYS = new Set(Object.keys(jsonSchema(configSchema(KINDS)).properties ?? {}));
const VALUES: object = parse(readFileSync(join(ROOT, "helm/values.yaml"), "utf8"));

/** What a part may need besides, where it doesn't say so itself. */
const REST = { identity: [{ whoami: { url: "http://127.0.0.1:8001/me", cookies: ["s"] } }] };
const UPSTREAM = { upstream: "http://127.0.0.1:8001" };

/** Files that an example names are the reader's own. */
const OWN_FILE = /can't be read|can not be read|no such file/i;
/** The variables that an example names, each with something of its kind. */
function envOf(text: string): Readonly<Record<string, string>> {
  const names = [...text.matchAll(/fromEnv: (\w+)/g)].map(([, name = ""]) => name);
  const value = (name: string) => {
    if (name.includes("SMTP")) return "smtps://user:secret@mail.example.com";
    if (name.includes("REDIS")) return "redis://127.0.0.1:6379/0";
    return name.includes("DB")
      ? "postgres://reader:secret@127.0.0.1/app"
      : "0123456789abcdef0123456789abcdef";
  };
  return Object.fromEntries(names.map((name) => [name, value(name)]));
}

const blocks = pages().flatMap(({ path, text }) =>
  blocksOf(text)
    .filter(({ language }) => language === "yaml")
    .map((block) => ({
      at: `${path}:${block.line}`,
      text: block.text,
      value: parse(block.text) as Record<string, unknown>,
    })),
);
/** What `guise test` reads. */
const tests = blocks.filter(({ value }) => "tests" in value);
const configs = blocks.filter(({ value }) => Object.keys(value).every((key) => KEYS.has(key)));

t.test(
  "every YAML block of a page is a part of a config, of the chart's values, or a file of tests",
  async (t) => {
    t.ok(configs.length > 15);
    for (const { at, value } of blocks.filter((block) => !configs.includes(block) && !tests.includes(block)))
      t.ok(
        Object.keys(value).every((key) => key in VALUES),
        at,
      );
  },
);

for (const { at, value } of configs)
  t.test(`the config at ${at} loads`, async (t) => {
    const text = stringify({ ...REST, ...("apps" in value ? {} : UPSTREAM), ...value });
    const problems = problemsOf(text, envOf(text));
    t.same(
      problems.filter((problem) => !OWN_FILE.test(problem)),
      [],
    );
  });

t.test("a file of tests on a page is one that `guise test` reads", async (t) => {
  t.ok(tests.length > 0);
  for (const { at, text } of tests) {
    const file = join(testFolder(t), "routes.test.yaml");
    writeFileSync(file, text);
    t.ok((await readTestFile(file)).tests.length > 0, at);
  }
});
