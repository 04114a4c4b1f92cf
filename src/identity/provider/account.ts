import type { Identity } from "../../domain/identity.ts";
import { type PersonMapping, readPerson } from "../../domain/person.ts";
import type { ViewedAccount } from "../../ports.ts";
import type { IdentityDeps } from "../source.ts";
import { invalidGrant } from "./library.ts";
import type { ProviderOptions } from "./provider-options.ts";

/** No id begins with a space, so nobody whom `upstream` names is taken for one of these. */
export const VIEWED = " viewed ";
/** Besides who somebody is, what apps are told as `upstream` says it. */
const PASSED = ["preferred_username"];

/** Who a sub is, as `upstream` said it. */
export type Account = Readonly<Record<string, unknown>> & { readonly sub: string };

export interface Accounts {
  keep(account: Account): Promise<void>;
  /** From now on an impersonation is somebody whom apps can ask about; `secret` is what opens it. */
  view(impersonation: string, secret: string, until: number): Promise<void>;
  /** What apps know somebody by. */
  subject(id: string): Promise<string>;
  find(id: string): Promise<{ readonly accountId: string; claims(): Promise<Account> } | undefined>;
}

export function accountsIn(options: ProviderOptions, { signIns, clock }: IdentityDeps): Accounts {
  const store = signIns.kept;
  const keep = async (key: string, value: string, expiresAt: number) => {
    const version = (await store.read(key))?.version ?? null;
    await store.write(key, value, { version, expiresAt });
  };
  const viewedBy = async (id: string): Promise<ViewedAccount | null> => {
    const secret = await store.read(viewedKey(id.slice(VIEWED.length)));
    return secret === null ? null : await signIns.viewed(secret.value);
  };
  return {
    keep: (account) =>
      keep(
        keyOf(account.sub),
        JSON.stringify(account),
        clock.now() + options.refreshTokens + options.session,
      ),
    view: (impersonation, secret, until) => keep(viewedKey(impersonation), secret, until),
    subject: async (id) => {
      if (!id.startsWith(VIEWED)) return id;
      const viewed = await viewedBy(id);
      if (viewed === null) throw await invalidGrant("the impersonation is over");
      return viewed.effectiveUser.id;
    },
    find: async (accountId) => {
      if (accountId.startsWith(VIEWED)) {
        const viewed = await viewedBy(accountId);
        return viewed === null ? undefined : { accountId, claims: async () => claimsOfViewed(viewed) };
      }
      const stored = await store.read(keyOf(accountId));
      const account = stored === null ? null : (JSON.parse(stored.value) as Account);
      return account === null ? undefined : { accountId, claims: async () => account };
    },
  };
}

function keyOf(sub: string): string {
  return `op-account:${Buffer.from(sub).toString("base64url")}`;
}

function viewedKey(impersonation: string): string {
  return `op-viewed:${impersonation}`;
}

/** Both people, always: the customer, and in `act` who is really there. Nothing says that the customer signed in. */
function claimsOfViewed({ effectiveUser, agent }: ViewedAccount): Account {
  return { ...claimsOf(effectiveUser), act: claimsOf(agent) };
}

function claimsOf({ id, name, email, groups }: Identity): Account {
  return {
    sub: id,
    ...(name === null ? {} : { name }),
    ...(email === null ? {} : { email }),
    ...(groups === null ? {} : { groups: [...groups] }),
  };
}

/** Facts about a person as `upstream` tells them, under the names that apps know. */
export function accountOf(mapping: PersonMapping, claims: Readonly<Record<string, unknown>>): Account | null {
  const read = readPerson(claims, mapping);
  if (read.kind !== "read") return null;
  return { ...textsOf(claims, PASSED), ...claimsOf(read.value) };
}

/** Those of the named values that are texts. */
export function textsOf(
  values: Readonly<Record<string, unknown>>,
  names: readonly string[],
): Readonly<Record<string, string>> {
  const texts = names.map((name) => [name, values[name]]);
  return Object.fromEntries(texts.filter((it): it is [string, string] => typeof it[1] === "string"));
}
