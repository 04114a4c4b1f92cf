import t from "tap";
import { comparison } from "./compare.ts";
import { rulesOf } from "./documented.ts";
import { run } from "./fidelity.ts";
import { IMPERSONATED_RULES } from "./impersonated-rules.ts";
import { OWN_RULES } from "./own-rules.ts";
import { leavesOut } from "./refused.ts";

const OWN = "What own traffic differs in";
const HEADING = "What an impersonated request differs in besides";
/** A fifth of what own.test.ts compares: each of these waits for the disk twice. */
const EXCHANGES = Number(process.env.GUISE_EXCHANGES ?? 2_000) / 5;
const SEED = Number(process.env.GUISE_SEED ?? 34);

t.test(
  "what a page gets while impersonating is what the app gives, but for the documented lists",
  async (t) => {
    const rules = rulesOf(HEADING, IMPERSONATED_RULES);
    const it = comparison({ ...rulesOf(OWN, OWN_RULES), ...rules });
    const { exchanges, failures } = await run(t, {
      exchanges: EXCHANGES,
      seed: SEED,
      comparison: it,
      sites: ["impersonating"],
      leaves: leavesOut,
    });
    t.comment(`${exchanges} exchanges, seed ${SEED}`);
    t.strictSame(failures, [], `seen again by: npm run test:fidelity -- --impersonating --seed ${SEED}`);
    if (failures.length === 0) t.ok(exchanges >= EXCHANGES);
    const unused = Object.keys(rules).filter((id) => !it.used.has(id));
    if (EXCHANGES >= 400) t.strictSame(unused, [], "every documented difference is one");
  },
);
