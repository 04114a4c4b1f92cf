import { z } from "zod";
import { type Identity, labelOf } from "../domain/identity.ts";
import { isId } from "../domain/person.ts";
import { keyHelp } from "../kinds.ts";
import { personFacts, personId } from "../people.ts";
import type { UserKind } from "./directory.ts";

const facts = personFacts.extend({
  approvers: z
    .array(personId)
    .optional()
    .describe("Ids of those who see, and may answer, what this customer is asked."),
});

const schema = z.strictObject({
  map: z
    .record(z.string().refine(isId), facts, { error: keyHelp("write the person's id in quotes") })
    .describe("Ids with the people."),
});

/** A table of people in the config. */
export const map: UserKind<z.infer<typeof schema>> = {
  name: "map",
  describe: "The people stand in the config.",
  schema,
  create: ({ map: written }) => {
    const people = new Map(Object.entries(written).map(([id, facts]) => [id, { id, ...facts }]));
    return {
      caching: null,
      find: async (id) => people.get(id) ?? null,
      search: async (text, limit) => {
        const wanted = text.toLowerCase();
        const found = [...people.values()].filter((person) => isNamed(person, wanted));
        return found.sort((a, b) => labelOf(a).localeCompare(labelOf(b), "en")).slice(0, limit);
      },
    };
  },
};

function isNamed({ id, name, email }: Identity, wanted: string): boolean {
  return [id, name, email].some((text) => text?.toLowerCase().includes(wanted) === true);
}
