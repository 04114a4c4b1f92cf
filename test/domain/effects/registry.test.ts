import t from "tap";
import { EFFECTS } from "../../../src/domain/effects/registry.ts";

t.test("every effect is found by its own name and says what it does", async (t) => {
  for (const [key, effect] of Object.entries(EFFECTS)) {
    t.equal(effect.name, key);
    t.match(effect.describe, /^[A-Z].*\.$/);
  }
});

t.test("only allow gives; all others take away, and so count in every reading of a path", async (t) => {
  const giving = Object.values(EFFECTS).filter((effect) => !effect.restricts);
  t.same(
    giving.map((effect) => effect.name),
    ["allow"],
  );
});
