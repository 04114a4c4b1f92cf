import { REASONS, type ReasonWord } from "../../domain/decision.ts";
import { type Language, languageFor } from "../../domain/language.ts";
import { AR } from "./ar.ts";
import { DE } from "./de.ts";
import { EN, type Words } from "./en.ts";
import { ES } from "./es.ts";
import { FR } from "./fr.ts";
import { JA } from "./ja.ts";
import { PT } from "./pt.ts";

const WORDS: Readonly<Record<Language, Words>> = {
  en: EN,
  de: DE,
  fr: FR,
  es: ES,
  pt: PT,
  ja: JA,
  ar: AR,
};

/** The language that a browser wants most of those that there are; the usual one where it wants none of them. */
export function wordsFor(acceptLanguage: string | undefined): Words {
  return wordsIn(languageFor(acceptLanguage));
}

export function wordsIn(language: Language): Words {
  return WORDS[language];
}

/** The parts of a sentence before and after a place. */
export function around(sentence: string, place: string): readonly [before: string, after: string] {
  const [before = "", after = ""] = sentence.split(`{${place}}`);
  return [before, after];
}

/** The sentence of a reason word in a language, where it is the usual one and not a rule's own. */
export function sentenceIn(words: Words, word: string, sentence: string): string {
  const isUsual = Object.hasOwn(REASONS, word) && sentence === REASONS[word as ReasonWord];
  return isUsual ? words.reasons[word as ReasonWord] : sentence;
}

/** What stands in the banner itself. */
type Spoken = { [K in keyof Words]: Words[K] extends string ? K : never }[keyof Words];

/** What the script says; the rest is in the HTML. */
export function scriptWords(words: Words): Readonly<Record<string, string>> {
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
] as const satisfies readonly Spoken[];
