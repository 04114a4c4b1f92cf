import { z } from "zod";
import { isId, isLine, type Reading } from "./domain/person.ts";
import { parsePointer } from "./domain/pointer.ts";

const pointerHelp = "write a JSON pointer, like /id or /user/name";

/** A JSON pointer in the config; comes out as its steps. */
export const pointer = z.string({ error: pointerHelp }).transform((text, context) => {
  const steps = parsePointer(text);
  if (steps !== null) return steps;
  context.addIssue({ code: "custom", message: pointerHelp, input: text });
  return z.NEVER;
});

const IN_ANSWER = "Where in the answer the facts of a person stand, as JSON pointers.";

function factsMapping(id: `/${string}`) {
  return z.strictObject({
    id: pointer.prefault(id).describe("Where the id stands, as a JSON pointer."),
    name: pointer.prefault("/name").describe("Where the name stands."),
    email: pointer.prefault("/email").describe("Where the e-mail address stands."),
    groups: pointer.prefault("/groups").describe("Where the groups stand: a list of texts, or one text."),
    language: pointer
      .prefault("/locale")
      .describe("Where the language stands that they read, like `de` or `pt-BR`."),
  });
}

/** The option `user` of the kinds that read a person out of JSON; every pointer has a default. */
export function personMapping(id: `/${string}`) {
  return factsMapping(id).prefault({}).describe(IN_ANSWER);
}

/** The same of a directory, which also says who answers for a person. */
export function directoryMapping() {
  return factsMapping("/id")
    .extend({
      approvers: pointer
        .prefault("/approvers")
        .describe("Where the ids of those stand who see, and may answer, what this customer is asked."),
    })
    .prefault({})
    .describe(IN_ANSWER);
}

/** The same for owners, who may have viewers. */
export const ownerMapping = z
  .strictObject({
    id: pointer.prefault("/id").describe("Where the owner's id stands, as a JSON pointer."),
    name: pointer.prefault("/name").describe("Where the owner's name stands."),
    email: pointer.prefault("/email").describe("Where the owner's e-mail address stands."),
    groups: pointer.prefault("/groups").describe("Where the owner's groups stand."),
    language: pointer.prefault("/locale").describe("Where the language stands that the owner reads."),
    viewers: pointer
      .prefault("/viewers")
      .describe("Where the ids of those stand who may see the page as themselves."),
  })
  .prefault({})
  .describe("Where in the answer the facts of an owner stand, as JSON pointers.");

const idHelp = "write an id of 1 to 256 plain ASCII characters, in quotes";

/** An id in the config; YAML's bare whole numbers are taken as well. */
export const personId = z
  .union([z.string().refine(isId, { error: idHelp }), z.int().min(0).transform(String)], { error: idHelp })
  .describe("The id of a person, as the app knows it.");

const line = z.string().refine(isLine, { error: "write at most 320 characters in one line" });

/** What a table in the config may say of a person besides the id. Facts that are left out are null: nobody knows them. */
export const personFacts = z.strictObject({
  name: line.nullable().default(null).describe("The name that pages show."),
  email: line.nullable().default(null).describe("The e-mail address."),
  groups: z
    .array(line.min(1))
    .nullable()
    .default(null)
    .describe("The groups; leave out if they are not known, write [] for none."),
  language: line.optional().describe("The language that they read, like `de`."),
});

/** What was read; null is nobody. Throws an Error that says why where it can't be taken for a person. */
export function readOrNobody<T>(reading: Reading<T> | undefined): T | null {
  if (reading?.kind === "bad") throw new Error(reading.why);
  return reading?.kind === "read" ? reading.value : null;
}
