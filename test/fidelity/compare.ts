import type { Pair, Rule } from "./own-rules.ts";
import type { Plan } from "./plan.ts";
import type { Message } from "./reader.ts";
import { differences, type Seen, seenIn } from "./seen.ts";
import type { Site } from "./site.ts";

/** What a comparison goes by: rules by their ids, in their order. Counts what each of them found to do. */
export interface Comparison {
  readonly rules: Readonly<Record<string, Rule>>;
  readonly used: Map<string, number>;
}

export function comparison(rules: Readonly<Record<string, Rule>>): Comparison {
  return { rules, used: new Map() };
}

/** Sends a plan both ways, and says what differs beyond the rules. What the app itself does now this way, now that, may come either way. */
export async function compare(it: Comparison, site: Site, generated: Plan): Promise<readonly string[]> {
  const plan = site.sent(generated);
  const through = await site.through(plan);
  if (through.hung) return ["the exchange came to no end through the gateway"];
  const strays = through.sight.strays.filter((stray) => !sentAgain(plan, stray));
  if (strays.length > 0)
    return strays.map((stray) => `somebody got what nobody sent: ${JSON.stringify(stray.start)}`);
  const arrived = [...through.sight.arrived.keys()];
  if (arrived.some((nth, at) => nth < (arrived[at - 1] ?? 0)))
    return [`the app got the exchanges in the order ${arrived.join(", ")}`];
  const actual = seenIn(through);
  let found: readonly string[] = [];
  for (let times = 0; times < TRIES; times += 1) {
    const direct = await site.direct(plan);
    if (direct.hung) return ["the exchange came to no end without the gateway: the plan is wrong"];
    found = all(it, site, plan, seenIn(direct), actual);
    if (found.length === 0) return [];
  }
  return found;
}

const TRIES = 3;

/** A GET or HEAD without a body, whose kept connection the app closed without a byte of an answer, may come once more. */
function sentAgain({ exchanges }: Plan, { start, length }: Message): boolean {
  return exchanges.some(({ request }, nth) => {
    const repeatable = nth > 0 && request.body.kind === "none" && length === 0;
    return (
      repeatable && /^(?:GET|HEAD) /.test(start) && start.startsWith(`${request.method} ${request.target} `)
    );
  });
}

function all(
  it: Comparison,
  site: Site,
  plan: Plan,
  direct: readonly Seen[],
  actual: readonly Seen[],
): readonly string[] {
  return plan.exchanges.flatMap((exchange, nth) => {
    const [wanted, got] = [direct[nth], actual[nth]];
    if (wanted === undefined || got === undefined) throw new RangeError(`exchange ${nth} was not seen`);
    const resetBehind = plan.pipelined && plan.exchanges.slice(nth + 1).some(isReset);
    const pair: Pair = {
      exchange,
      resetBehind,
      site: site.kind,
      expected: copyOf(wanted),
      actual: copyOf(got),
    };
    for (const [id, rule] of Object.entries(it.rules)) {
      if (rule(pair)) it.used.set(id, (it.used.get(id) ?? 0) + 1);
    }
    return differences(pair.expected, pair.actual).map((line) => `exchange ${nth}: ${line}`);
  });
}

function isReset({ answer: { ending } }: Plan["exchanges"][number]): boolean {
  return ending.kind === "cut" && ending.how === "reset";
}

/** Rules change messages, never their parts. */
function copyOf({ request, answer, interim }: Seen): Seen {
  return { request: request && { ...request }, answer: answer && { ...answer }, interim };
}
