import type { Identity } from "../domain/identity.ts";
import { CONFIG, FLAG, type Given, TEXT } from "./command.ts";
import { targetOf } from "./target.ts";

export const USAGE = `guise explain METHOD URL --as GROUPS:ID [--viewing GROUPS:ID] [--owner GROUPS:ID] [--mode write] [--inside] [--live]
              [-H 'NAME: VALUE'] [-d BODY] [-c FILE] [--json]
guise explain --curl FILE | --har FILE [--as …] [--live] …
guise explain --case FILE [--json]

  --as GROUPS:ID       the person at the keyboard, like support:alice or support,night:alice; nobody if left out
  --viewing GROUPS:ID  whom they are viewing the app as already
  --owner GROUPS:ID    whose page it is; asked from the resolver of the config if left out
  --mode write         they have stepped up to write
  --curl FILE          a request as a browser copies it (Copy as cURL, bash), with its headers; the line itself works as well
  --har FILE           all requests of a HAR that a browser saved, a line for each
  --live               ask for real who sent it, and which impersonation its cookie opens: the identity sources, the store, the directory
  --from ADDRESS       the address that it came from, with --live; 127.0.0.1 if left out
  --folder FOLDER      the gateway's data folder, with --live
  -H, --header LINE    a header that comes with it, for rules that ask about headers; as often as there are
  -d, --data BODY      its body, for rules that ask about forms, JSON and GraphQL; a form unless a header says otherwise
  --inside             the link stood on a page of the app itself
  --case FILE          lay a case file (see test/cases/) before the judge and compare what it says
`;

export const OPTIONS = {
  as: TEXT,
  viewing: TEXT,
  // The name of `--viewing` in 0.1.0, for one more version.
  wearing: TEXT,
  owner: TEXT,
  case: TEXT,
  curl: TEXT,
  har: TEXT,
  from: { type: "string", default: "127.0.0.1" },
  folder: TEXT,
  mode: { type: "string", default: "read" },
  header: { type: "string", short: "H", multiple: true },
  data: { type: "string", short: "d" },
  live: FLAG,
  inside: FLAG,
  json: FLAG,
  config: CONFIG,
} as const;

/** What `guise explain` is asked. */
export type Words = Exclude<ReturnType<typeof readWords>, string>;

/** The words of a command line; a sentence where they can't be read. */
export function readWords({ values, positionals }: Given<typeof OPTIONS>) {
  const { curl = null, har = null, mode, data = null, folder = null } = values;
  const asked = values.help === true || [values.case, curl, har].some((it) => it != null);
  if (mode !== "read" && mode !== "write") return "--mode is read or write";
  const [method = "GET", url = ""] = positionals;
  if (!asked && (positionals.length !== 2 || !URL.canParse(url))) return "write a method and a whole address";
  return {
    ...{ ...values, case: values.case ?? null, data, curl, har, folder },
    mode: mode as "read" | "write",
    /** A browser sent it, with these headers; else it is a person's click. */
    copied: false,
    /** Names and values in turn. */
    headers: headersOf(values.header ?? [], data !== null),
    method: method.toUpperCase(),
    url: new URL(asked ? "http://app.invalid/" : url),
    /** The path and the query of the address as they were written. */
    target: targetOf(url),
    as: personOf(values.as),
    viewing: personOf(values.viewing ?? values.wearing),
    owner: personOf(values.owner),
  };
}

/** `X-Requested-With: XMLHttpRequest` as name and value. A body is a form where nothing else is said. */
function headersOf(lines: readonly string[], hasBody: boolean): readonly string[] {
  const headers = lines.flatMap((line) => {
    const [name = "", ...value] = line.split(":");
    return [name.trim(), value.join(":").trim()];
  });
  const typed = headers.some((name, at) => at % 2 === 0 && name.toLowerCase() === "content-type");
  return typed || !hasBody ? headers : [...headers, "Content-Type", "application/x-www-form-urlencoded"];
}

/** `support,night:alice`: the groups, then the id. Without a colon it is an id whose groups nobody knows. */
function personOf(text: string | undefined): Identity | null {
  if (text === undefined || text === "") return null;
  const colon = text.indexOf(":");
  const groups =
    colon < 0
      ? null
      : text
          .slice(0, colon)
          .split(",")
          .filter((it) => it !== "");
  return { id: text.slice(colon + 1), name: null, email: null, groups };
}
