import type { LinearPattern } from "../linear-pattern.ts";
import { anyCase } from "../pattern.ts";
import { percentDecoded } from "../percent-decoded.ts";

/** What a condition asks of the value under a name. */
export type ValueTest =
  | { readonly kind: "is"; readonly values: readonly string[] }
  | {
      readonly kind: "pattern";
      readonly source: string;
      readonly pattern: Extract<LinearPattern, { kind: "pattern" }>;
    }
  /** Any of these texts stands in it, in any case. */
  | { readonly kind: "contains"; readonly texts: readonly string[] }
  /** Any value but an empty one, which becomes a param of the route. */
  | { readonly kind: "param"; readonly param: string }
  | { readonly kind: "there" }
  | { readonly kind: "absent" };

/** Of a value that is longer, no pattern is asked: it would take too long. */
const LONGEST = 4_096;

/** A test of the value under one name. */
export interface NamedTest {
  readonly name: string;
  readonly test: ValueTest;
}

/** Whether a value passes exactly as it is. `absent` is no question about a value. */
export function passes(test: ValueTest, value: string): boolean {
  switch (test.kind) {
    case "is":
      return test.values.includes(value);
    case "pattern":
      return value.length <= LONGEST && test.pattern.matches(value);
    case "contains":
      return containsAny(anyCase(value), test.texts);
    case "param":
      return value !== "";
    case "there":
      return true;
    case "absent":
      return false;
  }
}

function containsAny(lowered: string, texts: readonly string[]): boolean {
  return texts.some((text) => lowered.includes(anyCase(text)));
}

/**
 * Whether a value may pass in the reading of some server: any case, without what stands around it, up to a NUL, decoded once
 * more, a number by its value (`042` and `42abc` are 42 for many), one of several behind a comma.
 */
export function mayPass(test: ValueTest, value: string): boolean {
  if (test.kind === "pattern" && value.length > LONGEST) return true;
  // What stands in a part of a value stands in the value.
  if (test.kind === "contains") return [value, decodedAgain(value)].some((it) => passes(test, it));
  return readingsOf(value).some(
    (reading) =>
      passes(test, reading) ||
      (test.kind === "is" && test.values.some((wanted) => sameLoosely(wanted, reading))) ||
      (test.kind === "pattern" && test.pattern.matches(anyCase(reading))),
  );
}

function readingsOf(value: string): readonly string[] {
  const found = [value, decodedAgain(value)].flatMap((text) => [text, text.split("\0", 1)[0] ?? ""]);
  const parts = found.flatMap((text) => (text.includes(",") ? [text, ...text.split(",")] : [text]));
  return [...new Set(parts.flatMap((text) => [text, text.trim()]))];
}

function decodedAgain(value: string): string {
  return percentDecoded(value) ?? value;
}

function sameLoosely(wanted: string, value: string): boolean {
  if (anyCase(wanted) === anyCase(value)) return true;
  return /^\d{1,15}$/.test(wanted) && Number.parseInt(value, 10) === Number(wanted);
}

/** The same for all tests that the same values pass. */
export function shapeOfTest(test: ValueTest): string {
  switch (test.kind) {
    case "is":
      return JSON.stringify([...new Set(test.values)].sort());
    case "pattern":
      return `/${test.source}/`;
    case "contains":
      return `contains ${JSON.stringify([...test.texts].sort())}`;
    case "param":
      return ":";
    case "there":
    case "absent":
      return test.kind;
  }
}

/** Which of two tests says more about an address: one value, then one of several, a pattern, any, none. */
export function weightOf(test: ValueTest): number {
  switch (test.kind) {
    case "is":
      return test.values.length === 1 ? 5 : 4;
    case "pattern":
    case "contains":
      return 3;
    case "param":
    case "there":
      return 2;
    case "absent":
      return 1;
  }
}
