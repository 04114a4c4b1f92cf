import t from "tap";
import { didYouMean, nearest } from "../../src/config/nearest.ts";

const words = ["routes", "rules", "owners", "users", "upstream"];

for (const [written, meant] of [
  ["route", "routes"],
  ["ruels", "rules"],
  ["Upstream", "upstream"],
  ["onwers", "owners"],
  ["usres", "users"],
] as const) {
  t.test(`${written} probably means ${meant}`, async (t) => t.equal(nearest(written, words), meant));
}

t.test("a word that is near to none is not guessed", async (t) => {
  t.equal(nearest("telemetry", words), null);
  t.equal(nearest("x", words), null);
  t.equal(nearest("x", []), null);
});

t.test("the guess is a question behind what is wrong", async (t) => {
  t.equal(didYouMean("route", words), "; did you mean `routes`?");
  t.equal(didYouMean("telemetry", words), "");
});
