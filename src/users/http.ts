import { z } from "zod";
import { headerName } from "../clients/field.ts";
import { type HttpAnswer, jsonOf } from "../clients/http.ts";
import { textSource } from "../clients/secret.ts";
import { urlTemplate } from "../clients/template.ts";
import type { Identity } from "../domain/identity.ts";
import { type PersonMapping, readPerson } from "../domain/person.ts";
import { type Pointer, valueAt } from "../domain/pointer.ts";
import { keyHelp } from "../kinds.ts";
import { directoryMapping, pointer, readOrNobody } from "../people.ts";
import { caching } from "./cached.ts";
import type { Directory, UserDeps, UserKind } from "./directory.ts";

const schema = z.strictObject({
  http: z.strictObject({
    url: urlTemplate(["id"])
      .refine(({ names }) => names.includes("id"), { error: "write where the id goes, as {id}" })
      .describe("The address of one person, with {id} put in."),
    search: urlTemplate(["query", "limit"])
      .refine(({ names }) => names.includes("query"), { error: "write where the text goes, as {query}" })
      .optional()
      .describe(
        "The address that finds people, with {query} and {limit}. Without it only whole ids are found.",
      ),
    results: pointer.prefault("").describe("Where in the answer to a search the list of people stands."),
    headers: z
      .record(headerName, textSource, { error: keyHelp("write the name of a header, like authorization") })
      .default({})
      .describe("Headers to send, like authorization: { fromEnv: APP_TOKEN }."),
    user: directoryMapping(),
  }),
  ...caching,
});

type Options = z.infer<typeof schema>;

/** Asks a service of the operator. 404, 204 and null are nobody; all else that is no person, a redirect too, is no answer. */
export const http: UserKind<Options> = {
  name: "http",
  describe: "A service says as JSON who a person is, and finds people by name.",
  schema,
  create: directory,
};

function directory({ http: options, ...times }: Options, deps: UserDeps): Directory {
  const headers: Record<string, string> = { accept: "application/json" };
  for (const [name, source] of Object.entries(options.headers)) headers[name] = deps.secret(source);
  const get = (address: string, signal: AbortSignal | null) =>
    deps.http.get(address, {
      headers,
      timeout: times.timeout,
      maxBytes: 1_048_576,
      ...(signal === null ? {} : { signal }),
    });
  const find: Directory["find"] = async (id, signal) => {
    const address = options.url.render({ id });
    return address === null ? null : personIn(await get(address, signal), id, options.user);
  };
  return {
    caching: times,
    find,
    async search(text, limit) {
      const address = options.search?.render({ query: text, limit: String(limit) }) ?? null;
      if (address === null) {
        const person = await find(text, null);
        return person === null ? [] : [person];
      }
      return peopleIn(await get(address, null), options, deps);
    },
  };
}

function personIn(answer: HttpAnswer, id: string, mapping: PersonMapping): Identity | null {
  if (answer.status === 404 || answer.status === 204) return null;
  if (answer.status !== 200) throw new Error(`the answer has status ${answer.status}`);
  const person = readOrNobody(readPerson(jsonOf(answer), mapping));
  // Rights must never be judged by somebody else's groups.
  if (person !== null && person.id !== id)
    throw new Error("the answer is about somebody else than was asked for");
  return person;
}

function peopleIn(answer: HttpAnswer, options: Options["http"], { log }: UserDeps): readonly Identity[] {
  if (answer.status !== 200) throw new Error(`the answer to the search has status ${answer.status}`);
  const people: Identity[] = [];
  for (const document of listAt(jsonOf(answer), options.results)) {
    const reading = readPerson(document, options.user);
    if (reading.kind === "read") people.push(reading.value);
    else
      log.warn(
        { why: reading.kind === "bad" ? reading.why : "no id" },
        "a person found by a search is left out",
      );
  }
  return people;
}

function listAt(document: unknown, place: Pointer): readonly unknown[] {
  const list = valueAt(document, place);
  if (!Array.isArray(list)) throw new Error("the answer to the search has no list where `results` points");
  return list;
}
