import { assistantIn } from "../identity.ts";
import { type Language, wantedOf } from "../language.ts";
import { plain } from "../plain.ts";
import { AR } from "./words/ar.ts";
import { DE } from "./words/de.ts";
import { type ConsentWords, EN } from "./words/en.ts";
import { ES } from "./words/es.ts";
import { FR } from "./words/fr.ts";
import { JA } from "./words/ja.ts";
import { PT } from "./words/pt.ts";

const WORDS: Readonly<Record<Language, ConsentWords>> = {
  en: EN,
  de: DE,
  fr: FR,
  es: ES,
  pt: PT,
  ja: JA,
  ar: AR,
};

/** What customers read in one language, and which one it is. */
export interface Texts {
  readonly language: Language;
  readonly direction: "ltr" | "rtl";
  readonly words: ConsentWords;
}

export function textsOf(language: Language): Texts {
  return { language, direction: language === "ar" ? "rtl" : "ltr", words: WORDS[language] };
}

/** By the first of these that wants a language of ours: a claim like `de-AT`, an `Accept-Language`, a setting. English where none does. */
export function textsFor(...said: readonly (string | null | undefined)[]): Texts {
  for (const it of said) {
    const language = wantedOf(it);
    if (language !== null) return textsOf(language);
  }
  return textsOf("en");
}

export const ENGLISH: Texts = textsOf("en");

/** A sentence with its places filled in; what is put in is not read for places again. */
export function filled(sentence: string, values: Readonly<Record<string, string>>): string {
  return sentence.replace(/\{(\w+)\}/g, (place, name: string) => values[name] ?? place);
}

const UNITS = [
  [86_400_000, "day"],
  [3_600_000, "hour"],
  [60_000, "minute"],
] as const;

/** `24 hours`, `7 days`, `30 minutes`. */
export function spanText(ms: number, language: Language = "en"): string {
  for (const [unit, word] of UNITS) {
    // One day is said as hours, as people say it who ask for one.
    if (ms >= (word === "day" ? 2 : 1) * unit && ms % unit === 0) return counted(ms / unit, word, language);
  }
  return counted(Math.max(1, Math.round(ms / 60_000)), "minute", language);
}

function counted(count: number, unit: (typeof UNITS)[number][1], language: Language): string {
  return new Intl.NumberFormat(language, { style: "unit", unit, unitDisplay: "long" }).format(count);
}

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** `28 May 2026 20:26 UTC`. */
export function momentText(at: number, language: Language = "en"): string {
  const day = new Date(at);
  if (language !== "en") {
    const told = { dateStyle: "medium", timeStyle: "short", timeZone: "UTC" } as const;
    return `${new Intl.DateTimeFormat(language, told).format(day)} UTC`;
  }
  const date = `${day.getUTCDate()} ${MONTHS[day.getUTCMonth()] ?? ""} ${day.getUTCFullYear()}`;
  return `${date} ${day.toISOString().slice(11, 16)} UTC`;
}

/** Who looks, as a customer reads it, cut to what has room. */
export function whoText(who: string, { words }: Texts): string {
  const assistant = assistantIn(who);
  if (assistant === null) return plain(who, 100);
  const { name, person } = assistant;
  return filled(words.assistant, { name: plain(name, 60), person: plain(person, 60) });
}

/** How much was looked at and changed. */
export function doneText(
  { looked, changed }: { readonly looked: number; readonly changed: number },
  { words }: Texts,
): string {
  return filled(words.done, { looked: String(looked), changed: String(changed) });
}
