import t from "tap";
import { compare, comparison } from "./compare.ts";
import { rulesOf } from "./documented.ts";
import { example } from "./example.ts";
import { run } from "./fidelity.ts";
import { OWN_RULES } from "./own-rules.ts";
import { leavesOut, planOf, REFUSED } from "./refused.ts";
import { OWN_SITES, site } from "./site.ts";

const HEADING = "What own traffic differs in";
/** What every run of the tests compares; scripts/fidelity.ts compares as many as it is told. */
const EXCHANGES = Number(process.env.GUISE_EXCHANGES ?? 2_000);
const SEED = Number(process.env.GUISE_SEED ?? 34);

t.test(
  "own traffic is what the app and the client would see without a gateway, but for the documented list",
  async (t) => {
    const rules = rulesOf(HEADING, OWN_RULES);
    const own = comparison(rules);
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

t.test("a last answer comes whole while the client still sends its upload", async (t) => {
  const stand = await site(t, "told");
  const fields = [
    ["Host", "app.example"],
    ["Connection", "close"],
  ] as const;
  const writes = { pause: "turns" } as const;
  for (const version of ["1.0", "1.1"] as const) {
    for (const size of [16_383, 65_536, 300_000]) {
      const body = { kind: "length", size, chunks: [0.001, 0.002, 0.003] } as const;
      const plan = example({
        request: { method: "POST", version, fields, body, writes },
        answer: { begin: { kind: "bytes", part: 0 }, body: { size: 65_536 } },
      });
      t.strictSame(await compare(comparison(OWN_RULES), stand, plan), [], `HTTP/${version}, ${size} bytes`);
    }
  }
});

t.test("what the table says is refused is answered with 400, and the app hears nothing of it", async (t) => {
  const stand = await site(t, "told");
  for (const [id, refused] of Object.entries(rulesOf("What own traffic is refused for", REFUSED))) {
    const plan = planOf(refused);
    let found: readonly string[] = [];
    // Where it matters that the line comes in two packets, that is up to the system.
    for (let times = 0; times < 100 && found.length === 0; times += 1)
      found = await compare(comparison(OWN_RULES), stand, plan);
    t.match(found[0], /^exchange 0: request: .* became nothing$/, id);
    t.match(found.join("\n"), /answer\.status: 200\n +became 400\n/, id);
  }
});
