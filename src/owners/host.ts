import { z } from "zod";
import { keyHelp } from "../kinds.ts";
import type { OwnerKind } from "./resolver.ts";
import { ownerValue, tableOf } from "./table.ts";

const hostHelp = "write a host name without port, like acme.example.com";
const hostName = z
  .string()
  .regex(/^[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*$/)
  .toLowerCase();

const schema = z.strictObject({
  host: z
    .record(hostName, ownerValue, { error: keyHelp(hostHelp) })
    .describe("Host names with their owners."),
});

/** A table of hosts in the config. Hosts that are not in it belong to nobody. */
export const host: OwnerKind<z.infer<typeof schema>> = {
  name: "host",
  describe: "Each host name has its owner; a table in the config.",
  schema,
  create: ({ host: written }) => {
    const table = tableOf(written);
    return {
      needs: [],
      remembered: null,
      resolve: async (lookup) => table.get(lookup.host.toLowerCase()) ?? null,
    };
  },
};
