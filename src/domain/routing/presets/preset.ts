import type { EffectName } from "../../policy.ts";
import type { Conditions } from "../conditions/condition.ts";
import type { GraphqlType } from "../conditions/graphql.ts";
import type { NamedTest, ValueTest } from "../conditions/value-test.ts";
import { linearPattern } from "../linear-pattern.ts";
import type { RuleSpec } from "../rule.ts";

/** What a parameter must say, as a config would write it. */
type Written =
  | string
  | boolean
  | readonly string[]
  | { readonly pattern: string }
  | { readonly contains: readonly string[] };
type Named = Readonly<Record<string, Written>>;

/** One entry of a preset: what it guards and the sentence an agent reads. */
export interface Guard {
  readonly name: string;
  readonly sentence: string;
  /** `deny` if left out. */
  readonly effect?: EffectName;
  readonly paths: readonly string[];
  /** Those that change something if left out; null for all. */
  readonly methods?: readonly string[] | null;
  /** What else the request must have. */
  readonly when?: {
    readonly query?: Named;
    readonly form?: Named;
    readonly graphql?: readonly GraphqlType[];
  };
  /** Whether the paths cover what lies below them; so it is unless this says no. */
  readonly below?: boolean;
}

/** A named list of rules that ships with the gateway. */
export interface Preset {
  readonly name: string;
  readonly describe: string;
  readonly guards: readonly Guard[];
}

/** The parts of a guard against signing out, besides its paths. */
export const SIGN_OUT = {
  name: "logout",
  sentence: "Signing out stops.",
  effect: "stop",
  methods: null,
} satisfies Partial<Guard>;

/** A guard for each of these fields, where it isn't left empty, as forms of profiles leave the password. */
export function fieldGuards(fields: readonly string[], guard: Guard): readonly Guard[] {
  return fields.map((name) => ({
    ...guard,
    when: { ...guard.when, form: { [name]: { pattern: "[\\s\\S]+" } } },
  }));
}

const UNSAFE: readonly string[] = ["POST", "PUT", "PATCH", "DELETE"];
/** For links that change something. */
export const LINKS: readonly string[] = ["GET", "HEAD"];

/** The rules of a preset, each named `preset/guard`. */
export function rulesOfPreset({ name, guards }: Preset): readonly RuleSpec[] {
  return guards.flatMap((guard) => guardRules(name, guard));
}

function guardRules(preset: string, guard: Guard): readonly RuleSpec[] {
  const { effect = "deny", sentence, when, paths, methods = UNSAFE, below = true } = guard;
  const rule = { name: `${preset}/${guard.name}`, effect, sentence };
  const conditions = when === undefined ? null : conditionsOf(when);
  return paths.map((path) => ({ rule, host: null, path, methods, conditions, below }));
}

function conditionsOf({ query = {}, form = {}, graphql }: NonNullable<Guard["when"]>): Conditions {
  return { query: testsOf(query), form: testsOf(form), header: [], json: [], graphql: graphql ?? null };
}

function testsOf(named: Named): readonly NamedTest[] {
  return Object.entries(named).map(([name, written]) => ({ name, test: testOf(written) }));
}

function testOf(written: Written): ValueTest {
  if (typeof written === "boolean") return { kind: written ? "there" : "absent" };
  if (typeof written === "string") return { kind: "is", values: [written] };
  if ("contains" in written) return { kind: "contains", texts: written.contains };
  if (!("pattern" in written)) return { kind: "is", values: written };
  const pattern = linearPattern(written.pattern);
  if (pattern.kind === "problem") throw new Error(`${written.pattern}: ${pattern.message}`);
  return { kind: "pattern", source: written.pattern, pattern };
}
