// `npm run test:fidelity -- --exchanges 200000 [--seed N] [--impersonating] [--site KIND --path P]`: compares the gateway with the app itself.
import { parseArgs } from "node:util";
import { comparison } from "../test/fidelity/compare.ts";
import { run } from "../test/fidelity/fidelity.ts";
import { IMPERSONATED_RULES } from "../test/fidelity/impersonated-rules.ts";
import { OWN_RULES } from "../test/fidelity/own-rules.ts";
import { leavesOut } from "../test/fidelity/refused.ts";
import { OWN_SITES, SITE_KINDS } from "../test/fidelity/site.ts";

const { values } = parseArgs({
  options: {
    exchanges: { type: "string", default: "2000" },
    seed: { type: "string", default: String(Date.now() % 1_000_000_000) },
    site: { type: "string" },
    path: { type: "string" },
    impersonating: { type: "boolean", default: false },
    unshrunk: { type: "boolean", default: false },
  },
});
const cleaning: (() => unknown)[] = [];
const kind = SITE_KINDS.find((it) => it === values.site);
const impersonating = values.impersonating || kind === "impersonating";
const besides = impersonating ? IMPERSONATED_RULES : {};
const own = comparison({ ...OWN_RULES, ...besides });
const seed = Number(values.seed);
const started = performance.now();
const { exchanges, failures } = await run(
  { teardown: (clean) => void cleaning.unshift(clean) },
  {
    exchanges: Number(values.exchanges),
    seed,
    comparison: own,
    sites: impersonating ? ["impersonating"] : OWN_SITES,
    leaves: leavesOut,
    unshrunk: values.unshrunk,
    ...(kind === undefined || values.path === undefined ? {} : { again: { site: kind, path: values.path } }),
  },
);
for (const clean of cleaning) await clean();
process.stdout.write(`${failures.join("\n\n")}\n`);
process.stdout.write(`${JSON.stringify(Object.fromEntries(own.used))}\n`);
process.stdout.write(
  `${exchanges} exchanges compared, seed ${seed}, ${failures.length} differ, ${Math.round(performance.now() - started)} ms, ${Math.round(process.cpuUsage().user / 1000 + process.cpuUsage().system / 1000)} ms of processor\n`,
);
process.exitCode = failures.length === 0 ? 0 : 1;
