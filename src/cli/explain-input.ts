import { z } from "zod";
import { targetOf } from "./target.ts";

/** A request that somebody copied from a browser. */
interface Copied {
  readonly method: string;
  readonly url: URL;
  /** Its path and query as they were written. */
  readonly target: string;
  /** Names and values in turn. */
  readonly headers: readonly string[];
  /** Its body as text; null where there is none, or a form in parts. */
  readonly data: string | null;
}

/** Options of curl that a value follows; of all others that are not read here none does. */
const WITH_VALUE = new Set(
  "-X -H -d -b -A -e -u -o -m -x -T -F -K -w --request --header --data --data-raw --data-binary --data-ascii --data-urlencode --cookie --user-agent --referer --user --output --max-time --proxy --url --form --upload-file --connect-timeout --resolve --cacert --cert --key --ciphers --json".split(
    " ",
  ),
);
const DATA = new Set([
  "-d",
  "--data",
  "--data-raw",
  "--data-binary",
  "--data-ascii",
  "--data-urlencode",
  "--json",
]);

/** The request of a curl line, as browsers copy it for a POSIX shell; a sentence where it can't be read. */
export function readCurl(line: string): Copied | string {
  const words = shellWords(line);
  if (typeof words === "string") return words;
  if (words[0] !== "curl") return "is no curl line; copy it with `Copy as cURL (bash)`";
  const headers: string[] = [];
  let method: string | null = null;
  let address: string | null = null;
  const data: string[] = [];
  let parts = false;
  for (let at = 1; at < words.length; at += 1) {
    const [option = "", value] = readOption(words[at] ?? "", words[at + 1]);
    if (WITH_VALUE.has(option) && words[at] === option) at += 1;
    if (option === "-X" || option === "--request") method = value;
    else if (option === "-H" || option === "--header") headers.push(...headerOf(value));
    else if (option === "-b" || option === "--cookie") headers.push("cookie", value);
    else if (option === "-A" || option === "--user-agent") headers.push("user-agent", value);
    else if (option === "-e" || option === "--referer") headers.push("referer", value);
    else if (option === "-I" || option === "--head") method ??= "HEAD";
    else if (DATA.has(option)) data.push(value);
    else if (option === "-F" || option === "--form") parts = true;
    else if (option === "--url" || !option.startsWith("-")) address = option === "--url" ? value : option;
  }
  if (address === null || !URL.canParse(address)) return "names no whole address";
  const sends = parts || data.length > 0;
  return {
    method: (method ?? (sends ? "POST" : "GET")).toUpperCase(),
    url: new URL(address),
    target: targetOf(address),
    headers,
    data: data.length > 0 ? data.join("&") : null,
  };
}

/** `-XPOST`, `--request=POST` and `-X POST` are the same. */
function readOption(word: string, next: string | undefined): readonly [option: string, value: string] {
  const [, long = "", joined] = /^(--[\w-]+)=(.*)$/s.exec(word) ?? [];
  if (joined !== undefined) return [long, joined];
  const short = word.slice(0, 2);
  if (/^-[A-Za-z].+/s.test(word) && WITH_VALUE.has(short)) return [short, word.slice(2)];
  return [word, WITH_VALUE.has(word) ? (next ?? "") : ""];
}

function headerOf(line: string): readonly string[] {
  const colon = line.indexOf(":");
  return colon < 1 ? [] : [line.slice(0, colon).trim(), line.slice(colon + 1).trim()];
}

const ESCAPES: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t" };
const PART = /'([^']*)'|"((?:[^"\\]|\\.)*)"|\$'((?:[^'\\]|\\.)*)'|\\\n|\\(.)|([^\s'"\\$]+|\$)|(\s+)/gsy;

/** The words of a line in a POSIX shell, without anything that a shell would put in. */
function shellWords(line: string): readonly string[] | string {
  const words: string[] = [];
  let word: string | null = null;
  const text = line.trim();
  PART.lastIndex = 0;
  while (PART.lastIndex < text.length) {
    const found = PART.exec(text);
    if (found === null) return "has a quote that is never closed";
    const [, single, double, ansi, escaped, bare, space] = found;
    if (space !== undefined) {
      if (word !== null) words.push(word);
      word = null;
      continue;
    }
    const part =
      single ??
      double?.replace(/\\([\\"$`])/g, "$1") ??
      (ansi === undefined ? (escaped ?? bare) : ansiText(ansi));
    if (part !== undefined) word = (word ?? "") + part;
  }
  return word === null ? words : [...words, word];
}

/** `$'…'`, in which browsers write what is no ASCII. */
function ansiText(text: string): string {
  return text.replace(/\\(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|(.))/gs, (_, code, byte, plain: string) =>
    plain === undefined ? String.fromCharCode(Number.parseInt(code ?? byte, 16)) : (ESCAPES[plain] ?? plain),
  );
}

const pair = z.object({ name: z.string(), value: z.string() });
const har = z.object({
  log: z.object({
    entries: z.array(
      z.object({
        request: z.object({
          method: z.string(),
          url: z.url(),
          headers: z.array(pair),
          postData: z.object({ text: z.string() }).optional(),
        }),
      }),
    ),
  }),
});

/** The requests of a HAR (HTTP Archive) that a browser saved, in its order; a sentence where it is none. */
export function readHar(text: string): readonly Copied[] | string {
  const read = har.safeParse(parsed(text));
  if (!read.success) return "is no HAR; save one with `Save all as HAR`";
  return read.data.log.entries.map(({ request: { method, url, headers, postData } }) => ({
    method: method.toUpperCase(),
    url: new URL(url),
    target: targetOf(url),
    // What HTTP/2 says of the request itself stands there as headers, too.
    headers: headers.filter(({ name }) => !name.startsWith(":")).flatMap(({ name, value }) => [name, value]),
    data: postData?.text ?? null,
  }));
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
