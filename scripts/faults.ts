// `npm run test:faults`: the tests of faults with the rounds and sizes that docs/faults.md names, one file after another.
import { spawnSync } from "node:child_process";
import { globSync } from "node:fs";

const given = process.argv.slice(2);
const files = ["test/faults", "test/system/faults"].flatMap((folder) =>
  globSync(`${folder}/*.test.ts`).sort(),
);

// The plugins that .taprc names have to be put together once after an install.
spawnSync("tap", ["build"], { stdio: ["ignore", "ignore", "inherit"] });
const { status } = spawnSync(
  "tap",
  [
    "--disable-coverage",
    "--timeout=0",
    "--jobs=1",
    "--reporter=tap",
    ...(given.length === 0 ? files : given),
  ],
  { stdio: "inherit", env: { ...process.env, GUISE_LONG: "1" } },
);
process.exitCode = status ?? 1;
