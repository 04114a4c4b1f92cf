import t from "tap";
import { reasonField } from "../../src/console/reason-field.ts";
import { wordsIn } from "../../src/page/words/words.ts";

t.test("without a list it is what the agent writes", async (t) => {
  const { text } = reasonField({ reason: "required", reasons: null }, "</textarea><b>", wordsIn("en"));
  t.match(text, /<textarea id="reason" name="reason" maxlength="500" required>/);
  t.notMatch(text, "<b>");
});

t.test("with a list it is one of it, or none where none is needed", async (t) => {
  const { text } = reasonField({ reason: "optional", reasons: ["bug", '"><b>'] }, "bug", wordsIn("en"));
  t.match(text, /<select id="reason" name="reason"><option value=""><\/option>/);
  t.match(text, '<option value="bug" selected>bug</option>');
  t.notMatch(text, /<b>|textarea| required/);
  t.match(
    reasonField({ reason: "required", reasons: ["bug"] }, "else", wordsIn("en")).text,
    /<select [^>]* required>/,
  );
  t.notMatch(reasonField({ reason: "required", reasons: ["bug"] }, "else", wordsIn("en")).text, "selected");
});
