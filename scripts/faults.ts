// `npm run test:faults`: the tests of faults with the rounds and sizes that docs/faults.md names, one file after another.
import { globSync } from "node:fs";
import { runAll } from "./runner.ts";

/** How long a file may take in these sizes, ms. */
const TIMEOUT = 3 * 60 * 60_000;

const given = process.argv.slice(2);
const files = ["test/faults", "test/system/faults"].flatMap((folder) =>
  globSync(`${folder}/*.test.ts`).sort(),
);
const { passed, failed } = await runAll(given.length === 0 ? files : given, {
  jobs: 1,
  timeout: TIMEOUT,
  env: { ...process.env, GUISE_FAULTS: "1" },
});
process.stdout.write(`${[...failed, `${passed} passed, ${failed.length} failed`].join("\n")}\n`);
process.exitCode = failed.length === 0 && passed > 0 ? 0 : 1;
