import { createHash, randomBytes } from "node:crypto";
import type { Impersonation } from "../domain/impersonation.ts";
import { Fault } from "../errors.ts";
import type { Log, Store } from "../ports.ts";
import { change } from "./change.ts";
import type { Seal } from "./seal.ts";

const RECORD = "impersonation:";
const POINTER = "id:";
const SECRET = /^[A-Za-z0-9_-]{43}$/;
const REMEMBERED = 10_000;

export interface RecordsOptions {
  readonly store: Store;
  readonly seal: Seal;
  readonly log: Log;
  /** How long a record is kept after its end, ms. */
  readonly keepFor: number;
}

/** A record as it was at some moment; of two, that with the larger version is the later one. */
export interface Entry {
  readonly key: string;
  readonly version: number;
  readonly it: Impersonation;
}

/** The impersonations in the store. A record lies under the hash of its secret; its public id points to it. */
export interface Records {
  /** Writes a new one and gives the secret that it opens to, 256 bits; nowhere is the secret itself kept. */
  create(it: Impersonation): Promise<{ readonly entry: Entry; readonly secret: string }>;
  read(key: string): Promise<Entry | null>;
  /** Null if there is no such record any more; `changed` says whether there was something to change. */
  change(
    id: string,
    edit: (it: Impersonation) => Impersonation,
  ): Promise<{ readonly entry: Entry; readonly changed: boolean } | null>;
  /** All that can be read. What can't is logged and left out, so that it keeps nobody from ending the others. */
  list(): Promise<readonly Impersonation[]>;
}

/** Where the record of this secret lies; null for what can't be a secret of ours. */
export function keyOfSecret(secret: string): string | null {
  return SECRET.test(secret) ? RECORD + createHash("sha256").update(secret).digest("base64url") : null;
}

/** Whether news of this key are news of an impersonation. */
export function isRecordKey(key: string): boolean {
  return key.startsWith(RECORD);
}

export function records(options: RecordsOptions): Records {
  const { store, seal, log, keepFor } = options;
  const keys = new Map<string, string>();
  const expiresAt = (it: Impersonation) => (it.end?.at ?? it.expiresAt) + keepFor;
  const open = (key: string, text: string) => JSON.parse(seal.open(text, key)) as Impersonation;
  const close = (key: string, it: Impersonation) => seal.seal(JSON.stringify(it), key);
  const remember = (id: string, key: string) => {
    const [oldest] = keys.size >= REMEMBERED ? keys.keys() : [];
    if (oldest !== undefined) keys.delete(oldest);
    keys.set(id, key);
  };
  const keyOf = async (id: string): Promise<string | null> => {
    const known = keys.get(id);
    if (known !== undefined) return known;
    const pointer = await store.read(POINTER + id);
    if (pointer !== null) remember(id, pointer.value);
    return pointer?.value ?? null;
  };
  const read = async (key: string): Promise<Entry | null> => {
    const stored = await store.read(key);
    return stored === null ? null : { key, version: stored.version, it: open(key, stored.value) };
  };
  return {
    create: async (it) => {
      const secret = randomBytes(32).toString("base64url");
      const key = keyOfSecret(secret) ?? "";
      const life = { version: null, expiresAt: expiresAt(it) };
      // The record last: what is cut off before it opens nothing.
      if (!(await store.write(POINTER + it.id, key, life)))
        throw new Fault("store-unavailable", `there is an impersonation ${it.id} already`);
      if (!(await store.write(key, close(key, it), life)))
        throw new Fault("store-unavailable", "the secret that was drawn is taken");
      remember(it.id, key);
      return { entry: { key, version: 0, it }, secret };
    },
    read,
    change: async (id, edit) => {
      const key = await keyOf(id);
      if (key === null) return null;
      const by = {
        store,
        key,
        expiresAt,
        read: (text: string) => open(key, text),
        write: (it: Impersonation) => close(key, it),
      };
      const done = await change(by, edit);
      if (done === null) return null;
      const { before, after, version } = done;
      return { entry: { key, version, it: after }, changed: after !== before };
    },
    list: async () => {
      const found: Impersonation[] = [];
      for (const key of await store.list(RECORD)) {
        const it = await readOrSkip(key);
        if (it !== null) found.push(it);
      }
      return found;
    },
  };

  async function readOrSkip(key: string): Promise<Impersonation | null> {
    const stored = await store.read(key);
    try {
      return stored === null ? null : open(key, stored.value);
    } catch (error) {
      log.warn({ err: error, key }, "an impersonation in the store can not be read; it is left out");
      return null;
    }
  }
}
