import { headerPolicy } from "../../src/domain/headers.ts";
import { type AnswerPlan, answerBytes, closesBehind, type Plan } from "./plan.ts";
import { type Field, valuesOf } from "./reader.ts";
import type { Seen } from "./seen.ts";
import type { SiteKind } from "./site.ts";

/** One exchange seen twice: `expected` is what was seen without the gateway, and what the rules make of it. */
export interface Pair {
  readonly exchange: Plan["exchanges"][number];
  /** An exchange behind it, which the client sent without waiting, ends with a reset by the app. */
  readonly resetBehind: boolean;
  readonly site: SiteKind;
  readonly expected: Seen;
  readonly actual: Seen;
}

/**
 * One documented difference: makes `expected` into what the gateway may make of it. Only where that is not foreseeable (a
 * date, a token) it takes something out of `actual`. True if it had anything to do.
 */
export type Rule = (pair: Pair) => boolean;

const isNamed = (name: string) => (field: Field) => field[0].toLowerCase() === name;

function sides({ expected, actual }: Pair) {
  return [
    { expected: expected.request, actual: actual.request },
    { expected: expected.answer, actual: actual.answer },
  ];
}

/** Takes header lines out of a message; true if there were any. */
export function drop(message: { fields: readonly Field[] } | null, goes: (field: Field) => boolean): boolean {
  if (message === null) return false;
  const kept = message.fields.filter((field) => !goes(field));
  const any = kept.length < message.fields.length;
  if (any) message.fields = kept;
  return any;
}

const BETWEEN: ReadonlySet<string> = new Set([
  "connection",
  "keep-alive",
  "proxy-connection",
  "proxy-authenticate",
  "proxy-authorization",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
  "http2-settings",
]);
const UNSTRIPPABLE: ReadonlySet<string> = new Set(["host", "cookie", "content-length", "transfer-encoding"]);

const OWN = headerPolicy(
  {
    assertion: "X-Guise-Assertion",
    user: "X-Guise-User",
    trueUser: "X-Guise-True-User",
    impersonation: "X-Guise-Impersonation",
  },
  [],
);
export const TELLING: ReadonlySet<string> = new Set([
  "x-guise-assertion",
  "x-guise-user",
  "x-guise-true-user",
]);

/** The documented differences of own traffic, by the ids of the table in docs/forwarding.md. */
export const OWN_RULES: Readonly<Record<string, Rule>> = {
  version(pair) {
    let any = false;
    for (const { expected } of sides(pair)) {
      if (expected === null || expected.version === "1.1") continue;
      expected.version = "1.1";
      any = true;
    }
    return any;
  },

  "hop-by-hop"(pair) {
    let any = false;
    for (const { expected, actual } of sides(pair)) {
      const named = new Set(
        valuesOf(expected?.fields ?? [], "connection")
          .flatMap((it) => it.toLowerCase().split(","))
          .map((it) => it.trim()),
      );
      const goes = ([name]: Field) => {
        const lower = name.toLowerCase();
        return BETWEEN.has(lower) || (named.has(lower) && !UNSTRIPPABLE.has(lower));
      };
      any = drop(expected, goes) || any;
      // What the gateway and its neighbour tell each other.
      drop(actual, ([name]) =>
        ["connection", "keep-alive", "transfer-encoding"].includes(name.toLowerCase()),
      );
    }
    return any;
  },

  framing({ exchange, expected: { answer }, actual }) {
    if (answer === null || actual.answer === null) return false;
    const { version } = exchange.request;
    const before = answer.framing;
    if (answer.framing === "close" && version === "1.1") answer.framing = "chunked";
    if (answer.framing === "chunked" && version === "1.0") answer.framing = "close";
    return before !== answer.framing;
  },

  trailers(pair) {
    let any = false;
    for (const { expected } of sides(pair)) {
      if (expected === null || expected.trailers.length === 0) continue;
      expected.trailers = [];
      any = true;
    }
    return any;
  },

  expect({ exchange, expected, actual }) {
    if (!exchange.request.expects) return false;
    drop(expected.request, isNamed("expect"));
    const isContinue = ({ status }: { readonly status: number }) => status === 100;
    expected.interim = expected.interim.filter((it) => !isContinue(it));
    actual.interim = actual.interim.filter((it) => !isContinue(it));
    // The app that refuses before the body hears of the request once there is some of it.
    if (exchange.answer.begin.kind !== "end" && expected.request !== null && actual.request !== null) {
      expected.request.body = actual.request.body;
      expected.request.complete = actual.request.complete;
    }
    return true;
  },

  interim({ expected }) {
    const any = expected.interim.length > 0;
    expected.interim = [];
    return any;
  },

  date({ expected: { answer }, actual }) {
    if (answer === null || actual.answer === null || valuesOf(answer.fields, "date").length > 0) return false;
    const last = actual.answer.fields.findLastIndex(isNamed("date"));
    const value = actual.answer.fields[last]?.[1] ?? "";
    if (last < 0 || new Date(value).toUTCString() !== value) return false;
    actual.answer.fields = actual.answer.fields.filter((_, at) => at !== last);
    return true;
  },

  "absolute-form"({ expected: { request } }) {
    const found = /^https?:\/\/[^/?#]+(?=[/?#])/i.exec(request?.target ?? "");
    if (request === null || found === null) return false;
    request.target = request.target.slice(found[0].length);
    return true;
  },

  host({ expected: { request }, actual }) {
    if (request === null || valuesOf(request.fields, "host").length > 0) return false;
    const said = valuesOf(actual.request?.fields ?? [], "host")[0] ?? "";
    if (!/^127\.0\.0\.1:\d+$/.test(said)) return false;
    request.fields = [["Host", said], ...request.fields];
    return true;
  },

  forwarded({ site, expected: { request }, actual }) {
    if (request === null) return false;
    const lines = (name: string) => valuesOf(request.fields, name);
    // Of an empty `Host`, as of none, it is the address of `upstream` that is told.
    const told = valuesOf(actual.request?.fields ?? [], "x-forwarded-host")[0] ?? "";
    const unnamed = /^127\.0\.0\.1:\d+$/.test(told) ? told : "";
    const trusted = site === "proxied";
    const hops = trusted ? lines("x-forwarded-for").filter((it) => it !== "") : [];
    const host = (trusted && lines("x-forwarded-host").at(-1)) || lines("host")[0] || unnamed;
    const proto = (trusted && lines("x-forwarded-proto").at(-1)) || "http";
    const ours = /^x-forwarded-(?:for|host|proto)$/i;
    drop(request, ([name]) => ours.test(name) || (!trusted && OWN.kindOf(name) === "metadata"));
    request.fields = [
      ...request.fields,
      ["X-Forwarded-For", [...hops, "127.0.0.1"].join(", ")],
      ["X-Forwarded-Proto", proto],
      ["X-Forwarded-Host", host],
    ];
    return true;
  },

  "own-cookies"({ expected: { request } }) {
    if (request === null) return false;
    const { fields } = request;
    request.fields = fields.map(([name, value]) =>
      name.toLowerCase() === "cookie"
        ? [name, value.replace(/;guise-before=W10\.0\.zz(?=;|$)/, "")]
        : [name, value],
    );
    return request.fields.some(([, value], at) => value !== fields[at]?.[1]);
  },

  identity({ site, expected, actual }) {
    const any = drop(expected.request, ([name]) => OWN.drops(name));
    return (site !== "guests" && drop(actual.request, ([name]) => TELLING.has(name.toLowerCase()))) || any;
  },

  "early-answer"({ exchange, expected, actual }) {
    const early = exchange.answer.begin.kind !== "end" && closesBehind(exchange);
    return early && takeBeginning(expected, actual);
  },

  "cut-answer"({ exchange, resetBehind, expected, actual }) {
    if (exchange.answer.ending.kind !== "cut")
      return (
        resetBehind && (takeWhole(expected, actual) || takeSent(exchange.answer, expected, actual, "whole"))
      );
    const { answer } = expected;
    if (answer === null) {
      if (actual.answer?.status === 502) return takeProblem(expected, actual);
      return (
        exchange.answer.ending.how === "reset" && takeSent(exchange.answer, expected, actual, "a beginning")
      );
    }
    if (answer.complete || actual.answer === null) return false;
    // A reset takes with it what wasn't read yet.
    if (
      actual.answer.status === 502 &&
      exchange.answer.ending.how === "reset" &&
      takeProblem(expected, actual)
    )
      return true;
    const shared = Math.min(answer.body.length, actual.answer.body.length);
    if (!answer.body.subarray(0, shared).equals(actual.answer.body.subarray(0, shared))) return false;
    answer.body = actual.answer.body;
    return true;
  },
};

/** A reset may leave the direct client nothing at all of what the app had sent; the gateway's client has it, or a beginning of it. */
function takeSent(
  sent: AnswerPlan,
  expected: Seen,
  { answer }: Seen,
  part: "whole" | "a beginning",
): boolean {
  if (expected.answer !== null || answer === null || answer.status !== sent.status) return false;
  if (answer.complete !== (part === "whole")) return false;
  const bytes = answerBytes(sent);
  const shared = part === "whole" ? bytes : bytes.subarray(0, answer.body.length);
  if (!shared.equals(answer.body)) return false;
  expected.answer = { ...answer };
  return true;
}

/** A reset by the app takes away what its client hasn't read of the answers before; behind a gateway these are another connection's. */
function takeWhole({ answer }: Seen, actual: Seen): boolean {
  if (answer === null || answer.complete || actual.answer?.complete !== true) return false;
  if (!actual.answer.body.subarray(0, answer.body.length).equals(answer.body)) return false;
  answer.body = actual.answer.body;
  answer.complete = true;
  return true;
}

/** The app gets a beginning of the body, or all of it. */
export function takeBeginning({ request }: Seen, actual: Seen): boolean {
  if (request === null || actual.request === null) return false;
  const { body, complete } = actual.request;
  if (!request.body.subarray(0, body.length).equals(body)) return false;
  Object.assign(request, { body, complete });
  return true;
}

/** In place of what can't be read stands a problem of ours. */
export function takeProblem(expected: Seen, actual: Seen): boolean {
  if (actual.answer === null || !actual.answer.complete) return false;
  const type = valuesOf(actual.answer.fields, "content-type")[0] ?? "";
  if (!/^(?:application\/problem\+json|text\/html)\b/.test(type)) return false;
  expected.answer = { ...actual.answer };
  return true;
}
