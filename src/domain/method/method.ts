import { wordList } from "../text/word-list.ts";

/** Methods that ask and do not change anything: RFC 9110's, WebDAV's reading ones, and QUERY. */
const SAFE: ReadonlySet<string> = new Set(wordList("GET HEAD OPTIONS TRACE PROPFIND REPORT SEARCH QUERY"));

export function isSafe(method: string): boolean {
  return SAFE.has(method);
}

/** Request headers that many frameworks let change the method; under an impersonation a request is judged as both. */
export const METHOD_OVERRIDE_HEADERS: readonly string[] = [
  "x-http-method-override",
  "x-http-method",
  "x-method-override",
];

/** Fields that frameworks take a method from, as `namesMethod` folds them: Rails, Laravel and most others, Salesforce, Flask, ASP.NET. */
const FIELDS: ReadonlySet<string> = new Set([
  "_method",
  "_httpmethod",
  "__method_override__",
  ...METHOD_OVERRIDE_HEADERS.map((name) => name.replaceAll("-", "_")),
]);
const LONGEST_NAME = 200;
/** The methods that an override may name. What servers do with any other word is unknown. */
const ASKED_FOR: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"]);
/** In every text that has such a field, however it is encoded. */
const MENTION = /(?:m|%[46]d)(?:e|%[46]5)(?:t|%[57]4)(?:h|%[46]8)(?:o|%[46]f)(?:d|%[46]4)/i;

/** The method that a framework may make of a request, and whether anything asks for another than was sent. */
export interface EffectiveMethod {
  readonly method: string;
  readonly overridden: boolean;
}

/** The method where it can't be told: rules for any method restrict it. */
export const UNKNOWN_METHOD = "UNKNOWN";

/** What a `_method` in the query makes of a request. */
export function effectiveMethod(method: string, query: string | null): EffectiveMethod {
  const asked = query === null ? null : methodInFields(query);
  return asked === null ? { method, overridden: false } : { method: asked, overridden: true };
}

/** What a `_method` in a query or an urlencoded form makes of a request; null: there is none. Some servers part fields by `;` too. */
export function methodInFields(fields: string): string | null {
  if (!mentionsMethod(fields)) return null;
  const pairs = [...new URLSearchParams(fields.replaceAll(";", "&"))];
  return theOneMethod(pairs.filter(([name]) => namesMethod(name)).map(([, value]) => value));
}

/** The method of values that `_method` fields have: some servers take the first, some the last. Null: there are none. */
export function theOneMethod(values: readonly string[]): string | null {
  const [method = null, ...others] = new Set(values.map(methodNamed));
  return others.length > 0 ? UNKNOWN_METHOD : method;
}

function methodNamed(value: string): string {
  const method = value.toUpperCase();
  return ASKED_FOR.has(method) ? method : UNKNOWN_METHOD;
}

/** Whether a text may name such a field at all. */
export function mentionsMethod(text: string): boolean {
  return MENTION.test(text);
}

/** Whether some server takes a field of this name for `_method`: PHP folds dots, spaces and brackets, and stops at a NUL. */
export function namesMethod(name: string): boolean {
  const [seen = ""] = name.split("\0", 1);
  if (seen.length > LONGEST_NAME) return false;
  const plain = seen.trimStart().replace(/(?<!^)\[[^\]]*\].*$/s, "");
  return FIELDS.has(plain.toLowerCase().replace(/[ .[-]/g, "_"));
}
