import { isNamed } from "../domain/cookies/cookie.ts";
import { emptyJar } from "../domain/cookies/cookie-jar.ts";
import { isHeaderValue, type Values } from "../domain/signin/place-text.ts";
import { Fault } from "../errors.ts";
import { lookBy, seenInstead } from "./look.ts";
import { endBySteps } from "./session-end.ts";
import type { AppSignIn, SignedIn, SignInKind } from "./sign-in.ts";
import { begins } from "./step-schema.ts";
import { type StepsOptions, stepsSchema } from "./steps-schema.ts";
import { filled, type Standing, walk } from "./walk.ts";

/** Requests that make the app's own session in the jar. The app keeps its login, and is asked whom it sees. */
export const steps: SignInKind<StepsOptions> = {
  name: "steps",
  describe: "Requests that sign the effective user in to the app, whose login stays as it is.",
  schema: stepsSchema,
  create: (options, deps) => {
    const secrets = new Map(
      Object.entries(options.secrets).map(([name, source]) => [`secret.${name}`, deps.secret(source)]),
    );
    return bySteps(options, secrets);
  },
};

function bySteps(options: StepsOptions, secrets: Values): AppSignIn {
  const { signedOut, present, presentQuery, verifyEvery, retryAfter, within, timeout, answerSize } = options;
  const look = lookBy(options.verify, options);
  const ending = endBySteps(options.end, options, secrets);
  const withSecrets = (values: Values): Values => new Map([...values, ...secrets]);
  const verify: AppSignIn["verify"] = (values, jar, app, report) =>
    look({ values: withSecrets(values), jar }, app, report);
  return {
    ...ending,
    ...{ admitsNobody: false, verifyEvery, retryAfter, within },
    leave: options.leave ?? [],
    refresh: options.refresh.map(({ answer, ...it }) => ({ ...it, body: JSON.stringify(answer) })),
    verify,
    perform: async (values, app, report) => {
      let last: Standing = { jar: emptyJar(null), values: withSecrets(values) };
      const standing = (now: Standing) => {
        last = now;
      };
      try {
        const until = performance.now() + within;
        const walking = { app, report, timeout, answerSize, until, what: "step", standing };
        const { jar, values: all } = await walk(options.steps, last, walking);
        const cookies = jar.cookies.filter(({ name }) => isNamed(name, options.keep ?? ["*"]));
        const { seen, jar: verified } = await verify(all, { ...jar, cookies }, app, report);
        last = { jar: verified, values: all };
        if (seen.kind !== "expected")
          throw new Fault("sign-in-failed", `verify, GET ${options.verify.get}: ${seenInstead(seen)}`);
        const { cookies: kept } = last.jar;
        return {
          cookies: kept,
          values: takenIn(options, all),
          kept: [...new Set(kept.map(({ name }) => name))],
        };
      } catch (error) {
        // Whosever session it is by now: nobody will use it.
        const begun = last.jar.cookies.length > 0 || Object.keys(takenIn(options, last.values)).length > 0;
        const values = new Map([...last.values].filter(([name]) => !secrets.has(name)));
        // The report has the step of it that failed.
        if (begun) await Promise.allSettled([ending.end(values, last.jar.cookies, app, report)]);
        throw error;
      }
    },
    isSignedOut: (status, location) =>
      signedOut.status.includes(status) ||
      (signedOut.location !== null && begins(location, signedOut.location)),
    present: (values) => {
      if (Object.keys(present).length === 0 && Object.keys(presentQuery).length === 0) return null;
      const all = withSecrets(values);
      const put = (texts: Readonly<Record<string, string>>) =>
        Object.entries(texts).map(([name, text]) => [name, presented(name, text, all)] as const);
      return { headers: put(present), query: put(presentQuery) };
    },
  };
}

/** What the steps have taken, without what is known anyway. */
function takenIn({ steps }: StepsOptions, values: Values): SignedIn["values"] {
  const names = steps.flatMap((step) => step.take.map(([name]) => name));
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = values.get(name);
      return value === undefined ? [] : [[name, value]];
    }),
  );
}

function presented(name: string, text: string, values: Values): string {
  const value = filled(text, values);
  if (isHeaderValue(value)) return value;
  throw new Fault("sign-in-failed", `present: what is put into ${name} can't stand there`);
}
