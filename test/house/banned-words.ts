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
  "deed",
  "rouse",
  "hurry",
];

/** Names of 0.1.0 that lie outside the process, each with who still uses it; all of them go with the version after the next. */
export const STILL_THERE: Readonly<Record<string, string>> = {
  "guise-worn":
    "the cookie of 0.1.0 that marks an impersonation: its gateways read it, and its browsers send it",
  "--wearing": "an option of `guise explain` in 0.1.0, in scripts of operators",
  "wearing: TEXT": "the same option, where it is declared",
  "values.wearing": "the same option, where it is read",
  '"worn"': "the end of the name of that cookie, where both its names are listed",
  '"-worn"': "the same, where the names are listed that no app may set",
  guise_audit_owed_records: "a metric of 0.1.0, in dashboards and alarms",
};

const ANYWHERE = new RegExp(`(?<![a-z])(?:${BANNED.join("|")})(?![a-z])`, "gi");

/** `doorOpen` as `door Open`. */
const apart = (text: string) => text.replace(/([a-z\d])([A-Z])/g, "$1 $2");

/** The words of the first list that a text uses, each with its line: `12: worn`. */
export function bannedIn(
  text: string,
  allowed: readonly string[] = Object.keys(STILL_THERE),
): readonly string[] {
  return text.split("\n").flatMap((line, at) => {
    const without = allowed.reduce((rest, name) => rest.replaceAll(name, ""), line);
    return [...apart(without).matchAll(ANYWHERE)].map(([word]) => `${at + 1}: ${word}`);
  });
}

/** The words of the second list in one identifier or file name, however it joins them: `doorOpen`, `door-open`, `DOOR_OPEN`. */
export function bannedInName(name: string): readonly string[] {
  const parts = apart(name)
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

/** One thing of a TypeScript, JavaScript or CSS file: a comment, a string, a regular expression, a name, or one more character. */
const TOKEN =
  /\/\/[^\n]*|\/\*[\s\S]*?\*\/|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|(?<=(?:[(,=:[!&|?{};+]|return|=>)\s*)\/(?![*/])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\[\n])+\/[a-z]*|[A-Za-z_$][\w$]*|[\s\S]/gy;
/** The text of a template up to its end or to `${`, from behind its quote or behind the brace that ends such a place. */
const TEMPLATE = /(?:\\[\s\S]|[^`\\$]|\$(?!\{))*(?:`|\$\{)/y;

/** The identifiers of a source text with their lines, without what stands in comments, strings, templates and regular expressions. */
export function identifiersIn(source: string): readonly { readonly name: string; readonly line: number }[] {
  const found: { name: string; line: number }[] = [];
  /** How many braces are open in each place of a template that is being read. */
  const places: number[] = [];
  let [at, line] = [0, 1];
  const read = (pattern: RegExp): string => {
    pattern.lastIndex = at;
    const text = pattern.exec(source)?.[0] ?? source.slice(at);
    at += text.length;
    return text;
  };
  while (at < source.length) {
    const start = line;
    let token = read(TOKEN);
    const depth = places.at(-1);
    if (token === "`" || (token === "}" && depth === 0)) {
      if (token === "}") places.pop();
      token += read(TEMPLATE);
      if (token.endsWith("${")) places.push(0);
    } else if (depth !== undefined && (token === "{" || token === "}")) {
      places[places.length - 1] = depth + (token === "{" ? 1 : -1);
    } else if (/^[A-Za-z_$]/.test(token)) {
      found.push({ name: token, line: start });
    }
    line += token.split("\n").length - 1;
  }
  return found;
}

/** The words of the second list in the identifiers of a source text: `12: openDoor: door`. */
export function bannedIdentifiers(source: string): readonly string[] {
  return identifiersIn(source).flatMap(({ name, line }) =>
    bannedInName(name).map((word) => `${line}: ${name}: ${word}`),
  );
}
