import { pathToRegexp } from "path-to-regexp";
import type { RuleSpec } from "./rule.ts";

/** What the page's script may ask about before it sends: a method, a regular expression for the path, and the sentence. */
export interface ConfirmPattern {
  readonly method: string;
  readonly source: string;
  readonly sentence: string;
}

const ASKED = ["GET", "POST", "PUT", "PATCH", "DELETE"];

/** The `confirm` rules as a script can match them, those without conditions. It only helps: the server asks by the rules themselves. */
export function confirmPatterns(specs: readonly RuleSpec[]): readonly ConfirmPattern[] {
  return specs.flatMap(({ rule, path, methods, conditions = null }) => {
    if (rule.effect !== "confirm" || path === null || conditions !== null || rule.sentence === null)
      return [];
    const { source } = pathToRegexp(path, { end: false }).regexp;
    const { sentence } = rule;
    return (methods ?? ASKED).map((method) => ({ method, source, sentence }));
  });
}
