import { z } from "zod";
import type { Owner } from "../domain/owner.ts";
import { ownerOf } from "../domain/person.ts";
import { personFacts, personId } from "../people.ts";

const facts = personFacts.extend({
  id: personId,
  viewers: z.array(personId).default([]).describe("The ids of those who may see the page as themselves."),
});

/** An owner in a table of the config: an id, or an object with more. */
export const ownerValue = z.union([personId.transform((id): Owner => ownerOf(id)), facts], {
  error: "write the owner's id in quotes, or { id, name, email, groups, viewers }",
});

/** A table as it is asked: names that every object has are not in it, and an accent is written in one way only. */
export function tableOf<T>(written: Readonly<Record<string, T>>): ReadonlyMap<string, T> {
  return new Map(Object.entries(written).map(([key, value]) => [key.normalize("NFC"), value]));
}
