import { z } from "zod";
import { isId, ownerOf } from "../domain/person.ts";
import type { OwnerKind } from "./resolver.ts";

const schema = z.strictObject({
  param: z.string().min(1).describe("The param of the route that is the owner's id."),
});

/** The address itself holds the owner's id. */
export const param: OwnerKind<z.infer<typeof schema>> = {
  name: "param",
  describe: "The owner's id stands in the address; nobody is asked.",
  schema,
  create: ({ param: name }) => ({
    needs: [name],
    remembered: null,
    resolve: async ({ params }) => {
      const id = params[name] ?? "";
      return isId(id) ? ownerOf(id) : null;
    },
  }),
};
