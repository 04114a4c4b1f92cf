import { type Identity, labelOf } from "./identity.ts";

/** A sentence of the config with the people's names in their places: `{effectiveUser.name}`, `{trueUser.email}` … */
export function fillSentence(
  sentence: string,
  people: { readonly trueUser: Identity | null; readonly effectiveUser: Identity | null },
): string {
  return sentence.replace(
    /\{(trueUser|effectiveUser)\.(id|name|email)\}/g,
    (whole, who: string, what: string) => {
      const person = who === "trueUser" ? people.trueUser : people.effectiveUser;
      if (person === null) return whole;
      if (what === "name") return labelOf(person);
      return (what === "id" ? person.id : person.email) ?? labelOf(person);
    },
  );
}
