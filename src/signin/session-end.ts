import { emptyJar } from "../domain/cookies/cookie-jar.ts";
import type { Values } from "../domain/signin/place-text.ts";
import type { SessionEnd } from "./sign-in.ts";
import type { Step } from "./step-schema.ts";
import { walk } from "./walk.ts";

interface EndOptions {
  readonly timeout: number;
  readonly answerSize: number;
  /** For the whole of one attempt, ms. */
  readonly within: number;
  readonly endWithin: number;
}

/** Signs a session out by steps. `secrets` are put in beside what is known of the session. */
export function endBySteps(
  steps: readonly Step[],
  options: EndOptions,
  secrets: Values = new Map(),
): SessionEnd {
  const { timeout, answerSize, within, endWithin } = options;
  return {
    endsSessions: steps.length > 0,
    endWithin,
    end: async (values, cookies, app, report) => {
      if (steps.length === 0) return;
      const from = { jar: { ...emptyJar(null), cookies }, values: new Map([...values, ...secrets]) };
      const until = performance.now() + within;
      await walk(steps, from, { app, report, timeout, answerSize, until, what: "end" });
    },
  };
}
