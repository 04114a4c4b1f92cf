import { createCipheriv, createDecipheriv, hash, hkdfSync, randomBytes } from "node:crypto";
import { Fault } from "../errors.ts";
import type { Store } from "../ports.ts";
import type { ChangeOptions } from "./compare-and-set.ts";

/** Encrypts text so that only gateways with this key can read it, and only at its place. */
export interface Seal {
  /** `label` says what it is; nothing opens under another label. */
  seal(text: string, label: string): string;
  /** Throws a Fault `store-unavailable` for what isn't ours, was altered, or lay elsewhere. */
  open(sealed: string, label: string): string;
}

/** A digest for names of keys: ids may be long, and neither ids nor secrets must be readable in the store. */
export function digest(text: string): string {
  return hash("sha256", text, "base64url");
}

const NONCE = 12;
const TAG = 16;
const VERSION = "v1.";

/** AES-256-GCM under a key of its own for each `use`, derived from `key` (32 secret bytes or more). */
export function sealFor(key: Uint8Array, use: string): Seal {
  const derived = Buffer.from(hkdfSync("sha256", key, "guise sessions", use, 32));
  return {
    seal: (text, label) => {
      const nonce = randomBytes(NONCE);
      const cipher = createCipheriv("aes-256-gcm", derived, nonce).setAAD(Buffer.from(label));
      const body = Buffer.concat([nonce, cipher.update(text, "utf8"), cipher.final(), cipher.getAuthTag()]);
      return VERSION + body.toString("base64url");
    },
    open: (sealed, label) => {
      try {
        return opened(derived, sealed, label);
      } catch (cause) {
        const hint = "was it sealed with another data key? All gateways of one store need the same";
        throw new Fault("store-unavailable", `${label} can not be opened; ${hint}`, { cause });
      }
    },
  };
}

function opened(key: Buffer, sealed: string, label: string): string {
  if (!sealed.startsWith(VERSION)) throw new TypeError("not a sealed text of this version");
  const bytes = Buffer.from(sealed.slice(VERSION.length), "base64url");
  const decipher = createDecipheriv("aes-256-gcm", key, bytes.subarray(0, NONCE), { authTagLength: TAG });
  decipher.setAAD(Buffer.from(label)).setAuthTag(bytes.subarray(-TAG));
  const body = bytes.subarray(NONCE, -TAG);
  return Buffer.concat([decipher.update(body), decipher.final()]).toString("utf8");
}

type Life = Parameters<Store["write"]>[2];

/** Values of one kind in the store, as JSON, each sealed under its key. Throws a Fault `store-unavailable`. */
export interface SealedJson<T> {
  read(key: string): Promise<{ readonly value: T; readonly version: number } | null>;
  /** As a store's. */
  write(key: string, value: T, life: Life): Promise<boolean>;
  /** For `change`. */
  at(key: string, expiresAt: (value: T) => number): ChangeOptions<T>;
}

/** Each `use` has a key of its own, derived from `sealKey`. */
export function sealedJson<T>(store: Store, sealKey: Uint8Array, use: string): SealedJson<T> {
  const { seal, open } = sealFor(sealKey, use);
  const opened = (key: string, text: string) => JSON.parse(open(text, key)) as T;
  const sealed = (key: string, value: T) => seal(JSON.stringify(value), key);
  return {
    read: async (key) => {
      const stored = await store.read(key);
      return stored && { version: stored.version, value: opened(key, stored.value) };
    },
    write: (key, value, life) => store.write(key, sealed(key, value), life),
    at: (key, expiresAt) => ({
      ...{ store, key, expiresAt },
      read: (text) => opened(key, text),
      write: (value) => sealed(key, value),
    }),
  };
}
