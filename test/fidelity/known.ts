import type { Pair, Rule } from "./own-rules.ts";
import type { Plan } from "./plan.ts";
import type { Field } from "./reader.ts";

/** A difference that is not right and not repaired yet: its plans are left out, or what it does is overlooked. */
export interface Known {
  readonly id: string;
  /** Who repairs it. */
  readonly owner: "transport" | "addresses" | "refusals" | "fidelity";
  readonly leaves?: (exchange: Plan["exchanges"][number], plan: Plan) => boolean;
  readonly overlooks?: Rule;
}

const PLACED: ReadonlySet<string> = new Set(["host", "cookie", "content-length"]);

/** Lines of one name stay in order; where the placed ones stand, and how they are spelled, is overlooked. */
function placed(fields: readonly Field[]): readonly Field[] {
  const lower = fields.map(
    ([name, value]) => [PLACED.has(name.toLowerCase()) ? name.toLowerCase() : name, value] as const,
  );
  return lower.toSorted(([a], [b]) => order(a) - order(b));
}

function order(name: string): number {
  return PLACED.has(name) ? 0 : name.startsWith("X-Forwarded-") ? 2 : 1;
}

export const KNOWN: readonly Known[] = [
  {
    id: "host-cookie-and-length-move",
    owner: "addresses",
    overlooks: ({ expected, actual }: Pair) => {
      for (const request of [expected.request, actual.request]) {
        if (request === null) continue;
        request.fields = placed(request.fields).toSorted(([a], [b]) =>
          PLACED.has(a) && PLACED.has(b) ? (a < b ? -1 : a > b ? 1 : 0) : 0,
        );
      }
      return true;
    },
  },
];

export function leavesOut(plan: Plan): boolean {
  return KNOWN.some(({ leaves }) => plan.exchanges.some((exchange) => leaves?.(exchange, plan) === true));
}

export const OVERLOOKED: Readonly<Record<string, Rule>> = Object.fromEntries(
  KNOWN.flatMap(({ id, overlooks }) => (overlooks === undefined ? [] : [[id, overlooks]])),
);
