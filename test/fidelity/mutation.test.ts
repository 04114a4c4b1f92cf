import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { text } from "node:stream/consumers";
import t from "tap";
import { MUTATIONS } from "./mutations.ts";

/** As many as `npm test` compares. */
const EXCHANGES = 2_000;

/** All of them in `npm run test:system`. */
const PROVED = Object.keys(MUTATIONS).slice(0, process.env.GUISE_LONG === undefined ? 1 : undefined);

t.test("each old mistake has its place in src", async (t) => {
  for (const [name, { file, from }] of Object.entries(MUTATIONS)) {
    const source = readFileSync(new URL(`../../src/${file}`, import.meta.url), "utf8");
    t.equal(source.split(from).length, 2, `${name}: ${file} has the line once`);
  }
});

for (const mutation of PROVED) {
  t.test(
    `${mutation}: an old mistake makes the comparison red within its ${EXCHANGES} exchanges`,
    async (t) => {
      const args = [
        "--import",
        "./test/fidelity/mutate.ts",
        "scripts/fidelity.ts",
        "--unshrunk",
        "--exchanges",
        `${EXCHANGES}`,
      ];
      const child = spawn(process.execPath, args, {
        cwd: new URL("../..", import.meta.url),
        env: { ...process.env, GUISE_MUTATION: mutation },
        stdio: ["ignore", "pipe", "inherit"],
      });
      const [said, [code]] = await Promise.all([text(child.stdout), once(child, "close")]);
      t.equal(code, 1, said.split("\n").at(-2) ?? "it said nothing");
      t.match(
        said,
        /^ {2}(?:exchange \d: |somebody got |the app got |the exchange came )/m,
        "it says what differs",
      );
      t.comment(said.split("\n").at(-2) ?? "");
    },
  );
}
