import type { Provider } from "oidc-provider";

/** The library is loaded by the first request that needs it: it takes time, and it says on standard error what it thinks of this Node. */
const library = () => import("oidc-provider");

export async function newProvider(...about: ConstructorParameters<typeof Provider>): Promise<Provider> {
  const { Provider } = await library();
  return new Provider(...about);
}

/** What the library tells an app whose code or token doesn't count any more. */
export async function invalidGrant(why: string): Promise<Error> {
  const { errors } = await library();
  return new errors.InvalidGrant(why);
}
