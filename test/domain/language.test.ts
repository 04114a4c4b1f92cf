import t from "tap";
import { wantedOf } from "../../src/domain/language.ts";

t.test("the first of ours that is wanted most; null where none is", async (t) => {
  for (const [said, language] of [
    [null, null],
    ["", null],
    ["de_CH", "de"],
    ["nl, fr;q=0.4, ja;q=0.7", "ja"],
    ["ar;q=0, es", "es"],
    ["*", null],
  ] as const)
    t.equal(wantedOf(said), language, String(said));
});
