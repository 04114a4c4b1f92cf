import { createHash } from "node:crypto";
import { type Adapter, type AdapterPayload, errors } from "oidc-provider";
import { Fault } from "../../errors.ts";
import type { Clock, Store } from "../../ports.ts";

const ATTEMPTS = 20;
/** Of what has no end of its own, seconds. */
const LONGEST = 90 * 86_400;

/** What the provider keeps, in our store: it survives restarts, and counts on every gateway. No name in it opens anything. */
export function adapterOf(store: Store, clock: Clock): (model: string) => Adapter {
  return (model) => {
    const keyOf = (id: string) => `op-${model.toLowerCase()}:${digest(id)}`;
    const uidOf = (uid: string) => `op-uid:${digest(`${model} ${uid}`)}`;
    const find = async (id: string) => payloadOf((await store.read(keyOf(id)))?.value);
    return {
      upsert: async (id, payload, expiresIn = LONGEST) => {
        const expiresAt = clock.now() + expiresIn * 1_000;
        await write(store, keyOf(id), JSON.stringify(payload), expiresAt);
        if (payload.uid !== undefined) await write(store, uidOf(payload.uid), id, expiresAt);
        if (payload.grantId !== undefined)
          await write(store, `${grantOf(payload.grantId)}.${digest(id)}`, keyOf(id), expiresAt);
      },
      find,
      findByUid: async (uid) => {
        const id = (await store.read(uidOf(uid)))?.value;
        return id === undefined ? undefined : await find(id);
      },
      findByUserCode: async () => undefined,
      consume: async (id) => {
        const stored = await store.read(keyOf(id));
        const payload = payloadOf(stored?.value);
        if (stored === null || payload === undefined || payload.consumed !== undefined)
          throw new errors.InvalidGrant("it was used before");
        const consumed = { ...payload, consumed: Math.floor(clock.now() / 1_000) };
        const expiresAt = (payload.exp ?? 0) * 1_000;
        // Of two that come at once one alone gets it.
        if (!(await store.write(keyOf(id), JSON.stringify(consumed), { version: stored.version, expiresAt })))
          throw new errors.InvalidGrant("it was used before");
      },
      destroy: async (id) => await store.remove(keyOf(id)),
      revokeByGrantId: async (grant) => {
        for (const index of await store.list(`${grantOf(grant)}.`)) {
          const key = (await store.read(index))?.value;
          if (key !== undefined) await store.remove(key);
          await store.remove(index);
        }
      },
    };
  };
}

/** The last write counts, as the provider expects it of what it keeps. */
async function write(store: Store, key: string, value: string, expiresAt: number): Promise<void> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const version = (await store.read(key))?.version ?? null;
    if (await store.write(key, value, { version, expiresAt })) return;
  }
  throw new Fault("store-unavailable", "a value of the provider was changed by others all the time");
}

function payloadOf(text: string | undefined): AdapterPayload | undefined {
  return text === undefined ? undefined : (JSON.parse(text) as AdapterPayload);
}

function grantOf(id: string): string {
  return `op-grants:${digest(id)}`;
}

function digest(text: string): string {
  return createHash("sha256").update(text).digest("base64url");
}
