import { z } from "zod";
import { addressSet } from "../clients/address.ts";
import { cookieName } from "../clients/field.ts";
import { personFacts, personId } from "../people.ts";
import { type IdentityKind, unknown } from "./source.ts";

const schema = z.strictObject({
  demo: z.strictObject({
    users: z
      .array(personFacts.extend({ id: personId }))
      .min(1)
      .refine((users) => new Set(users.map(({ id }) => id)).size === users.length, {
        error: "two users have the same id",
      })
      .describe("The people that one can be."),
    cookie: cookieName.default("guise_demo_user").describe("The cookie that holds the id of one of them."),
  }),
});

type Options = z.infer<typeof schema>;

/** Believes a cookie that anybody can write, so it only knows callers on this very machine. For trying things out. */
export const demo: IdentityKind<Options> = {
  name: "demo",
  describe: "People of a list, picked by a cookie; for trying Guise out on one machine.",
  schema,
  create: ({ demo: { users, cookie } }) => {
    const nobody = unknown("demo", "debug", "no-cookie", `no cookie ${cookie} with an id of the list`);
    const loopback = addressSet(["127.0.0.0/8", "::1"]);
    const known = new Map(
      users.map((identity) => [identity.id, { kind: "known", identity, via: "demo" } as const]),
    );
    return {
      identify: ({ cookies, peer }) => {
        const id = Object.hasOwn(cookies, cookie) ? cookies[cookie] : undefined;
        return (id !== undefined && loopback.has(peer) && known.get(id)) || nobody;
      },
    };
  },
};
