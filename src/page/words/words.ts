import { type Language, wantedOf } from "../../domain/language.ts";
import { AR } from "./ar.ts";
import { DE } from "./de.ts";
import { type BannerWords, EN } from "./en.ts";
import { ES } from "./es.ts";
import { FR } from "./fr.ts";
import { JA } from "./ja.ts";
import { PT } from "./pt.ts";

const WORDS: Readonly<Record<Language, BannerWords>> = {
  en: EN,
  de: DE,
  fr: FR,
  es: ES,
  pt: PT,
  ja: JA,
  ar: AR,
};

/** The language that a browser wants most of those that there are; the usual one where it wants none of them. */
export function wordsFor(acceptLanguage: string | undefined): BannerWords {
  return WORDS[wantedOf(acceptLanguage) ?? "en"];
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
