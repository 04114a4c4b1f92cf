import { type Example, example } from "./example.ts";
import type { Rule } from "./own-rules.ts";
import { closesBehind, type Plan } from "./plan.ts";

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
    id: "raw-address-in-pieces",
    owner: "addresses",
    example: { request: { target: "/?q=caf\xe9", writes: { cuts: [0.03], pause: "millisecond" } } },
    leaves: ({ request }, { pipelined }) =>
      /[^\x21-\x7e]/.test(request.target) && (pipelined || request.writes.cuts.length > 0),
  },
  {
    id: "rest-behind-early-answer",
    owner: "transport",
    example: {
      request: {
        body: { kind: "chunked", size: 1 },
        writes: { headFirst: true, cuts: [0.084, 0.167, 0.25], pause: "immediate" },
      },
      answer: { begin: { kind: "head" }, body: { kind: "chunked", size: 1, extension: ";a=b" } },
    },
    leaves: (exchange) => {
      const { begin, body } = exchange.answer;
      return (
        begin.kind !== "end" && body.kind === "chunked" && body.extension !== "" && !closesBehind(exchange)
      );
    },
  },
  {
    id: "raw-file-name-without-a-body",
    owner: "transport",
    example: {
      request: { method: "HEAD" },
      answer: {
        framingAt: 0,
        body: { size: 0 },
        fields: [["Content-Disposition", 'attachment; filename="M\xc3\xbcller.pdf"']],
      },
    },
    leaves: ({ answer }) =>
      answer.fields.some(
        ([name, value]) => /^content-disposition$/i.test(name) && /[^\t\x20-\x7e]/.test(value),
      ),
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

/** While impersonating. */
export function impersonatedLeavesOut(plan: Plan): boolean {
  return leavesOut(plan);
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
