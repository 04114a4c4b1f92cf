import { RE2JS, RE2JSException } from "re2js";

/** Where something stands in a text. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** Expressions of RE2: none of them takes longer than the text is long, whatever is in it. */
function compile(source: string): RE2JS | string {
  try {
    return RE2JS.compile(source);
  } catch (error) {
    if (!(error instanceof RE2JSException)) throw error;
    return `\`${source}\` is no expression: ${error.message}`;
  }
}

/** The first place from `at` on that an expression finds; a sentence where it is none, or one that finds nothing at all. */
export function spanBy(source: string): ((text: string, at: number) => Span | null) | string {
  const compiled = compile(source);
  if (typeof compiled === "string") return compiled;
  if (compiled.matcher("").find()) return `\`${source}\` is found in every text, as it needs no character`;
  return (text, at) => {
    const matcher = compiled.matcher(text);
    return matcher.find(at) ? { from: matcher.start(), to: matcher.end() } : null;
  };
}

/** The first groups of all that an expression (RE2) finds; a sentence where it is none. */
export function groupsBy(
  source: string,
): { readonly name: string; groupsIn(text: string): string[] } | string {
  const compiled = compile(source);
  if (typeof compiled === "string") return compiled;
  if (compiled.groupCount() !== 1)
    return `\`${source}\` has ${compiled.groupCount()} groups; write one around the value`;
  return {
    name: `regex \`${source}\``,
    groupsIn: (text) => {
      const found: string[] = [];
      const matcher = compiled.matcher(text);
      while (matcher.find()) {
        const value = matcher.group(1);
        if (value !== null) found.push(value);
      }
      return found;
    },
  };
}
