import type { z } from "zod";
import type { SecretReader } from "../clients/secret.ts";
import type { CookieScope, Jar, JarCookie } from "../domain/cookies/cookie-jar.ts";
import type { Conditions } from "../domain/routing/conditions/condition.ts";
import type { Values } from "../domain/signin/place-text.ts";
import type { Kind } from "../ports.ts";

/** One request of a sign-in. Headers: name, value, name, value …; those of the way to the app are added. */
export interface AppRequest {
  readonly method: string;
  readonly target: string;
  readonly headers: readonly string[];
  readonly body: string | null;
  /** For the whole answer, ms, and its bytes at the most. */
  readonly timeout: number;
  readonly answerSize: number;
}

export interface AppAnswer {
  readonly status: number;
  /** As a browser would get them: the app's own address turned into the public one. */
  readonly headers: readonly string[];
  readonly body: string;
}

/** The way to one app, for one impersonation: to its upstream and to nobody else. */
export interface AppConnection {
  /** Rejects with an Error that says why there is no whole answer, without a value that was sent. */
  ask(request: AppRequest): Promise<AppAnswer>;
  /** A request for this path, as the rules of cookies see it. */
  scope(path: string): CookieScope;
  /** By which addresses the app calls itself, `https://app.example.com` among them. */
  readonly origins: readonly string[];
}

/** What became of one step. Holds no value but whom the app named. */
export interface StepReport {
  /** `POST /login`, as the config has it. */
  readonly step: string;
  /** null: there was no answer. */
  readonly status: number | null;
  /** Names of the cookies that it set, and of the values that were taken. */
  readonly cookies: readonly string[];
  readonly taken: readonly string[];
  /** Why it failed. */
  readonly problem: string | null;
  /** Where the app was asked whom it sees: whom it named. For the person who writes the steps, and for no record. */
  readonly said?: string | null;
}

export type Report = (step: StepReport) => void;

/** What a sign-in has made of the app's session. */
export interface SignedIn {
  readonly cookies: readonly JarCookie[];
  /** What was taken on the way: for what is presented, and for the end. */
  readonly values: Readonly<Record<string, string>>;
  /** Names of the cookies by which the app knows whom it sees; a `*` at the end is any ending. */
  readonly kept: readonly string[];
}

/** Whom the app says it sees. `nobody`: it says that nobody is signed in; where it isn't `sure`, it only doesn't say who. */
export type Seen =
  | { readonly kind: "expected" }
  | { readonly kind: "other" }
  | { readonly kind: "nobody"; readonly why: string; readonly sure: boolean };

/** One look at whom the app sees. */
export interface Verification {
  readonly seen: Seen;
  /** The jar with what the answer set, and the lines of it with the path that was asked. */
  readonly jar: Jar;
  readonly lines: readonly string[];
  readonly path: string;
}

/** An address of the app that means Stop. */
export interface LeaveAddress {
  readonly path: string;
  readonly conditions: Conditions | null;
}

/** An address by which a page of the app asks for a new token, and what it gets instead. */
interface RefreshAddress {
  readonly method: string;
  readonly path: string;
  readonly body: string;
}

/** What goes with each request as the customer: names of headers and of query parameters, with their values. */
export interface Presented {
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly query: readonly (readonly [name: string, value: string])[];
}

/** How a session is signed out of an app. */
export interface SessionEnd {
  end(values: Values, cookies: readonly JarCookie[], app: AppConnection, report: Report): Promise<void>;
  /** Whether there is anything to do at the end. */
  readonly endsSessions: boolean;
  /** For how long it is tried, ms. */
  readonly endWithin: number;
}

/** How one app is signed in to, for each impersonation once. Everything may throw a Fault `sign-in-failed`, which says the step and why. */
export interface AppSignIn extends SessionEnd {
  /** Ends once the app has named the effective user. Leaves nothing behind in the app where it fails, as far as `end` can do that. */
  perform(values: Values, app: AppConnection, report: Report): Promise<SignedIn>;
  /** Asks the app whom it sees by these cookies. */
  verify(values: Values, jar: Jar, app: AppConnection, report: Report): Promise<Verification>;
  /** Whether an answer says that the session is over. `location` is empty where it has none. */
  isSignedOut(status: number, location: string): boolean;
  /** null where nothing is presented. */
  present(values: Values): Presented | null;
  /** The app signs people in by itself: as long as it sees nobody, its answers are shown. */
  readonly admitsNobody: boolean;
  readonly leave: readonly LeaveAddress[];
  readonly refresh: readonly RefreshAddress[];
  /** Times in ms: between two looks at whom the app sees, before a failed sign-in is tried anew, for one sign-in. */
  readonly verifyEvery: number;
  readonly retryAfter: number;
  readonly within: number;
}

export interface SignInDeps {
  readonly secret: SecretReader;
}

export type SignInKind<Options> = Kind<z.ZodType<Options>, Options, SignInDeps, AppSignIn>;
