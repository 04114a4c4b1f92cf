import type { RequestFacts } from "../facts.ts";
import type { Mode } from "../impersonation.ts";
import { isSafe } from "../method/method.ts";
import type { Rule } from "../policy.ts";
import { refuse, type Verdict } from "./effect.ts";

/** What holds where no rule says otherwise: what may change something needs the mode `write`, and so does any method override. */
export function readOnly(request: RequestFacts, mode: Mode, rule: Rule | null): Verdict | null {
  if (mode === "write") return null;
  if (isSafe(request.method) && !request.overridden && !request.mayChange) return null;
  return refuse(403, "read-only", undefined, rule);
}
