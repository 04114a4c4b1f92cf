import { type Identity, labelOf } from "./identity.ts";
import { plain } from "./plain.ts";

/** Fills the people's names into a sentence of the config, made safe to show: `{effectiveUser.name}`, `{trueUser.email}` … */
export function fillSentence(
  sentence: string,
  people: { readonly trueUser: Identity | null; readonly effectiveUser: Identity | null },
): string {
  return sentence.replace(
    /\{(trueUser|effectiveUser)\.(id|name|email)\}/g,
    (whole, who: string, what: string) => {
      const person = who === "trueUser" ? people.trueUser : people.effectiveUser;
      if (person === null) return whole;
      if (what === "id") return person.id;
      return plain((what === "email" ? person.email : null) ?? labelOf(person)) || person.id;
    },
  );
}
