import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import { ParameterNames, type Proposal, type SeenName } from "../domain/routing/parameter-names.ts";
import { codeOf } from "../errors.ts";
import { type CommandIo, command, FLAG } from "./command.ts";

const USAGE = `guise learn LOG… [--least N] [--json]

  LOG        access logs of the app or of a proxy before it, best of a whole day: the common and combined formats, JSON with an address
             in each line, or lines like \`GET /path?query\`; - reads the input
  --least N  leave out names that fewer requests had (default: 5)
  --json     the names with their counts as JSON
`;

/** `guise learn`: which parameters requests have that look, as \`reads.query\` of a config. Prints names, never values. */
export const learn = command({
  name: "learn",
  describe: "propose `reads` from a day's access log",
  usage: USAGE,
  options: { least: { type: "string", default: "5" }, json: FLAG },
  read: ({ values, positionals: files }) => {
    const { help, json, least } = values;
    if (!/^[1-9]\d{0,8}$/.test(least)) return "--least is a number from 1";
    if (!help && files.length === 0) return "write the path of an access log, or -";
    return { json, least: Number(least), files };
  },
  async run(words, io) {
    const names = new ParameterNames();
    for (const file of words.files) if (!(await readLog(file, names, io))) return 1;
    const proposal = names.propose(words.least);
    io.out(words.json ? `${JSON.stringify(proposal, null, 2)}\n` : asText(proposal, words.least));
    return 0;
  },
});

async function readLog(file: string, names: ParameterNames, io: CommandIo): Promise<boolean> {
  const input = file === "-" ? process.stdin : createReadStream(file);
  try {
    for await (const line of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
      const request = requestIn(line);
      if (request !== null) names.add(request.method, request.target);
    }
    return true;
  } catch (error) {
    if (codeOf(error) === "") throw error;
    io.err(`${file} can not be read (${codeOf(error)})\n`);
    return false;
  }
}

interface Requested {
  readonly method: string;
  readonly target: string;
}

/** `"GET /a?b=c HTTP/1.1"` within a line of a log, the same alone, or as members of JSON. */
function requestIn(line: string): Requested | null {
  const [, method, target] = /(?:^|["\s])([A-Z]{3,10}) ((?:https?:\/\/|\/)[^\s"]*)/.exec(line) ?? [];
  if (method !== undefined && target !== undefined) return { method, target };
  return line.startsWith("{") ? requestInJson(line) : null;
}

const METHODS = ["method", "request_method", "verb"];
const TARGETS = ["uri", "request_uri", "url", "target", "path", "request"];

function requestInJson(line: string): Requested | null {
  try {
    const value: unknown = JSON.parse(line);
    const inner = field(value, ["request"]);
    const from = typeof inner === "object" && inner !== null ? inner : value;
    const [method, target] = [field(from, METHODS), field(from, TARGETS)];
    return typeof target === "string"
      ? { method: typeof method === "string" ? method : "GET", target }
      : null;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

function field(value: unknown, names: readonly string[]): unknown {
  if (typeof value !== "object" || value === null) return undefined;
  const name = names.find((it) => Object.hasOwn(value, it));
  return name === undefined ? undefined : Reflect.get(value, name);
}

function asText({ query, telling, rare, requests, cut }: Proposal, least: number): string {
  const list = query.map(({ name, requests: count }) => `    - ${JSON.stringify(name)}   # ${count}`);
  const said = (names: readonly SeenName[]) =>
    names.map(({ name, requests: count }) => `#   ${JSON.stringify(name)}   # ${count}`);
  return [
    `# ${requests} requests that look. Read the list before you use it: each name can be had in mode read then.`,
    "reads:",
    ...(list.length === 0 ? ["  query: []"] : ["  query:", ...list]),
    ...(telling.length === 0
      ? []
      : [
          "# Left out, since they may tell the app to do something. Add what only looks, with its values: { action: [view, edit] }",
          ...said(telling),
        ]),
    ...(rare.length === 0 ? [] : [`# Left out, since fewer than ${least} requests had them`, ...said(rare)]),
    ...(cut
      ? ["# There are more names than are counted: the app makes them up, so `reads` doesn't suit it."]
      : []),
    "",
  ].join("\n");
}
