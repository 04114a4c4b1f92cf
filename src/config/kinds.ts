import { identityKinds } from "../identity/registry.ts";
import { ownerKinds } from "../owners/registry.ts";
import { storeKinds } from "../sessions/stores/registry.ts";
import { signInKinds } from "../signin/registry.ts";
import { userKinds } from "../users/registry.ts";
import type { Kinds } from "./schema.ts";

/** Every kind that this version has: what the config may name. */
export const KINDS: Kinds = {
  identity: identityKinds,
  owners: ownerKinds,
  users: userKinds,
  stores: storeKinds,
  signIn: signInKinds,
};
