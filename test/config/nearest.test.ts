import t from "tap";
import { didYouMean } from "../../src/config/nearest.ts";

const words = ["routes", "rules", "owners", "users", "upstream"];

for (const [written, meant] of [
  ["route", "routes"],
  ["ruels", "rules"],
  ["Upstream", "upstream"],
  ["onwers", "owners"],
  ["usres", "users"],
] as const) {
  t.test(`${written} probably means ${meant}`, async (t) =>
    t.equal(didYouMean(written, words), `; did you mean \`${meant}\`?`),
  );
}

t.test("a word that is near to none is not guessed", async (t) => {
  t.equal(didYouMean("telemetry", words), "");
  t.equal(didYouMean("x", words), "");
  t.equal(didYouMean("x", []), "");
});
