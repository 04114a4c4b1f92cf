import { type Example, example } from "./example.ts";
import type { Rule } from "./own-rules.ts";
import { closesBehind, type Plan } from "./plan.ts";
import type { Field } from "./reader.ts";

/** A difference that is not right and not repaired yet: its plans are left out, or what it does is overlooked. */
export interface Known {
  readonly id: string;
  /** Who repairs it. */
  readonly owner: "transport" | "addresses" | "refusals" | "fidelity";
  /** A plan that shows it. */
  readonly example: Example | Plan;
  readonly leaves?: (exchange: Plan["exchanges"][number], plan: Plan) => boolean;
  readonly overlooks?: Rule;
}

/** Where these stand, and how they are spelled, is overlooked. */
function placed(fields: readonly Field[]): readonly Field[] {
  const isPlaced = ([name]: Field) => /^(?:host|content-length)$/i.test(name);
  const moved = fields.filter(isPlaced).map(([name, value]) => [name.toLowerCase(), value] as const);
  return [...moved.toSorted(([a], [b]) => (a < b ? -1 : 1)), ...fields.filter((field) => !isPlaced(field))];
}

/** Both requests leave before the first answer is read. */
function inOneGo(...examples: readonly Example[]): Plan {
  const plans = examples.map(example);
  return {
    pipelined: true,
    who: { answer: "guest", delay: "none" },
    exchanges: plans.flatMap((it) => it.exchanges),
  };
}

export const KNOWN: readonly Known[] = [
  {
    id: "host-and-length-move",
    owner: "transport",
    example: { request: { method: "POST", framingAt: 0, body: { kind: "length", size: 2 } } },
    overlooks: ({ expected, actual }) => {
      for (const request of [expected.request, actual.request])
        if (request !== null) request.fields = placed(request.fields);
      return true;
    },
  },
  {
    id: "reason-in-two-packets",
    owner: "transport",
    example: {
      answer: {
        reason: "Not Found",
        body: { kind: "length" },
        writes: { cuts: [0.4], pause: "millisecond" },
      },
    },
    overlooks: ({ exchange, expected, actual }) => {
      if (exchange.answer.writes.cuts.length === 0) return false;
      if (expected.answer === null || actual.answer?.status !== expected.answer.status) return false;
      if (!expected.answer.reason.endsWith(actual.answer.reason)) return false;
      actual.answer.reason = expected.answer.reason;
      return true;
    },
  },
  {
    id: "raw-reason",
    owner: "transport",
    example: { answer: { reason: "Fa\xe7ade" } },
    leaves: ({ answer }) => /[^\x20-\x7e]/.test(answer.reason),
  },
  {
    id: "unasked-100",
    owner: "transport",
    example: { answer: { interim: [{ status: 100, fields: [] }] } },
    leaves: ({ answer }) => answer.interim.some((it) => it.status === 100),
  },
  {
    id: "bare-line-feed",
    owner: "transport",
    example: { answer: { lines: "\n" } },
    leaves: ({ answer }) => answer.lines === "\n",
  },
  {
    id: "framing-of-nothing",
    owner: "transport",
    example: { request: { method: "POST" } },
    overlooks: ({ expected, actual }) => {
      if (expected.request?.body.length !== 0) return false;
      expected.request.framing = "none";
      for (const it of [expected.request, actual.request])
        if (it !== null)
          it.fields = it.fields.filter(
            ([name, value]) => value !== "0" || name.toLowerCase() !== "content-length",
          );
      return true;
    },
  },
  {
    id: "raw-answer-headers",
    owner: "transport",
    example: {
      answer: {
        fields: [["X-A", "\xfc"]],
        body: { kind: "chunked" },
        writes: { headFirst: true, pause: "millisecond" },
      },
    },
    leaves: ({ answer }) => answer.fields.some(([, value]) => /[^\t\x20-\x7e]/.test(value)),
  },
  {
    id: "upload-cut-by-early-answer",
    owner: "transport",
    example: {
      request: { method: "POST", body: { kind: "chunked", size: 2_000_000 } },
      answer: { begin: { kind: "head" } },
    },
    leaves: (exchange) => exchange.answer.begin.kind !== "end" && !closesBehind(exchange),
  },
  {
    id: "raw-address",
    owner: "addresses",
    example: { request: { target: "/?q=caf\xe9" } },
    leaves: ({ request }) => /[^\x21-\x7e]/.test(request.target),
  },
  {
    id: "one-cut-takes-both",
    owner: "transport",
    example: inOneGo(
      { answer: { writes: { headFirst: true, cuts: [0.2, 0.4, 0.6, 0.8], pause: "millisecond" } } },
      {
        request: { target: "/1" },
        answer: { body: { size: 400 }, ending: { kind: "cut", part: 0.9, how: "end" } },
      },
    ),
    leaves: ({ answer }, plan) => plan.pipelined && answer.ending.kind === "cut",
  },
  {
    id: "fragment",
    owner: "addresses",
    example: { request: { target: "/a#b" } },
    leaves: ({ request }) => request.target.includes("#"),
  },
];

export function leavesOut(plan: Plan): boolean {
  return KNOWN.some(({ leaves }) => plan.exchanges.some((exchange) => leaves?.(exchange, plan) === true));
}

/** What is overlooked, as rules; without that of one of them. */
export function overlooked(but: Known | null = null): Readonly<Record<string, Rule>> {
  return Object.fromEntries(
    KNOWN.flatMap((it) => (it.overlooks === undefined || it === but ? [] : [[it.id, it.overlooks]])),
  );
}

export function planOf(it: Known): Plan {
  return "exchanges" in it.example ? it.example : example(it.example);
}
