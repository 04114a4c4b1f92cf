import t from "tap";
import { EFFECTS } from "../../../src/domain/effects/registry.ts";

t.test("only allow gives; all others take away, and so count in every reading of a path", async (t) => {
  const giving = Object.entries(EFFECTS).filter(([, effect]) => !effect.restricts);
  t.same(
    giving.map(([name]) => name),
    ["allow"],
  );
});
