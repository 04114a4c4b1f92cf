import { AR } from "./ar.ts";
import { DE } from "./de.ts";
import { type BannerWords, EN } from "./en.ts";
import { ES } from "./es.ts";
import { FR } from "./fr.ts";
import { JA } from "./ja.ts";
import { PT } from "./pt.ts";

/** All languages, the usual one first. */
const LANGUAGES: readonly BannerWords[] = [EN, DE, FR, ES, PT, JA, AR];

const MOST = 16;

/** The language that a browser wants most of those that there are; the usual one where it wants none of them. */
export function wordsFor(acceptLanguage: string | undefined): BannerWords {
  const wanted = (acceptLanguage ?? "").split(",", MOST).map((part) => {
    const [tag = "", ...parameters] = part.split(";").map((text) => text.trim().toLowerCase());
    const q = Number(parameters.find((it) => it.startsWith("q="))?.slice(2) ?? 1);
    return { language: tag.split("-")[0], q: Number.isFinite(q) ? q : 0 };
  });
  for (const { language, q } of wanted.toSorted((one, other) => other.q - one.q)) {
    const found = q > 0 ? LANGUAGES.find((it) => it.language === language) : undefined;
    if (found !== undefined) return found;
  }
  return EN;
}

/** A sentence around what is put in. */
export function around(sentence: string, place: string): readonly [before: string, after: string] {
  const [before = "", after = ""] = sentence.split(`{${place}}`);
  return [before, after];
}

const REFUSALS = {
  "read-only": "readOnlyRefused",
  denied: "deniedRefused",
  "other-tab": "otherTabRefused",
  "as-self": "asSelfRefused",
  "other-host": "otherHostRefused",
  "outside-grant": "outsideGrantRefused",
} as const satisfies Readonly<Record<string, keyof BannerWords>>;

/** The sentence of a refusal in the language that a browser wants, where it is the usual one of its reason word and has been translated. */
export function refusalFor(acceptLanguage: string | undefined, word: string, sentence: string): string {
  if (!Object.hasOwn(REFUSALS, word)) return sentence;
  const name = REFUSALS[word as keyof typeof REFUSALS];
  return sentence === EN[name] ? wordsFor(acceptLanguage)[name] : sentence;
}

/** What the script says; the rest is in the HTML. */
export function scriptWords(words: BannerWords): Readonly<Record<string, string>> {
  return Object.fromEntries(SCRIPT.map((name) => [name, words[name]]));
}

const SCRIPT = [
  "readOnly",
  "write",
  "until",
  "left",
  "timeIsUp",
  "oneMinute",
  "fiveMinutes",
  "notDone",
  "notDoneMany",
  "notDoneBefore",
  "endsUnused",
  "toConfirm",
  "answer",
  "close",
  "allowChanges",
  "otherTab",
  "yourselfAgain",
  "otherNow",
  "goOn",
  "loadAgain",
  "stop",
] as const satisfies readonly (keyof BannerWords)[];
