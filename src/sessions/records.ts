import { randomBytes } from "node:crypto";
import { type Impersonation, lastMoment } from "../domain/impersonation.ts";
import { setBounded } from "../domain/remembering.ts";
import { Fault } from "../errors.ts";
import type { Log, Store } from "../ports.ts";
import { change } from "./compare-and-set.ts";
import { digest, sealedJson } from "./seal.ts";

const RECORD = "impersonation:";
const POINTER = "id:";
const WAY = "way:";
const SECRET = /^[A-Za-z0-9_-]{43}$/;
const REMEMBERED = 10_000;

interface RecordsOptions {
  readonly store: Store;
  readonly sealKey: Uint8Array;
  readonly log: Log;
  /** How long a record is kept after the impersonation could have ended at the latest, ms. */
  readonly keepFor: number;
  /** The same for the way from the secret to the public id, ms. */
  readonly wayBackFor: number;
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
  /** The public id of the record under this key, also for a while after the record is gone; null if unknown. */
  idBehind(key: string): Promise<string | null>;
  /** Puts one back that the store has lost; null if there is one. */
  putBack(key: string, it: Impersonation): Promise<Entry | null>;
  /** Null if there is no such record any more; `changed` says whether there was something to change. */
  change(
    id: string,
    edit: (it: Impersonation) => Impersonation,
  ): Promise<{ readonly entry: Entry; readonly changed: boolean } | null>;
  /** All that can be read. Unreadable ones are logged and left out, so that the others can be ended. */
  list(): Promise<readonly Impersonation[]>;
}

/** The key of the record of this secret; null if the text can't be one of our secrets. */
export function keyOfSecret(secret: string): string | null {
  return SECRET.test(secret) ? RECORD + digest(secret) : null;
}

function wayOf(key: string): string {
  return WAY + key.slice(RECORD.length);
}

/** Whether news of this key are news of an impersonation. */
export function isRecordKey(key: string): boolean {
  return key.startsWith(RECORD);
}

export function records(options: RecordsOptions): Records {
  const { store, sealKey, log, keepFor, wayBackFor } = options;
  const all = sealedJson<Impersonation>(store, sealKey, "impersonation");
  const pointer = pointers(store);
  const expiresAt = (it: Impersonation) => lastMoment(it) + keepFor;
  const read = async (key: string): Promise<Entry | null> => {
    const stored = await all.read(key);
    return stored && { key, version: stored.version, it: stored.value };
  };
  return {
    create: async (it) => {
      const secret = randomBytes(32).toString("base64url");
      const key = keyOfSecret(secret) ?? "";
      const life = { version: null, expiresAt: expiresAt(it) };
      // The record is written last: an interrupted write leaves nothing that opens anything.
      await pointer.create(it.id, key, life.expiresAt);
      await store.write(wayOf(key), it.id, { version: null, expiresAt: lastMoment(it) + wayBackFor });
      if (!(await all.write(key, it, life)))
        throw new Fault("store-unavailable", "the secret that was drawn is taken");
      return { entry: { key, version: 0, it }, secret };
    },
    read,
    idBehind: async (key) => (await store.read(wayOf(key)))?.value ?? null,
    putBack: async (key, it) => {
      const life = { version: null, expiresAt: expiresAt(it) };
      if (!(await all.write(key, it, life))) return null;
      await store.write(POINTER + it.id, key, life);
      return { key, version: 0, it };
    },
    change: async (id, edit) => {
      const key = await pointer.read(id);
      if (key === null) return null;
      const done = await change(all.at(key, expiresAt), edit);
      if (done === null) return null;
      const { before, after, version } = done;
      return { entry: { key, version, it: after }, changed: after !== before };
    },
    list: async () => {
      const found: Impersonation[] = [];
      for (const key of await store.list(RECORD)) {
        const stored = await store.read(key);
        if (stored === null) continue;
        try {
          found.push(all.at(key, expiresAt).read(stored.value));
        } catch (error) {
          log.warn({ err: error, key }, "an impersonation in the store can not be read; it is left out");
        }
      }
      return found;
    },
  };
}

/** From public ids to keys; a pointer never changes, so it is asked for once. */
function pointers(store: Store) {
  const known = new Map<string, string>();
  const remember = (id: string, key: string) => setBounded(known, REMEMBERED, id, key);
  return {
    create: async (id: string, key: string, expiresAt: number): Promise<void> => {
      if (!(await store.write(POINTER + id, key, { version: null, expiresAt })))
        throw new Fault("store-unavailable", `there is an impersonation ${id} already`);
      remember(id, key);
    },
    read: async (id: string): Promise<string | null> => {
      const remembered = known.get(id);
      if (remembered !== undefined) return remembered;
      const stored = await store.read(POINTER + id);
      if (stored !== null) remember(id, stored.value);
      return stored?.value ?? null;
    },
  };
}
