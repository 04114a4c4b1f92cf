import t from "tap";
import { factsOf, letterOf } from "../../../src/domain/consent/letters.ts";
import {
  filled,
  momentText,
  spanText,
  textsFor,
  textsOf,
  whoText,
} from "../../../src/domain/consent/texts.ts";
import { EN } from "../../../src/domain/consent/words/en.ts";
import { assistantLabel } from "../../../src/domain/identity.ts";
import { LANGUAGES } from "../../../src/domain/language.ts";
import { aConsent, HOUR } from "../../fixtures/gateway/consent.ts";

/** Every text with the way to it. */
function textsIn(words: object, at = ""): ReadonlyMap<string, string> {
  const all = Object.entries(words).flatMap(([key, value]: [string, unknown]) =>
    typeof value === "string"
      ? [[`${at}${key}`, value] as const]
      : [...textsIn(value as object, `${at}${key}.`)],
  );
  return new Map(all);
}

const places = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name).sort();

t.test(
  "every language has every text, with the same places to fill in, and an English one in none",
  async (t) => {
    const english = textsIn(EN);
    for (const language of LANGUAGES) {
      const texts = textsIn(textsOf(language).words);
      t.same([...texts.keys()].sort(), [...english.keys()].sort(), language);
      for (const [name, text] of texts) {
        const original = english.get(name) ?? "";
        t.ok(text.trim() !== "", `${language} ${name}`);
        t.same(places(text), places(original), `${language} ${name}`);
        if (language !== "en" && original.split(" ").length > 3) t.not(text, original, `${language} ${name}`);
      }
    }
  },
);

t.test("the first that says a language of ours decides", async (t) => {
  t.equal(textsFor("pt-BR", "de").language, "pt");
  t.equal(textsFor(null, "nl, de;q=0.5", "fr").language, "de");
  t.equal(textsFor(undefined, "nl", "fr").language, "fr");
  t.equal(textsFor().language, "en");
  t.match([textsOf("ar").direction, textsOf("ja").direction], ["rtl", "ltr"]);
});

t.test("what is put in is not read once more", async (t) => {
  t.equal(filled("{who} and {what}", { who: "{what}", what: "$&" }), "{what} and $&");
});

t.test("times and lengths are said in the language", async (t) => {
  const at = Date.UTC(2026, 4, 28, 20, 26);
  t.match(momentText(at), "28 May 2026 20:26 UTC");
  t.match(momentText(at, "de"), /28\.05\.2026.*20:26 UTC/);
  t.same(
    [spanText(HOUR), spanText(24 * HOUR), spanText(48 * HOUR), spanText(90_000)],
    ["1 hour", "24 hours", "2 days", "2 minutes"],
  );
  t.match(`${spanText(4 * HOUR, "de")}, ${spanText(HOUR, "fr")}`, /^4\sStunden, 1\sheure$/);
  for (const language of LANGUAGES) t.ok(spanText(HOUR / 2, language).length > 2, language);
});

t.test("a mail says all of it in the customer's language, and from which side it is read", async (t) => {
  for (const language of LANGUAGES) {
    const texts = textsOf(language);
    const letter = letterOf(
      factsOf(aConsent({ type: "write" })),
      "https://app.example.com/.guise/access",
      texts,
    );
    t.match(letter.html, `<html lang="${language}" dir="${texts.direction}">`);
    t.match(letter.text, filled(texts.words.leads.askedWrite, { who: "Alice" }));
    t.match(letter.text, "https://app.example.com/.guise/access\n");
    t.notMatch(letter.subject + letter.text, /[{}]|undefined/);
    const english = [EN.facts.longest, EN.causes["customer-initiated-support"], EN.facts.whole];
    if (language !== "en") for (const text of english) t.notMatch(letter.text, text);
  }
  const told = { ...factsOf(aConsent()), kind: "askedFor", customer: "Nuno" } as const;
  t.match(letterOf(told, "x").subject, "Alice asks to look at the account of Nuno");
});

t.test("a program that acts for a person is named in the language of who reads it", async (t) => {
  const label = assistantLabel("Helper", "Alice, for now");
  t.equal(whoText(label, textsOf("en")), "an AI assistant (Helper, for Alice, for now)");
  const said = LANGUAGES.map((language) => {
    const texts = textsOf(language);
    const who = whoText(label, texts);
    t.match(who, "Helper");
    t.match(who, "Alice, for now");
    const letter = letterOf({ ...factsOf(aConsent()), who: label }, "x", texts);
    t.ok(letter.subject.includes(who) && letter.text.includes(who), language);
    return who;
  });
  t.equal(new Set(said).size, LANGUAGES.length);
  t.equal(whoText("Alice {name}", textsOf("de")), "Alice {name}");
  t.equal(whoText(assistantLabel("{person}", "B"), textsOf("de")), "ein KI-Assistent ({person}, für B)");
});
