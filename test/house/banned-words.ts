import { basename } from "node:path";

/** Words of a private language that stood in names, comments, docs, logs and pages. docs/glossary.md has what is said instead. */
export const BANNED: readonly string[] = [
  "worn",
  "wear",
  "wears",
  "wearing",
  "shoes",
  "disguise",
  "disguised",
  "goodbye",
  "farewell",
  "sworn",
  "unsworn",
  "doorstep",
  "owed",
  "whoever",
  "oneself",
];

/** Words that no identifier and no file is called by; in a sentence they mean what they always mean. */
export const BANNED_NAMES: readonly string[] = [
  "hand",
  "book",
  "desk",
  "clerk",
  "shelf",
  "seats",
  "ways",
  "lane",
  "door",
  "ring",
  "nap",
  "world",
  "elsewhere",
  "debts",
  "rouse",
  "hurry",
];

/** Old names outside the process that browsers and scripts still use. */
export const STILL_THERE: readonly string[] = ["__Host-guise-worn", "--wearing", "guise_audit_owed_records"];

const ANYWHERE = new RegExp(`\\b(?:${BANNED.join("|")})\\b`, "gi");

/** The words of the first list that a text uses, each with its line: `12: worn`. */
export function bannedIn(text: string, allowed: readonly string[] = STILL_THERE): readonly string[] {
  return text.split("\n").flatMap((line, at) => {
    const without = allowed.reduce((rest, name) => rest.replaceAll(name, ""), line);
    return [...without.matchAll(ANYWHERE)].map(([word]) => `${at + 1}: ${word}`);
  });
}

/** The words of the second list in one identifier or file name, however it joins them: `doorOpen`, `door-open`, `DOOR_OPEN`. */
export function bannedInName(name: string): readonly string[] {
  const parts = name
    .replace(/([a-z\d])([A-Z])/g, "$1 $2")
    .toLowerCase()
    .split(/[^a-z]+/);
  return parts.filter((part) => BANNED_NAMES.includes(part));
}

/** The same for all names that a page of the docs sets in code font; what has a space in it is a sentence. */
export function bannedNamesOnPage(text: string): readonly string[] {
  const prose = text.replace(/^```[\s\S]*?^```/gm, "");
  return [...prose.matchAll(/`([^`\s]+)`/g)].flatMap(([, code = ""]) =>
    bannedInName(code.includes("/") ? basename(code) : code).map((word) => `${code}: ${word}`),
  );
}
