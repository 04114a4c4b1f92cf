// Writes what is said twice: the keys in docs/config.md and the schema for editors, both from the config's own schema,
// and the commands in docs/cli.md from their own help.
import { readFile, writeFile } from "node:fs/promises";
import { COMMANDS } from "../src/cli/registry.ts";
import { formsOf, type JsonSchema, jsonSchema } from "../src/config/jsonschema.ts";
import { KINDS } from "../src/config/kinds.ts";
import { configSchema } from "../src/config/schema.ts";
import { PRESETS } from "../src/domain/routing/presets.ts";

/** The page with its tables of keys as they are now. */
export function withKeys(page: string): string {
  return withPart(page, "keys", keys());
}

/** The page with the help of every command as it is now. */
export async function withCommands(page: string): Promise<string> {
  return withPart(page, "commands", await commands());
}

function withPart(page: string, name: string, part: string): string {
  const [begin, end] = [`<!-- ${name}: written by scripts/docs.ts -->`, `<!-- /${name} -->`];
  const [before, after] = [page.indexOf(begin), page.indexOf(end)];
  if (before === -1 || after === -1) throw new Error(`the page has lost the marks around its ${name}`);
  return `${page.slice(0, before)}${begin}\n\n${part}\n${page.slice(after)}`;
}

async function commands(): Promise<string> {
  const sections = COMMANDS.map(async ({ name, describe, run }) => {
    const said: string[] = [];
    const out = (text: string) => void said.push(text);
    await run(["--help"], { out, err: out, env: {} });
    const help = said.join("");
    return `## guise ${name}\n\n${describe.slice(0, 1).toUpperCase()}${describe.slice(1)}.\n\n\`\`\`text\n${help.trimEnd()}\n\`\`\`\n`;
  });
  return (await Promise.all(sections)).join("\n");
}

/** The schema file that the first line of a config names. */
export function schemaFile(): string {
  return `${JSON.stringify(jsonSchema(configSchema(KINDS)), null, 1)}\n`;
}

function keys(): string {
  const schema = jsonSchema(configSchema(KINDS));
  const required = new Set(schema.required);
  const sections = Object.entries(schema.properties ?? {}).map(([name, one]) =>
    section(name, one, required.has(name)),
  );
  return [...sections, presets()].join("\n");
}

interface Row {
  readonly key: string;
  readonly schema: JsonSchema;
  readonly required: boolean;
}

function section(name: string, schema: JsonSchema, required: boolean): string {
  const rows = below("", schema);
  const facts = [`${typeOf(schema)}`, required ? "required" : defaultOf(schema)].filter(
    (fact) => fact !== "",
  );
  return [
    `### \`${name}\``,
    "",
    `${schema.description ?? ""} (${facts.join("; ")})`,
    "",
    ...table(rows),
  ].join("\n");
}

function table(rows: readonly Row[]): readonly string[] {
  if (rows.length === 0) return [];
  const lines = rows.map(({ key, schema, required }) => {
    const fallback = required ? "required" : defaultOf(schema);
    return `| \`${key}\` | ${cell(typeOf(schema))} | ${cell(fallback)} | ${cell(schema.description ?? "")} |`;
  });
  return ["| key | what | default | |", "|---|---|---|---|", ...lines, ""];
}

/** What another section has in full: lookups in `owners`, and of an app what a file with one has at its top. */
const TOLD_ONCE = new Set([
  "[].owner",
  "NAME.first",
  ...["upstream", "routes", "rules", "page"].map((key) => `NAME.${key}`),
]);

/** All keys below one, each with its whole way: `limit.total`, `[].mayBe.users`. */
function rowsBelow(above: string, schema: JsonSchema, alone: boolean): readonly Row[] {
  // Where several forms are possible, none of their keys must be there.
  const required = new Set(alone ? schema.required : []);
  const named = Object.entries(schema.properties ?? {}).flatMap(([name, one]) => {
    const key = above === "" ? name : `${above}.${name}`;
    const described =
      one.description ?? (schema.required?.[0] === name ? schema.description : undefined) ?? "";
    const row = { key, schema: { ...one, description: described }, required: required.has(name) };
    return TOLD_ONCE.has(key) ? [row] : [row, ...below(key, one)];
  });
  const entries = schema.items === undefined ? [] : below(`${above}[]`, schema.items);
  const values = schema.additionalProperties;
  return onceEach([
    ...named,
    ...entries,
    ...(typeof values === "object" ? below(above === "" ? "NAME" : `${above}.NAME`, values) : []),
  ]);
}

function below(above: string, schema: JsonSchema): readonly Row[] {
  const forms = formsOf(schema).filter((form) => !isSecret(form));
  const objects = forms.filter((form) => form.properties !== undefined);
  return onceEach(forms.flatMap((form) => rowsBelow(above, form, objects.length === 1)));
}

/** `{ fromEnv: … }` and `{ fromFile: … }` are told of once, in the text. */
function isSecret({ properties }: JsonSchema): boolean {
  const [only, ...more] = Object.keys(properties ?? {});
  return more.length === 0 && (only === "fromEnv" || only === "fromFile");
}

function onceEach(rows: readonly Row[]): readonly Row[] {
  return [...new Map(rows.toReversed().map((row) => [row.key, row])).values()].reverse();
}

function typeOf(schema: JsonSchema): string {
  const forms = schema.anyOf ?? schema.oneOf;
  if (isSecret(schema)) return "`{ fromEnv }`, `{ fromFile }`";
  if (forms !== undefined) {
    const words = forms.filter((form) => form.type !== "null").map(typeOf);
    return [...new Set(words)].join(" or ");
  }
  if (schema.enum !== undefined) return schema.enum.map((word) => `\`${String(word)}\``).join(", ");
  if (schema.const !== undefined) return `\`${String(schema.const)}\``;
  if (schema.pattern?.includes("(ms|s|m|h|d)")) return "time";
  if (schema.pattern?.includes("(B|kB|MB|GB)")) return "size";
  if (schema.type === "array") return schema.items === undefined ? "list" : `list of ${typeOf(schema.items)}`;
  const type =
    typeof schema.type === "string" ? schema.type : (schema.type?.find((word) => word !== "null") ?? "");
  return TYPES[type] ?? "object";
}

const TYPES: Readonly<Record<string, string>> = {
  string: "text",
  integer: "number",
  number: "number",
  boolean: "`true`, `false`",
};

function defaultOf(schema: JsonSchema): string {
  const { default: value } = schema;
  if (value === undefined || value === null) return "";
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return ["", "{}", "[]"].includes(text) ? "" : `\`${text}\``;
}

function cell(text: string): string {
  return text.replaceAll("|", "\\|").replaceAll("\n", " ");
}

function presets(): string {
  const list = PRESETS.flatMap((preset) => [
    `**${preset.name}**: ${preset.describe} \`guise check\` prints its paths.`,
    "",
    ...new Set(preset.guards.map(({ name, sentence }) => `- \`${preset.name}/${name}\`: ${sentence}`)),
  ]);
  return ["### Presets", "", ...list, ""].join("\n");
}

if (import.meta.main) {
  const config = new URL("../docs/config.md", import.meta.url);
  await writeFile(config, withKeys(await readFile(config, "utf8")));
  const cli = new URL("../docs/cli.md", import.meta.url);
  await writeFile(cli, await withCommands(await readFile(cli, "utf8")));
  await writeFile(new URL("../routes.schema.json", import.meta.url), schemaFile());
}
