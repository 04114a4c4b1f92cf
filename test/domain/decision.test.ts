import t from "tap";
import { REASON_WORDS, REASONS } from "../../src/domain/decision.ts";

t.test("every reason word is a word with a sentence for a person", async (t) => {
  t.ok(REASON_WORDS.length > 20);
  for (const word of REASON_WORDS) {
    t.match(word, /^[a-z]+(?:-[a-z]+)*$/);
    t.match(REASONS[word], /^[A-Z].{10,}\.$/, word);
  }
  t.equal(new Set(Object.values(REASONS)).size, REASON_WORDS.length, "no two say the same");
});
