import { z } from "zod";
import type { OwnerLookup } from "../domain/owner.ts";
import { ONLY_PARAM, paramsAmong, valueFor } from "../domain/routing/lookup.ts";
import type { OwnerKind } from "./resolver.ts";
import { ownerValue, tableOf } from "./table.ts";

const schema = z.strictObject({
  map: z.record(z.string(), ownerValue).describe("Values of the param with their owners."),
  by: z
    .union([z.string().min(1), z.array(z.string().min(1)).min(1)], {
      error: "write the name of a param, or a list like [org, repo]",
    })
    .optional()
    .describe(
      "The param to look up, `query.NAME`, or several, whose values stand in the table with a slash between them; may be left out where the route has only one.",
    ),
});

/** A table in the config, asked by params of the route. What is not in it belongs to nobody. */
export const map: OwnerKind<z.infer<typeof schema>> = {
  name: "map",
  describe: "Each value of a param has its owner; a table in the config.",
  schema,
  create: ({ map: written, by }) => {
    const table = tableOf(written);
    const places = by === undefined ? [ONLY_PARAM] : [by].flat();
    return {
      needs: paramsAmong(places),
      remembered: null,
      resolve: async (lookup) => table.get(keyOf(places, lookup) ?? "") ?? null,
    };
  },
};

/** Null where a value is missing, or holds the slash that parts it from the next. */
function keyOf(places: readonly string[], lookup: OwnerLookup): string | null {
  const values = places.map((place) => valueFor(place, lookup));
  const [only] = values;
  if (values.length === 1) return only ?? null;
  return values.some((value) => value === null || value.includes("/")) ? null : values.join("/");
}
