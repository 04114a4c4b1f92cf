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
