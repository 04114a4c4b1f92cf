import { z } from "zod";
import { didYouMean } from "./nearest.ts";
import type { Complaint } from "./problem.ts";

type Issue = z.core.$ZodIssue;
type RawIssue = z.core.$ZodRawIssue;

/** Stands for a message that is made later, when the place and its other keys are known. */
const UNKNOWN_KEY = "unknown key";

/** What a schema says where the schema itself has no words for it; set for the whole process, as zod has it. */
export function speakPlainly(): void {
  z.config({ customError: (issue) => plainWords(issue) });
}

/** Zod's issues as complaints. `keysAt` gives the keys that may stand at a path; `valueAt` what does stand there. */
export function complaintsOf(
  issues: readonly Issue[],
  keysAt: (path: readonly PropertyKey[]) => readonly string[],
  valueAt: (path: readonly PropertyKey[]) => unknown,
): readonly Complaint[] {
  return issues.flatMap((issue) => complaintsOfIssue(issue, [], keysAt, valueAt));
}

function complaintsOfIssue(
  issue: Issue,
  above: readonly PropertyKey[],
  keysAt: (path: readonly PropertyKey[]) => readonly string[],
  valueAt: (path: readonly PropertyKey[]) => unknown,
): readonly Complaint[] {
  const path = [...above, ...issue.path];
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => ({
      path: [...path, key],
      key: true,
      message: unknownKey(key, issue.message, keysAt(path)),
    }));
  }
  if (issue.code === "invalid_union") {
    const branch = meantBranch(issue.errors);
    if (branch !== null) return branch.flatMap((inner) => complaintsOfIssue(inner, path, keysAt, valueAt));
  }
  return [{ path, message: withFinding(issue.message, path, valueAt(path)) }];
}

function unknownKey(key: string, message: string, known: readonly string[]): string {
  const guess = didYouMean(key, known);
  if (message !== UNKNOWN_KEY) return `\`${key}\` is not a kind this version has${guess}; ${message}`;
  return guess === "" && known.length > 0
    ? `\`${key}\` is not a key here; there are: ${known.join(", ")}`
    : `\`${key}\` is not a key here${guess}`;
}

/** The branch that what was written resembles: one whose problems lie inside it, or are only its unknown keys. */
function meantBranch(errors: readonly (readonly Issue[])[]): readonly Issue[] | null {
  const inside = errors.filter((issues) =>
    issues.every((issue) => issue.path.length > 0 || issue.code === "unrecognized_keys"),
  );
  const ranked = inside.toSorted((a, b) => strangeness(a) - strangeness(b));
  return ranked[0] ?? null;
}

/** Keys that don't belong count most: they show that another branch was meant. */
function strangeness(issues: readonly Issue[]): number {
  return issues.reduce(
    (n, issue) => n + (issue.code === "unrecognized_keys" ? issue.keys.length * 10 : 1),
    0,
  );
}

/** "Write …" alone doesn't say what is wrong. */
function withFinding(message: string, path: readonly PropertyKey[], value: unknown): string {
  if (!/^write\b/.test(message)) return message;
  if (value === undefined) return `is missing; ${message}`;
  return `${finding(path, value)} does not fit; ${message}`;
}

function finding(path: readonly PropertyKey[], value: unknown): string {
  const secret = path.some((step) => /secret|password|token|key/i.test(String(step)));
  if (secret || (typeof value === "object" && value !== null)) return kindOf(value);
  const text = String(value);
  return text.length > 60 ? `\`${text.slice(0, 60)}…\`` : `\`${text}\``;
}

function kindOf(value: unknown): string {
  if (value === null) return "nothing";
  if (Array.isArray(value)) return "a list";
  switch (typeof value) {
    case "string":
      return "a text";
    case "number":
      return "a number";
    case "boolean":
      return "true or false";
    default:
      return "an object";
  }
}

const EXPECTED: Readonly<Record<string, string>> = {
  string: "a text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  array: "a list",
  object: "an object (`key: value` lines below it)",
  record: "an object (`key: value` lines below it)",
};

function plainWords(issue: RawIssue): string | undefined {
  switch (issue.code) {
    case "invalid_type":
      return typeWords(String(issue.expected), issue.input);
    case "invalid_value":
      return valueWords(issue.values ?? [], issue.input);
    case "unrecognized_keys":
      return UNKNOWN_KEY;
    case "too_small":
      return sizeWords(issue.origin, `at least ${issue.minimum}`);
    case "too_big":
      return sizeWords(issue.origin, `at most ${issue.maximum}`);
    case "invalid_union":
      return "fits none of the forms that this can have; see docs/config.md";
    default:
      return undefined;
  }
}

function typeWords(expected: string, input: unknown): string {
  const wanted = EXPECTED[expected] ?? expected;
  return input === undefined ? `is missing; write ${wanted}` : `is ${kindOf(input)}; write ${wanted}`;
}

function valueWords(values: readonly unknown[], input: unknown): string {
  const words = values.map(String);
  const list = words.map((word) => `\`${word}\``).join(" or ");
  if (input === undefined) return `is missing; write ${list}`;
  if (typeof input === "object") return `is ${kindOf(input)}; write ${list}`;
  return `\`${String(input)}\` is not one of ${list}${didYouMean(String(input), words)}`;
}

function sizeWords(origin: unknown, most: string): string {
  if (origin === "string") return `write a text of ${most} characters`;
  return origin === "array" ? `write ${most} entries` : `write ${most}`;
}
