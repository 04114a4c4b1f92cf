import t from "tap";
import { banner, notice } from "../../../src/page/banner.ts";
import { AR } from "../../../src/page/words/ar.ts";
import { DE } from "../../../src/page/words/de.ts";
import { EN } from "../../../src/page/words/en.ts";
import { ES } from "../../../src/page/words/es.ts";
import { FR } from "../../../src/page/words/fr.ts";
import { JA } from "../../../src/page/words/ja.ts";
import { PT } from "../../../src/page/words/pt.ts";
import { wordsFor } from "../../../src/page/words/words.ts";
import { viewOf } from "../site.ts";

const LANGUAGES = [EN, DE, FR, ES, PT, JA, AR];

/** Every text by its whole name. */
function flat(words: object, before = ""): Map<string, string> {
  return new Map(
    Object.entries(words).flatMap(([name, text]) =>
      typeof text === "string" ? [[before + name, text]] : [...flat(text, `${before}${name}.`)],
    ),
  );
}

const places = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name).sort();

t.test(
  "every language has every text, with the same places to fill in, and an English one in none",
  async (t) => {
    t.same(
      LANGUAGES.map(({ language }) => language),
      ["en", "de", "fr", "es", "pt", "ja", "ar"],
    );
    for (const words of LANGUAGES) {
      const said = flat(words);
      t.same([...said.keys()], [...flat(EN).keys()], words.language);
      for (const [name, text] of said) {
        const english = flat(EN).get(name);
        t.ok(text.trim() !== "", `${words.language} ${name}`);
        t.same(places(text), places(String(english)), `${words.language} ${name}`);
        const sentence = words !== EN && String(english).split(" ").length > 3;
        if (sentence) t.not(text, english, `${words.language} ${name} is translated`);
      }
    }
  },
);

t.test("the browser's language decides, by how much it is wanted", async (t) => {
  for (const [header, language] of [
    [undefined, "en"],
    ["", "en"],
    ["de-AT,de;q=0.9,en;q=0.8", "de"],
    ["nl, fr;q=0.4, ja;q=0.7", "ja"],
    ["pt-BR", "pt"],
    ["ar;q=0, es", "es"],
    ["*;q=0.1, zz", "en"],
    ["fr;q=x", "en"],
    [`${"nl,".repeat(50)}de`, "en"],
  ] as const)
    t.equal(wordsFor(header).language, language, String(header));
});

t.test(
  "the banner is ASCII in every language, says which one it is, and from which side it is read",
  async (t) => {
    for (const words of LANGUAGES) {
      const view = viewOf("app.example.com", { words });
      for (const text of [banner(view), notice(view)]) {
        // biome-ignore lint/suspicious/noControlCharactersInRegex: what is not ASCII is looked for.
        t.notMatch(text, /[^\x00-\x7f]/, words.language);
        t.match(text, `lang="${words.language}" dir="${words.direction}"`);
        t.notMatch(
          text.replaceAll(/data-config="[^"]*"/g, ""),
          /\{\w+\}/,
          `${words.language}: nothing is left open`,
        );
      }
    }
  },
);

t.test("a name and a colour of the operator's stand in it, whatever they are made of", async (t) => {
  const brand = { name: '<b>$& "Desk"', colour: "#102030" };
  const text = banner(viewOf("app.example.com", { brand }));
  t.match(text, 'fill="#102030"');
  t.match(text, 'fill="#ffffff"');
  t.match(text, "&#60;b&#62;$&#38; &#34;Desk&#34;: you are viewing the app as Nuno Almeida");
  t.notMatch(text, "<b>$");
  const plain = banner(viewOf("app.example.com"));
  t.notMatch(plain, 'class="brand"', "without a name of its own there is none to see");
});
