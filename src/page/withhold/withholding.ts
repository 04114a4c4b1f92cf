import type { Transform } from "node:stream";
import { spanBy } from "../../clients/expression.ts";
import { SECRET_PRESETS, type SecretPreset } from "../../domain/page/secret-presets.ts";
import { Fault } from "../../errors.ts";
import { Filtered } from "../streams/filters.ts";
import type { Filter } from "./filter.ts";
import { HtmlFilter } from "./html.ts";
import { JsonFilter, type JsonTargets } from "./json.ts";
import { type Pattern, patternFilter } from "./patterns.ts";
import type { ElementTest } from "./selector.ts";

/** The values that are withheld from agents who view the app as a customer. */
export interface Withholding {
  readonly json: JsonTargets;
  readonly elements: readonly ElementTest[];
  readonly patterns: readonly Pattern[];
}

/** How a body is read. `lines`: it goes on for ever, line by line. */
type BodyKind = "html" | "json" | "text" | "lines";

/** How a body of this type is read; null for one that is no text, in which nothing is looked for. */
export function bodyKindOf(type: string): BodyKind | null {
  const essence = (/^[\t ]*([^\t ;,]*)/.exec(type)?.[1] ?? "").toLowerCase();
  if (/^(?:text\/html|application\/xhtml\+xml)$/.test(essence)) return "html";
  if (/^(?:application\/(?:.*\+)?json|text\/json)$/.test(essence)) return "json";
  if (/^(?:text\/event-stream|application\/(?:x-)?(?:ndjson|jsonl|json-seq))$/.test(essence)) return "lines";
  const isText =
    /^(?:text\/.*|(?:application|image)\/(?:.*\+)?xml|(?:application|text)\/(?:x-)?(?:java|ecma)script)$/;
  return isText.test(essence) || essence === "" ? "text" : null;
}

/** Replaces what is withheld while a body streams by. `withheld` is called for each value. */
export function withholder(it: Withholding, kind: BodyKind, withheld: () => void): Transform {
  const filters: Filter[] = [];
  const { names, pointers } = it.json;
  if (kind === "json" && names.size + pointers.length > 0) filters.push(new JsonFilter(it.json, withheld));
  if (kind === "html" && it.elements.length > 0) filters.push(new HtmlFilter(it.elements, withheld));
  if (it.patterns.length > 0) filters.push(patternFilter(it.patterns, kind === "lines", withheld));
  let first = "";
  let begun = false;
  const read = (text: string): string => filters.reduce((rest, filter) => filter.read(rest), text);
  const begin = (text: string, isLast: boolean): string => {
    if (begun) return text;
    first += text;
    if (first.length < 2 && !isLast) return "";
    begun = true;
    if (/^(?:\xff\xfe|\xfe\xff)/.test(first)) throw unreadable();
    return first;
  };
  return new Filtered([
    {
      read: (chunk, give) => give(Buffer.from(read(begin(chunk.toString("latin1"), false)), "latin1")),
      end(give) {
        let out = read(begin("", true));
        for (const [at, filter] of filters.entries())
          out += filters.slice(at + 1).reduce((rest, next) => next.read(rest), filter.end());
        give(Buffer.from(out, "latin1"));
      },
    },
  ]);
}

/** A charset in which values can't be looked for is refused before anything of it is shown. */
export function refuseUnreadable(charset: string | null): void {
  if (charset !== null && /^(?:utf-16|utf-32|ucs-2|iso-10646-ucs-2|unicode|csunicode)/i.test(charset))
    throw unreadable();
}

function unreadable(): Fault {
  return new Fault("page-unmarkable", "UTF-16, in which values that are withheld can't be looked for");
}

/** What a pattern of the config finds; a sentence where it is none. */
export function readPattern(source: string): Pattern | string {
  const find = spanBy(source);
  if (typeof find === "string") return find;
  return { find, crosses: CROSSES.test(source) };
}

/** Classes and signs that stand for white space, quotes or angle brackets, or may. */
const CROSSES = /[\s"'<>.]|\\[^.\w]|\\[sSWDPpxXnrtfvaQCB0-7]|\[\^/;

export function presetPatterns(presets: readonly SecretPreset[]): readonly Pattern[] {
  const sources: string[] = presets.flatMap((name) => [...SECRET_PRESETS[name]]);
  return [sources.filter((it) => !isLong(it)), sources.filter(isLong)]
    .filter((some) => some.length > 0)
    .map((some) => {
      const expression = new RegExp(some.join("|"), "g");
      const find = (text: string, at: number) => {
        expression.lastIndex = at;
        const found = expression.exec(text);
        return found === null ? null : { from: found.index, to: found.index + found[0].length };
      };
      return { find, crosses: some.some(isLong) };
    });
}

function isLong(source: string): boolean {
  return source.startsWith("-----");
}
