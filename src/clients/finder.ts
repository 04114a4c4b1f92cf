import { z } from "zod";
import { type CookiePair, parseSetCookie } from "../domain/cookies/cookie.ts";
import { type Pointer, parsePointer, valueAt, writePointer } from "../domain/pointer.ts";
import { groupsBy } from "./expression.ts";
import { elementFinder } from "./markup.ts";

/** An answer of the app in which something is looked for. Headers: name, value, name, value … */
interface FoundIn {
  readonly headers: readonly string[];
  readonly body: string;
}

/** Where in an answer a value stands, as the config says it. */
export interface Finder {
  /** For people: `css "input[name=_token]"`. Holds no value. */
  readonly name: string;
  /** Where it is no more than a place in JSON: that place, at which there may be more than a text. */
  readonly pointer?: Pointer;
  /** All that stand there, in order. Throws an Error that says why nothing can be looked for, without a piece of the answer. */
  find(answer: FoundIn): readonly string[];
}

const pointerHelp = "write a JSON pointer, like /user/id";
const finderHelp =
  "write a JSON pointer like /user/id, or an object with one of `json`, `css`, `header`, `cookie`, or with `regex` alone";

const written = z.strictObject({
  json: z.string().optional().describe("A JSON pointer into the answer."),
  css: z.string().min(1).max(500).optional().describe("A CSS selector of an element of the page."),
  attribute: z
    .string()
    .regex(/^[A-Za-z_:][\w:.-]*$/, { error: "write the name of an attribute, like value" })
    .toLowerCase()
    .optional()
    .describe("With `css`: the attribute that holds it; its text if left out."),
  header: z.string().min(1).toLowerCase().optional().describe("The name of a header of the answer."),
  cookie: z.string().min(1).optional().describe("The name of a cookie that the answer sets."),
  regex: z
    .string()
    .min(1)
    .max(500)
    .optional()
    .describe(
      "An expression (RE2) whose first group is the value: in what was found so far, or alone in the whole answer.",
    ),
});

type Written = z.output<typeof written>;

/** Where a value stands in an answer: a JSON pointer, or an object that says how to find it. */
export const finder = z
  .union([z.string(), written], { error: finderHelp })
  .transform((value, context): Finder => {
    const read = readFinder(typeof value === "string" ? { json: value } : value);
    if (typeof read !== "string") return read;
    context.addIssue({ code: "custom", message: read, input: value });
    return z.NEVER;
  });

/** The one value that an answer has for it; null for none. Throws an Error where there is more than one, or nothing can be looked for. */
export function theOnly(it: Finder, answer: FoundIn): string | null {
  const values = new Set(it.find(answer).filter((value) => value !== ""));
  if (values.size > 1) throw new Error(`${it.name} stands for several different values`);
  const [value = null] = values;
  return value;
}

function readFinder(it: Written): Finder | string {
  const named = [it.json, it.css, it.header, it.cookie].filter((source) => source !== undefined);
  if (named.length > 1 || (named.length === 0 && it.regex === undefined)) return finderHelp;
  if (it.attribute !== undefined && it.css === undefined) return "`attribute` stands beside `css`";
  const source = sourceOf(it);
  if (typeof source === "string" || it.regex === undefined) return source;
  const cut = groupsBy(it.regex);
  if (typeof cut === "string") return cut;
  const name = named.length === 0 ? cut.name : `${source.name}, ${cut.name}`;
  return { name, find: (answer) => source.find(answer).flatMap((text) => cut.groupsIn(text)) };
}

function sourceOf({ json, css, attribute, header, cookie }: Written): Finder | string {
  if (json !== undefined) return inJson(json);
  if (css !== undefined) {
    const valuesIn = elementFinder(css, attribute ?? null);
    if (typeof valuesIn === "string") return `\`${css}\` is no CSS selector: ${valuesIn}`;
    return { name: `css \`${css}\``, find: ({ body }) => valuesIn(body) };
  }
  if (header !== undefined)
    return { name: `header \`${header}\``, find: (answer) => headersOf(answer, header) };
  if (cookie !== undefined)
    return { name: `cookie \`${cookie}\``, find: (answer) => cookieIn(answer, cookie) };
  return { name: "the answer", find: ({ body }) => [body] };
}

function inJson(text: string): Finder | string {
  const pointer = parsePointer(text);
  if (pointer === null) return pointerHelp;
  const find = ({ body }: FoundIn) => {
    const value = valueAt(documentOf(body), pointer);
    const plain = typeof value === "number" && Number.isSafeInteger(value) ? String(value) : value;
    // A 0 or a false is how apps say that there is nobody.
    return typeof plain === "string" && plain !== "0" ? [plain] : [];
  };
  return { name: `json \`${writePointer(pointer)}\``, pointer, find };
}

function documentOf(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    // The parser's own error has a piece of the answer, which logs would tell.
    throw new Error("the answer is no JSON");
  }
}

/** All values of one header. */
export function headersOf({ headers }: Pick<FoundIn, "headers">, name: string): readonly string[] {
  return headers.filter((_, at) => at % 2 === 1 && headers[at - 1]?.toLowerCase() === name);
}

/** The cookies that an answer sets, as they are written. */
export function cookiesSetBy(answer: Pick<FoundIn, "headers">): readonly CookiePair[] {
  return headersOf(answer, "set-cookie").flatMap((line) => parseSetCookie(line, 0) ?? []);
}

function cookieIn(answer: FoundIn, name: string): readonly string[] {
  return cookiesSetBy(answer)
    .filter((it) => it.name === name)
    .map((it) => it.value)
    .slice(-1);
}
