import { httpClient } from "../../clients/http.ts";
import { type CommandIo, command, FLAG, type Given, TEXT } from "../command.ts";
import { type Finding, probeSplit } from "./split.ts";

const USAGE = `guise doctor split URL [--echo PATH] [--prefix PATH] [--cookie NAME] [--json]

  URL            a page of the app as customers open it
  --echo PATH    an address of the app that shows the headers of a request, to try forged ones
  --prefix PATH  the config's \`prefix\` (default: /.guise)
  --cookie NAME  the config's \`cookie.name\` (default: guise)
  --json         what was found as JSON

Exit codes: 0, 1 (something is not as it should be), 2 (usage).
`;

const OPTIONS = {
  echo: TEXT,
  prefix: { type: "string", default: "/.guise" },
  cookie: { type: "string", default: "guise" },
  json: FLAG,
} as const;

/** `guise doctor`: tries from outside what a config can't know. */
export const doctor = command({
  name: "doctor",
  describe: "try from outside whether a proxy splits requests as it should",
  usage: USAGE,
  options: OPTIONS,
  read,
  run,
});

type Words = Exclude<ReturnType<typeof read>, string>;

function read({ values, positionals: [what, url = "", ...more] }: Given<typeof OPTIONS>) {
  const { help, echo = null } = values;
  if (!help && (what !== "split" || more.length > 0)) return "say split URL";
  if (!help && !/^https?:\/\//.test(url)) return "URL begins with http:// or https://";
  if (!help && !URL.canParse(url)) return `${url} is no URL`;
  if (echo !== null && !echo.startsWith("/")) return "--echo begins with a slash";
  return { ...values, url, echo };
}

async function run(words: Words, io: CommandIo): Promise<number> {
  const client = httpClient();
  try {
    const found = await probeSplit(client, words);
    if (words.json) io.out(`${JSON.stringify({ findings: found }, null, 2)}\n`);
    else for (const it of found) io.out(`${line(it)}\n`);
    return found.some(({ outcome }) => outcome === "wrong") ? 1 : 0;
  } finally {
    await client.close();
  }
}

function line({ outcome, what, got }: Finding): string {
  return `${outcome.padEnd(9)}  ${what}${got === null ? "" : `: ${got}`}`;
}
