// Every YAML block of a page is a part of a config that loads, or the chart's values.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import { parse, stringify } from "yaml";
import { jsonSchema } from "../../src/config/jsonschema.ts";
import { KINDS } from "../../src/config/kinds.ts";
import { configSchema } from "../../src/config/schema.ts";
import { problemsOf } from "../fixtures/config.ts";
import { blocksOf, pages } from "../fixtures/pages.ts";
import { ROOT } from "../house/source.ts";

const KEYS = new Set(Object.keys(jsonSchema(configSchema(KINDS)).properties ?? {}));
const VALUES: object = parse(readFileSync(join(ROOT, "helm/values.yaml"), "utf8"));

/** What a part may need besides, where it doesn't say so itself. */
const REST = {
  upstream: "http://127.0.0.1:8001",
  identity: [{ whoami: { url: "http://127.0.0.1:8001/me", cookies: ["s"] } }],
};

/** Files that an example names are the reader's own. */
const OWN_FILE = /can't be read|can not be read|no such file/i;
/** The variables that an example names, each with something of its kind. */
function envOf(text: string): Readonly<Record<string, string>> {
  const names = [...text.matchAll(/fromEnv: (\w+)/g)].map(([, name = ""]) => name);
  const value = (name: string) => {
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
    .map((block) => ({ at: `${path}:${block.line}`, value: parse(block.text) as Record<string, unknown> })),
);
const configs = blocks.filter(({ value }) => Object.keys(value).every((key) => KEYS.has(key)));

t.test("every YAML block of a page is a part of a config, or of the chart's values", async (t) => {
  t.ok(configs.length > 15);
  for (const { at, value } of blocks.filter((block) => !configs.includes(block)))
    t.ok(
      Object.keys(value).every((key) => key in VALUES),
      at,
    );
});

for (const { at, value } of configs)
  t.test(`the config at ${at} loads`, async (t) => {
    const text = stringify({ ...REST, ...value });
    const problems = problemsOf(text, envOf(text));
    t.same(
      problems.filter((problem) => !OWN_FILE.test(problem)),
      [],
    );
  });
