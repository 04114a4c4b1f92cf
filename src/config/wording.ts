import { z } from "zod";
import { didYouMean } from "./nearest.ts";
import type { Complaint } from "./problem.ts";

type Issue = z.core.$ZodIssue;
type RawIssue = z.core.$ZodRawIssue;

/** Stands for a message that is made later, when the place and its other keys are known. */
const UNKNOWN_KEY = "unknown key";

/** Sets the messages for schemas that have none of their own, for the whole process, since zod has one such setting. */
export function speakPlainly(): void {
  z.config({ customError: (issue) => plainWords(issue) });
}

/** What the words of a complaint need to know of its surroundings. */
interface Surroundings {
  /** The keys that may stand at a path. */
  keysAt(path: readonly PropertyKey[]): readonly string[];
  /** What does stand there. */
  valueAt(path: readonly PropertyKey[]): unknown;
}

/** Zod's issues as complaints, each for the form that was meant. */
export function complaintsOf(issues: readonly Issue[], around: Surroundings): readonly Complaint[] {
  const plain = issues.flatMap(withoutUnions);
  const places = (code: Issue["code"]) => new Set(plain.filter((issue) => issue.code === code).map(placeOf));
  const [mistyped, wrongType] = [places("unrecognized_keys"), places("invalid_type")];
  // A mistyped key is why the whole doesn't add up, and what is no text has no length: the cause alone is said.
  const telling = plain.filter(
    (issue) =>
      !(issue.code === "custom" && mistyped.has(placeOf(issue))) &&
      !(issue.code === "too_small" && wrongType.has(placeOf(issue))),
  );
  return telling.flatMap((issue) => complaintsOfIssue(issue, around));
}

function complaintsOfIssue(issue: Issue, { keysAt, valueAt }: Surroundings): readonly Complaint[] {
  const { path, message } = issue;
  if (issue.code === "invalid_key") {
    const why = issue.issues[0]?.message ?? message;
    return [{ path, key: true, message: `\`${String(path.at(-1))}\` does not fit; ${why}` }];
  }
  if (issue.code !== "unrecognized_keys")
    return [{ path, message: withFinding(message, path, valueAt(path)) }];
  const known = keysAt(path);
  return issue.keys.map((key) => ({
    path: [...path, key],
    key: true,
    message: unknownKey(key, message, known),
  }));
}

function placeOf(issue: Issue): string {
  return JSON.stringify(issue.path);
}

function unknownKey(key: string, message: string, known: readonly string[]): string {
  const guess = didYouMean(key, known);
  if (message !== UNKNOWN_KEY)
    return `\`${key}\` is not a kind this version has${guess === "" ? `; ${message}` : guess}`;
  const there = known.length === 0 ? "" : `; there are: ${known.join(", ")}`;
  return `\`${key}\` is not a key here${guess === "" ? there : guess}`;
}

/** Where several forms were possible, the problems of the one that what was written resembles. */
function withoutUnions(issue: Issue): readonly Issue[] {
  if (issue.code !== "invalid_union") return [issue];
  const branches = issue.errors.map((branch) => branch.flatMap(withoutUnions));
  const inside = branches.filter((branch) =>
    branch.every((inner) => inner.path.length > 0 || inner.code === "unrecognized_keys"),
  );
  const [meant] = inside.toSorted((a, b) => strangeness(a) - strangeness(b));
  return meant?.map((inner) => ({ ...inner, path: [...issue.path, ...inner.path] })) ?? [issue];
}

/** How badly a form fits. Unknown keys count most, because they show that another form was meant. */
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
  const secret = /secret|password|token|key/i.test(String(path.at(-1) ?? ""));
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
  const list = words.map((word) => `\`${word}\``).join(words.length === 2 ? " or " : ", ");
  if (input === undefined) return `is missing; write ${list}`;
  if (typeof input === "object") return `is ${kindOf(input)}; write ${list}`;
  const guess = didYouMean(String(input), words);
  return guess === "" || words.length < 6
    ? `\`${String(input)}\` is not one of ${list}${guess}`
    : `\`${String(input)}\` is not a word that can stand here${guess}`;
}

function sizeWords(origin: unknown, most: string): string {
  if (origin === "string") return `write a text of ${most} characters`;
  if (origin === "array") return most === "at least 1" ? "write at least one entry" : `write ${most} entries`;
  return `write ${most}`;
}
