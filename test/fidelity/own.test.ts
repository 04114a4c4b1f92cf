import t from "tap";
import { compare, comparison } from "./compare.ts";
import { rulesOf } from "./documented.ts";
import { run } from "./fidelity.ts";
import { KNOWN, leavesOut, overlooked, planOf } from "./known.ts";
import { OWN_RULES } from "./own-rules.ts";
import { OWN_SITES, site } from "./site.ts";

const HEADING = "What own traffic differs in";
/** What every run of the tests compares; scripts/fidelity.ts compares as many as it is told. */
const EXCHANGES = Number(process.env.GUISE_EXCHANGES ?? 2_000);
const SEED = Number(process.env.GUISE_SEED ?? 34);

t.test(
  "own traffic is what the app and the client would see without a gateway, but for the documented list",
  async (t) => {
    const rules = rulesOf(HEADING, OWN_RULES);
    const own = comparison({ ...rules, ...overlooked() });
    const { exchanges, failures } = await run(t, {
      exchanges: EXCHANGES,
      seed: SEED,
      comparison: own,
      sites: OWN_SITES,
      leaves: leavesOut,
    });
    t.comment(`${exchanges} exchanges, seed ${SEED}`);
    t.strictSame(failures, [], `seen again by: npm run test:fidelity -- --seed ${SEED}`);
    if (failures.length === 0) t.ok(exchanges >= EXCHANGES);
    const unused = Object.keys(rules).filter((id) => !own.used.has(id));
    if (EXCHANGES >= 2_000) t.strictSame(unused, [], "every documented difference is one");
  },
);

t.test("what is known to differ still does", async (t) => {
  const stand = await site(t, "told");
  for (const known of KNOWN) {
    const plan = planOf(known);
    const it = comparison({ ...OWN_RULES, ...overlooked(known) });
    let found: readonly string[] = [];
    for (let times = 0; times < 100 && found.length === 0; times += 1) found = await compare(it, stand, plan);
    t.not(found.length, 0, `${known.id}: take it off the list in known.ts once it is repaired`);
    t.equal(known.leaves === undefined || leavesOut(plan), true, `${known.id}: its own example is left out`);
  }
});
