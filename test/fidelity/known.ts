import { type Example, example } from "./example.ts";
import type { Rule } from "./own-rules.ts";
import { asksToClose, type Plan } from "./plan.ts";

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

export const KNOWN: readonly Known[] = [
  {
    id: "raw-address-in-pieces",
    owner: "addresses",
    example: { request: { target: "/?q=caf\xe9", writes: { cuts: [0.03], pause: "millisecond" } } },
    leaves: ({ request }, { pipelined, exchanges }) =>
      /[^\x21-\x7e]/.test(request.target) &&
      (pipelined || exchanges.length > 1 || request.writes.cuts.length > 0),
  },
  {
    id: "tail-lost-behind-early-answer",
    owner: "transport",
    example: {
      request: {
        method: "POST",
        fields: [
          ["Host", "app.example"],
          ["Connection", "close"],
        ],
        body: { kind: "length", size: 16_383, chunks: [0.001, 0.002, 0.003] },
        writes: { pause: "turns" },
      },
      answer: { begin: { kind: "bytes", part: 0 }, body: { size: 65_536 } },
    },
    leaves: ({ request, answer }) => answer.begin.kind !== "end" && asksToClose(request),
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
