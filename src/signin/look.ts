import { type Finder, headersOf, theOnly } from "../clients/finder.ts";
import { Fault, whyOf } from "../errors.ts";
import type { AppAnswer, AppConnection, Report, Seen, StepReport, Verification } from "./sign-in.ts";
import type { Step } from "./step-schema.ts";
import type { VerifyOptions } from "./steps-schema.ts";
import { filled, type Standing, take } from "./walk.ts";

/** Asks the app whom it sees by the cookies of a jar. */
type Look = (from: Standing, app: AppConnection, report: Report) => Promise<Verification>;

export function lookBy(
  { get, headers, id, is }: VerifyOptions,
  limits: { readonly timeout: number; readonly answerSize: number; readonly within: number },
): Look {
  // Any status is an answer to whom it sees.
  const status = Array.from({ length: 500 }, (_, at) => at + 100);
  const step: Step = {
    ...{ name: `GET ${get}`, method: "GET", address: get, form: null, json: undefined, headers, basic: null },
    ...{ take: [], expect: { status, location: null, has: null } },
  };
  return async (from, app, report) => {
    const { timeout, answerSize, within } = limits;
    const steps: StepReport[] = [];
    const until = performance.now() + within;
    const options = { app, report: (it: StepReport) => steps.push(it), timeout, answerSize, until };
    let named: string | null = null;
    try {
      const { answer, path, next } = await take(step, "verify", from, { ...options, what: "verify" });
      const said = saidBy(answer, id);
      named = said.kind === "named" ? said.value : null;
      const seen = seenIn(said, filled(is, from.values));
      return { seen, jar: next.jar, path, lines: headersOf(answer, "set-cookie") };
    } finally {
      for (const each of steps) report({ ...each, said: named });
    }
  };
}

type Said = { readonly kind: "named"; readonly value: string } | Extract<Seen, { kind: "nobody" }>;

/** Redirects and refusals are how apps speak to guests; that the app is broken says nothing of anybody. */
function saidBy(answer: AppAnswer, id: Finder): Said {
  const { status } = answer;
  if (status >= 500) throw new Fault("sign-in-failed", `verify: the answer has status ${status}`);
  if (status >= 300) return { kind: "nobody", why: `the answer has status ${status}`, sure: true };
  try {
    const value = theOnly(id, answer);
    return value === null
      ? { kind: "nobody", why: `nobody is found by ${id.name} (status ${status})`, sure: true }
      : { kind: "named", value };
  } catch (error) {
    return { kind: "nobody", why: whyOf(error), sure: false };
  }
}

function seenIn(said: Said, expected: string): Seen {
  if (said.kind === "nobody") return said;
  return said.value === expected ? { kind: "expected" } : { kind: "other" };
}

/** What the app sees in the place of the effective user. */
export function seenInstead(seen: Exclude<Seen, { kind: "expected" }>): string {
  return seen.kind === "other" ? "the app names somebody else" : seen.why;
}
