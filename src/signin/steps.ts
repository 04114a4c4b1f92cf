import { type Finder, headersOf, theOnly } from "../clients/finder.ts";
import { isNamed } from "../domain/cookies/cookie.ts";
import { emptyJar, type Jar } from "../domain/cookies/cookie-jar.ts";
import { isHeaderValue, type Values } from "../domain/signin/place-text.ts";
import { Fault, whyOf } from "../errors.ts";
import { endBySteps } from "./session-end.ts";
import type {
  AppAnswer,
  AppConnection,
  AppSignIn,
  Presented,
  Report,
  Seen,
  SignedIn,
  SignInKind,
  StepReport,
  Verification,
} from "./sign-in.ts";
import { begins, type Step, stepOf } from "./step-schema.ts";
import { type StepsOptions, stepsSchema } from "./steps-schema.ts";
import { filled, type Standing, take, type WalkOptions, walk } from "./walk.ts";

/** Requests that make the app's own session in the jar. The app keeps its login, and is asked whom it sees. */
export const steps: SignInKind<StepsOptions> = {
  name: "steps",
  describe: "Requests that sign the effective user in to the app, whose login stays as it is.",
  schema: stepsSchema,
  create: (options, deps) => {
    const secrets = new Map(
      Object.entries(options.secrets).map(([name, source]) => [`secret.${name}`, deps.secret(source)]),
    );
    return new BySteps(options, secrets);
  },
};

class BySteps implements AppSignIn {
  readonly #options: StepsOptions;
  readonly #secrets: Values;
  readonly #verify: Step;
  readonly endsSessions: boolean;
  readonly end: AppSignIn["end"];
  readonly leave: AppSignIn["leave"];
  readonly refresh: AppSignIn["refresh"];
  readonly verifyEvery: number;
  readonly retryAfter: number;
  readonly within: number;
  readonly endWithin: number;

  constructor(options: StepsOptions, secrets: Values) {
    this.#options = options;
    this.#secrets = secrets;
    // Any status is an answer to whom it sees.
    const status = Array.from({ length: 500 }, (_, at) => at + 100);
    const { get, headers } = options.verify;
    this.#verify = stepOf("GET", get, { headers, expect: { status } });
    const { end, endsSessions } = endBySteps(options.end, options, secrets);
    this.end = end;
    this.endsSessions = endsSessions;
    this.leave = options.leave ?? [];
    this.refresh = options.refresh.map(({ method, path, answer }) => ({
      method,
      path,
      body: JSON.stringify(answer),
    }));
    this.verifyEvery = options.verifyEvery;
    this.retryAfter = options.retryAfter;
    this.within = options.within;
    this.endWithin = options.endWithin;
  }

  async perform(values: Values, app: AppConnection, report: Report): Promise<SignedIn> {
    let last: Standing = { jar: emptyJar(null), values: this.#with(values) };
    const standing = (now: Standing) => {
      last = now;
    };
    const options = { ...this.#walking(app, report, "step"), standing };
    try {
      const { jar, values: all } = await walk(this.#options.steps, last, options);
      const cookies = jar.cookies.filter(({ name }) => isNamed(name, this.#options.keep ?? ["*"]));
      const { seen, jar: verified } = await this.verify(all, { ...jar, cookies }, app, report);
      last = { jar: verified, values: all };
      if (seen.kind !== "expected")
        throw new Fault("sign-in-failed", `verify, ${this.#verify.name}: ${seenInstead(seen)}`);
      return { cookies: last.jar.cookies, values: this.#takenIn(all) };
    } catch (error) {
      // Whosever session it is by now: nobody will use it.
      const begun = last.jar.cookies.length > 0 || Object.keys(this.#takenIn(last.values)).length > 0;
      // The report has the step of it that failed.
      if (begun)
        await Promise.allSettled([this.end(this.#takenValues(last.values), last.jar.cookies, app, report)]);
      throw error;
    }
  }

  async verify(values: Values, jar: Jar, app: AppConnection, report: Report): Promise<Verification> {
    const steps: StepReport[] = [];
    const options = this.#walking(app, (step) => steps.push(step), "verify");
    const all = this.#with(values);
    let named: string | null = null;
    try {
      const { answer, path, next } = await take(this.#verify, "verify", { jar, values: all }, options);
      const { id, is } = this.#options.verify;
      const said = saidBy(answer, id);
      named = said.kind === "named" ? said.value : null;
      const seen = seenIn(said, filled(is, all));
      return { seen, jar: next.jar, path, lines: headersOf(answer, "set-cookie") };
    } finally {
      for (const step of steps) report({ ...step, said: named });
    }
  }

  isSignedOut(status: number, location: string): boolean {
    const { signedOut } = this.#options;
    return (
      signedOut.status.includes(status) ||
      (signedOut.location !== null && begins(location, signedOut.location))
    );
  }

  present(values: Values): Presented | null {
    const { present, presentQuery } = this.#options;
    if (Object.keys(present).length === 0 && Object.keys(presentQuery).length === 0) return null;
    const all = this.#with(values);
    const put = (texts: Readonly<Record<string, string>>) =>
      Object.entries(texts).map(([name, text]) => [name, presented(name, text, all)] as const);
    return { headers: put(present), query: put(presentQuery) };
  }

  #with(values: Values): Values {
    return new Map([...values, ...this.#secrets]);
  }

  #walking(app: AppConnection, report: Report, what: string): WalkOptions {
    const { timeout, answerSize, within } = this.#options;
    return { app, report, timeout, answerSize, until: performance.now() + within, what };
  }

  /** What the steps have taken, without what is known anyway. */
  #takenIn(values: Values): SignedIn["values"] {
    const names = this.#options.steps.flatMap((step) => step.take.map(([name]) => name));
    return Object.fromEntries(
      names.flatMap((name) => {
        const value = values.get(name);
        return value === undefined ? [] : [[name, value]];
      }),
    );
  }

  #takenValues(values: Values): Values {
    return new Map([...values].filter(([name]) => !this.#secrets.has(name)));
  }
}

function presented(name: string, text: string, values: Values): string {
  const value = filled(text, values);
  if (isHeaderValue(value)) return value;
  throw new Fault("sign-in-failed", `present: what is put into ${name} can't stand there`);
}

type Said =
  | { readonly kind: "named"; readonly value: string }
  | { readonly kind: "nobody"; readonly why: string };

/** Redirects and refusals are how apps speak to guests; that the app is broken says nothing of anybody. */
function saidBy(answer: AppAnswer, id: Finder): Said {
  const { status } = answer;
  if (status >= 500) throw new Fault("sign-in-failed", `verify: the answer has status ${status}`);
  if (status >= 300) return { kind: "nobody", why: `the answer has status ${status}` };
  try {
    const value = theOnly(id, answer);
    return value === null
      ? { kind: "nobody", why: `nobody is found by ${id.name} (status ${status})` }
      : { kind: "named", value };
  } catch (error) {
    return { kind: "nobody", why: whyOf(error) };
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
