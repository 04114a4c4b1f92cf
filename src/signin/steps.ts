import { isNamed } from "../domain/cookies/cookie.ts";
import { emptyJar, type Jar } from "../domain/cookies/cookie-jar.ts";
import { isHeaderValue, type Values } from "../domain/signin/place-text.ts";
import { Fault } from "../errors.ts";
import { type Look, lookBy, seenInstead } from "./look.ts";
import { endBySteps } from "./session-end.ts";
import type {
  AppConnection,
  AppSignIn,
  Presented,
  Report,
  SignedIn,
  SignInKind,
  Verification,
} from "./sign-in.ts";
import { begins } from "./step-schema.ts";
import { type StepsOptions, stepsSchema } from "./steps-schema.ts";
import { filled, type Standing, type WalkOptions, walk } from "./walk.ts";

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
  readonly #look: Look;
  readonly admitsNobody = false;
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
    this.#look = lookBy(options.verify, options);
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
        throw new Fault("sign-in-failed", `verify, GET ${this.#options.verify.get}: ${seenInstead(seen)}`);
      const { cookies: kept } = last.jar;
      return { cookies: kept, values: this.#takenIn(all), kept: [...new Set(kept.map(({ name }) => name))] };
    } catch (error) {
      // Whosever session it is by now: nobody will use it.
      const begun = last.jar.cookies.length > 0 || Object.keys(this.#takenIn(last.values)).length > 0;
      // The report has the step of it that failed.
      if (begun)
        await Promise.allSettled([this.end(this.#takenValues(last.values), last.jar.cookies, app, report)]);
      throw error;
    }
  }

  verify(values: Values, jar: Jar, app: AppConnection, report: Report): Promise<Verification> {
    return this.#look({ values: this.#with(values), jar }, app, report);
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
