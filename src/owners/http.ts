import { z } from "zod";
import { headerName } from "../clients/field.ts";
import { type HttpAnswer, jsonOf } from "../clients/http.ts";
import { textSource } from "../clients/secret.ts";
import { urlTemplate } from "../clients/template.ts";
import type { Owner, OwnerLookup } from "../domain/owner.ts";
import { type OwnerMapping, readOwner } from "../domain/person.ts";
import { paramsAmong, valueFor } from "../domain/routing/lookup.ts";
import { keyHelp } from "../kinds.ts";
import { ownerMapping, readOrNobody } from "../people.ts";
import { caching } from "./cached.ts";
import type { CachedOwnerResolver, OwnerDeps, OwnerKind } from "./resolver.ts";

const schema = z.strictObject({
  http: z.strictObject({
    url: urlTemplate(null).describe(
      "The address to ask, with {param}, {path}, {host} and {query.NAME} put in.",
    ),
    headers: z
      .record(headerName, textSource, { error: keyHelp("write the name of a header, like authorization") })
      .default({})
      .describe("Headers to send, like authorization: { fromEnv: APP_TOKEN }."),
    user: ownerMapping,
  }),
  ...caching,
});

type Options = z.infer<typeof schema>;

/**
 * Asks a service of the operator. It says an id, or an object with an id; 404, 204 and null are nobody. All else, a
 * redirect too, is no answer. Nothing of the client goes there but what the address of the lookup holds.
 */
export const http: OwnerKind<Options> = {
  name: "http",
  describe: "A service says as JSON whom the page belongs to.",
  schema,
  create: resolver,
};

function resolver({ http: options, ...times }: Options, deps: OwnerDeps): CachedOwnerResolver {
  const { url } = options;
  const headers: Record<string, string> = { accept: "application/json" };
  for (const [name, source] of Object.entries(options.headers)) headers[name] = deps.secret(source);
  const urlOf = (lookup: OwnerLookup) =>
    url.render(Object.fromEntries(url.names.map((name) => [name, valueFor(name, lookup) ?? ""])));
  return {
    needs: paramsAmong(url.names),
    // The address is the question, so what it doesn't hold can't tell two questions apart.
    remembered: { caching: times, keyOf: (lookup) => urlOf(lookup) ?? "" },
    resolve: async (lookup, signal) => {
      const address = urlOf(lookup);
      if (address === null) return null;
      return ownerIn(await deps.http.get(address, { headers, signal, timeout: times.timeout }), options.user);
    },
  };
}

function ownerIn(answer: HttpAnswer, mapping: OwnerMapping): Owner | null {
  if (answer.status === 404 || answer.status === 204) return null;
  if (answer.status !== 200) throw new Error(`the answer has status ${answer.status}`);
  return readOrNobody(readOwner(jsonOf(answer), mapping));
}
