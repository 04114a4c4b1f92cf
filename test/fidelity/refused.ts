import { type Example, example } from "./example.ts";
import type { Plan } from "./plan.ts";

type PlannedExchange = Plan["exchanges"][number];

/** What an app may take and the gateway answers with 400, behind which the connection ends. */
export interface Refused {
  /** A plan that shows it. */
  readonly example: Example;
  /** Whether the generator makes such a plan; it is left out, since nothing behind it is an exchange. */
  readonly leaves: (exchange: PlannedExchange, plan: Plan) => boolean;
}

/** Methods that are also the end of another one's name. */
const ENDS_OF_OTHERS = new Set(["LINK", "LOCK", "BIND", "PATCH", "SEARCH", "SUBSCRIBE"]);

/** By the ids that the table in docs/forwarding.md gives them. */
export const REFUSED: Readonly<Record<string, Refused>> = {
  fragment: {
    example: { request: { target: "/a#b" } },
    leaves: ({ request }) => request.target.includes("#"),
  },
  spaces: {
    example: { request: { target: " /a" } },
    leaves: () => false,
  },
  "two-readings": {
    example: {
      request: {
        fields: [
          ["Host", "app.example"],
          ["X-Long", "a\r\n b"],
        ],
      },
    },
    leaves: () => false,
  },
  "raw-address": {
    example: { request: { target: "/?q=caf\xe9", writes: { cuts: [0.03], pause: "millisecond" } } },
    leaves: ({ request }, { pipelined, exchanges }) =>
      /[^\x21-\x7e]/.test(request.target) &&
      (pipelined ||
        request.writes.cuts.length > 0 ||
        (exchanges.length > 1 && ENDS_OF_OTHERS.has(request.method))),
  },
};

export function leavesOut(plan: Plan): boolean {
  return Object.values(REFUSED).some(({ leaves }) =>
    plan.exchanges.some((exchange) => leaves(exchange, plan)),
  );
}

export function planOf(refused: Refused): Plan {
  return example(refused.example);
}
