import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from "node:crypto";
import { Fault } from "../errors.ts";

/** Keeps text so that only we can read it, and only where it was put. */
export interface Seal {
  /** `label` says what it is; nothing opens under another label. */
  seal(text: string, label: string): string;
  /** Throws a Fault `store-unavailable` for what isn't ours, was altered, or lay elsewhere. */
  open(sealed: string, label: string): string;
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
