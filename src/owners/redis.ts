import { z } from "zod";
import { textSource } from "../clients/secret.ts";
import type { Owner, OwnerLookup } from "../domain/owner.ts";
import { type OwnerMapping, readOwner } from "../domain/person.ts";
import { paramsAmong, valueFor } from "../domain/routing/lookup.ts";
import { ownerMapping, readOrNobody } from "../people.ts";
import { caching } from "./cached.ts";
import { type KeyTemplate, keyTemplate } from "./key-template.ts";
import type { CachedOwnerResolver, OwnerDeps, OwnerKind } from "./resolver.ts";

const schema = z.strictObject({
  redis: z
    .strictObject({
      url: textSource
        .refine((source) => typeof source !== "string" || !/^\w[\w+-]*:\/\/[^/]*@/.test(source), {
          error: "an address in the config must not hold a password; write { fromEnv: NAME }",
        })
        .describe("The Redis, best as { fromEnv: APP_REDIS }."),
      key: keyTemplate
        .optional()
        .describe("The key whose value is the owner, with {param}, {path}, {host} and {query.NAME} put in."),
      hash: keyTemplate.optional().describe("The key of a hash instead, with the same places."),
      field: keyTemplate.optional().describe("The field of the hash whose value is the owner."),
      user: ownerMapping,
    })
    .refine(
      ({ key, hash, field }) =>
        (key === undefined) === (hash !== undefined) && (hash === undefined) === (field === undefined),
      { error: "write either `key`, or `hash` and `field`" },
    ),
  ...caching,
});

type Options = z.infer<typeof schema>;

/** Reads a value of a Redis of the operator: an id, or an object in JSON. No value, an empty one and 0 are nobody. */
export const redis: OwnerKind<Options> = {
  name: "redis",
  describe: "A key or a field of a hash in Redis says whom the page belongs to.",
  schema,
  create: resolver,
};

function resolver({ redis: options, ...times }: Options, deps: OwnerDeps): CachedOwnerResolver {
  const { key, hash, field, user } = options;
  const templates = [key, hash, field].filter((it) => it !== undefined);
  const reader = deps.redis.open(deps.secret(options.url), times.timeout);
  const names = [...new Set(templates.flatMap((it) => it.names))];
  const filled = (lookup: OwnerLookup) => templates.map((it) => fill(it, lookup));
  const read = async (first: string, second: string | undefined) =>
    second === undefined ? await reader.get(first) : await reader.hashField(first, second);
  return {
    needs: paramsAmong(names),
    remembered: { caching: times, keyOf: (lookup) => JSON.stringify(filled(lookup)) },
    resolve: async (lookup) => {
      const [first, second] = filled(lookup);
      if (first === undefined || first === null || second === null) return null;
      return ownerIn(await read(first, second), user);
    },
    check: async () => {
      await read("guise:check", hash === undefined ? undefined : "check");
      return [];
    },
  };
}

function fill(template: KeyTemplate, lookup: OwnerLookup): string | null {
  return template.render((name) => valueFor(name, lookup));
}

function ownerIn(value: string | null, mapping: OwnerMapping): Owner | null {
  if (value === null || ["", "0", "null"].includes(value)) return null;
  return readOrNobody(readOwner(/^[{["]/.test(value) ? jsonOf(value) : value, mapping));
}

function jsonOf(value: string): unknown {
  try {
    return JSON.parse(value);
  } catch (cause) {
    throw new Error("the value is no JSON", { cause });
  }
}
