import { z } from "zod";
import type { OwnerKind } from "./resolver.ts";
import { ownerValue, tableOf } from "./table.ts";

const schema = z.strictObject({
  map: z.record(z.string(), ownerValue).describe("Values of the param with their owners."),
  by: z
    .string()
    .min(1)
    .optional()
    .describe("The param to look up; may be left out where the route has only one."),
});

/** A table in the config, asked by one param of the route. What is not in it belongs to nobody. */
export const map: OwnerKind<z.infer<typeof schema>> = {
  name: "map",
  describe: "Each value of a param has its owner; a table in the config.",
  schema,
  create: ({ map: written, by }) => {
    const table = tableOf(written);
    return {
      needs: by === undefined ? "one" : [by],
      remembered: null,
      resolve: async ({ params }) => {
        const key = by ?? Object.keys(params)[0];
        return key === undefined ? null : (table.get(params[key] ?? "") ?? null);
      },
    };
  },
};
