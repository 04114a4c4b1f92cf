import { cookiesSetBy, type Finder, headersOf } from "../clients/finder.ts";
import { cookiesFor, type Jar, receive } from "../domain/cookies/cookie-jar.ts";
import {
  fill,
  inAddress,
  isHeaderValue,
  isTarget,
  plainly,
  type Values,
} from "../domain/signin/place-text.ts";
import { Fault, whyOf } from "../errors.ts";
import type { AppAnswer, AppConnection, AppRequest, Report } from "./sign-in.ts";
import { begins, type Step } from "./step-schema.ts";

/** Where a sign-in is: the cookies and the values that it has so far. */
export interface Standing {
  readonly jar: Jar;
  readonly values: Values;
}

interface WalkOptions {
  readonly app: AppConnection;
  readonly report: Report;
  /** For one answer, ms, and its bytes at the most. */
  readonly timeout: number;
  readonly answerSize: number;
  /** Of the whole, by `performance.now()`. */
  readonly until: number;
  /** What these steps are for, in messages: `step`, `end`. */
  readonly what: string;
  /** Called with each change: what was begun can be ended by it, whatever comes of the rest. */
  readonly standing?: (now: Standing) => void;
}

/** Takes the steps one after the other. Throws a Fault `sign-in-failed` that says which of them failed and why, and holds no value. */
export async function walk(steps: readonly Step[], from: Standing, options: WalkOptions): Promise<Standing> {
  let here = from;
  for (const [at, step] of steps.entries())
    here = (await take(step, `${options.what} ${at + 1} of ${steps.length}`, here, options)).next;
  return here;
}

/** Takes one step. `answer` is for a caller that looks for more in it. */
export async function take(
  step: Step,
  called: string,
  here: Standing,
  options: WalkOptions,
): Promise<{ readonly next: Standing; readonly answer: AppAnswer; readonly path: string }> {
  let answer: AppAnswer | null = null;
  let cookies: readonly string[] = [];
  try {
    const request = requestOf(step, here, options);
    answer = await options.app.ask(request);
    cookies = [...new Set(cookiesSetBy(answer).map(({ name }) => name))];
    const jar = receive(here.jar, headersOf(answer, "set-cookie"), options.app.scope(request.target));
    options.standing?.({ jar, values: here.values });
    meets(step, answer, options.app);
    const values = new Map(here.values);
    for (const [name, finder] of step.take) values.set(name, taken(finder, answer, name));
    options.standing?.({ jar, values });
    const names = step.take.map(([name]) => name);
    options.report({ step: step.name, status: answer.status, cookies, taken: names, problem: null });
    return { next: { jar, values }, answer, path: request.target };
  } catch (error) {
    const problem = whyOf(error);
    options.report({ step: step.name, status: answer?.status ?? null, cookies, taken: [], problem });
    throw new Fault("sign-in-failed", `${called}, ${step.name}: ${problem}`, { cause: error });
  }
}

function taken(finder: Finder, answer: AppAnswer, name: string): string {
  const value = finder.find(answer).find((it) => it !== "");
  if (value === undefined)
    throw new Error(`nothing is found for \`${name}\` by ${finder.name} (status ${answer.status})`);
  return value;
}

function meets({ expect }: Step, answer: AppAnswer, app: AppConnection): void {
  const { status } = answer;
  const right = expect.status === null ? status < 400 : expect.status.includes(status);
  const wanted = expect.status === null ? "one below 400" : expect.status.join(" or ");
  if (!right) throw new Error(`the answer has status ${status} and not ${wanted}`);
  const location = locationIn(answer, app);
  if (expect.location !== null && !begins(location, expect.location))
    throw new Error(`the answer (${status}) doesn't lead to ${expect.location}`);
  if (expect.has !== null && expect.has.find(answer).length === 0)
    throw new Error(`nothing is found by ${expect.has.name} (status ${status})`);
}

/** Where an answer leads to, without the app's own origin; empty where nowhere. */
function locationIn(answer: Pick<AppAnswer, "headers">, { origins }: Pick<AppConnection, "origins">): string {
  const [location = ""] = headersOf(answer, "location");
  const own = origins.find((origin) => location.startsWith(`${origin}/`) || location === origin);
  return own === undefined ? location : location.slice(own.length) || "/";
}

function requestOf(step: Step, { jar, values }: Standing, options: WalkOptions): AppRequest {
  const target = targetOf(step.address, values, options.app);
  const headers: string[] = ["Accept", "*/*"];
  const cookie = cookiesFor(jar, options.app.scope(target));
  if (cookie !== null) headers.push("Cookie", cookie);
  const { body, type } = bodyOf(step, values);
  if (type !== null) headers.push("Content-Type", type);
  if (step.basic !== null) {
    const pair = `${filled(step.basic.user, values)}:${filled(step.basic.password, values)}`;
    headers.push("Authorization", `Basic ${Buffer.from(pair).toString("base64")}`);
  }
  for (const [name, text] of Object.entries(step.headers)) {
    const value = filled(text, values);
    if (!isHeaderValue(value)) throw new Error(`what is put into the header ${name} can't stand there`);
    headers.push(name, value);
  }
  const left = options.until - performance.now();
  if (left <= 0) throw new Error("the time for the whole is up");
  const timeout = Math.ceil(Math.min(options.timeout, left));
  return { method: step.method, target, headers, body, timeout, answerSize: options.answerSize };
}

/** A path of the app; an address that was taken from an answer must be the app's own. */
function targetOf(address: string, values: Values, { origins }: AppConnection): string {
  const whole = address.startsWith("{");
  const text = filled(address, values, whole ? plainly : inAddress);
  const own = whole ? origins.find((origin) => text.startsWith(`${origin}/`)) : undefined;
  const target = (own === undefined ? text : text.slice(own.length)).replace(/#.*$/, "");
  if (!isTarget(target))
    throw new Error(
      whole ? "what was taken is no address of this app" : "what is put into the address can't stand there",
    );
  return target;
}

function bodyOf(
  { form, json }: Step,
  values: Values,
): { readonly body: string | null; readonly type: string | null } {
  if (form !== null) {
    const fields = Object.entries(form).map(([name, text]): [string, string] => [name, filled(text, values)]);
    return { body: new URLSearchParams(fields).toString(), type: "application/x-www-form-urlencoded" };
  }
  if (json === undefined) return { body: null, type: null };
  return { body: JSON.stringify(inJson(json, values)), type: "application/json" };
}

function inJson(it: unknown, values: Values): unknown {
  if (typeof it === "string") return filled(it, values);
  if (Array.isArray(it)) return it.map((one) => inJson(one, values));
  if (typeof it !== "object" || it === null) return it;
  return Object.fromEntries(Object.entries(it).map(([key, one]) => [key, inJson(one, values)]));
}

/** A text with its places filled in; throws an Error that names the place without a value. */
export function filled(text: string, values: Values, encode: (value: string) => string = plainly): string {
  const filling = fill(text, values, encode);
  if (filling.kind === "missing") throw new Error(`there is nothing to put in for {${filling.name}}`);
  return filling.text;
}
