import type { StepReport } from "../../signin/sign-in.ts";

/** What came of a try. */
export interface Tried {
  readonly app: string | null;
  readonly as: string;
  readonly steps: readonly StepReport[];
  /** How the session was ended; empty where the app has no steps for that, or nothing began. */
  readonly end: readonly StepReport[];
  /** Names of the cookies and values that stay. */
  readonly cookies: readonly string[];
  readonly values: readonly string[];
  /** Why it failed; null where the app sees who it is to see. */
  readonly problem: string | null;
}

export function textOf(it: Tried): string {
  const lines = [...it.steps, ...it.end].map(lineOf);
  const kept = [listed("cookies", it.cookies), listed("values", it.values)].join("").slice(2);
  const result =
    it.problem === null
      ? `the app sees ${it.as}; kept: ${kept === "" ? "nothing" : kept}`
      : `failed: ${it.problem}`;
  return `${[...lines, result].join("\n")}\n`;
}

export function jsonOf({ app, as, steps, end, cookies, values, problem }: Tried): string {
  const sees = steps.findLast(({ said }) => said !== undefined)?.said ?? null;
  return `${JSON.stringify({ app, as, sees, problem, cookies, values, steps, end }, null, 2)}\n`;
}

function lineOf({ step, status, cookies, taken, problem, said }: StepReport): string {
  const named = said === undefined ? "" : `; the app sees ${said === null ? "nobody" : JSON.stringify(said)}`;
  const facts = `${listed("sets", cookies)}${listed("takes", taken)}${named}`;
  return `${problem === null ? "ok    " : "failed"}  ${step}  ${status ?? "no answer"}${facts}${problem === null ? "" : `: ${problem}`}`;
}

function listed(what: string, names: readonly string[]): string {
  return names.length === 0 ? "" : `; ${what} ${names.join(", ")}`;
}
