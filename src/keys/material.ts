import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type JsonWebKeyInput,
  type KeyObject,
} from "node:crypto";
import { calculateJwkThumbprint, exportJWK } from "jose";

/** What a signing key is for: the identity token (ES256), or the checkpoints of the audit (Ed25519). */
export type Purpose = "token" | "checkpoint";

export const ALGORITHMS = { token: "ES256", checkpoint: "EdDSA" } as const satisfies Record<Purpose, string>;

/** A public key as it stands in a JWKS. */
export interface PublicJwk {
  readonly kty: string;
  readonly crv: string;
  readonly x: string;
  readonly y?: string;
  readonly kid: string;
  readonly alg: string;
  readonly use: "sig";
}

/** One signing key; `kid` is its RFC 7638 thumbprint. */
export interface SigningKey {
  readonly kid: string;
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
  readonly jwk: PublicJwk;
}

/** A new private key as PEM (PKCS 8). */
export function generatePem(purpose: Purpose): string {
  const pair =
    purpose === "token" ? generateKeyPairSync("ec", { namedCurve: "P-256" }) : generateKeyPairSync("ed25519");
  return pair.privateKey.export({ type: "pkcs8", format: "pem" }).toString();
}

/** Reads a private key written as PEM or as a JWK. Throws when it is none, or none for this purpose. */
export async function parseKey(text: string, purpose: Purpose): Promise<SigningKey> {
  const privateKey = createPrivateKey(inputOf(text));
  const publicKey = createPublicKey(privateKey);
  const jwk = await jwkOf(publicKey, purpose);
  return { kid: jwk.kid, privateKey, publicKey, jwk };
}

/** Reads a public key written as PEM or as a JWK: its id and the key. A private one will do as well. */
export async function publicKeyOf(
  text: string,
  purpose: Purpose,
): Promise<readonly [kid: string, key: KeyObject]> {
  const key = createPublicKey(inputOf(text));
  return [(await jwkOf(key, purpose)).kid, key];
}

async function jwkOf(publicKey: KeyObject, purpose: Purpose): Promise<PublicJwk> {
  const { kty, crv, x, y } = await exportJWK(publicKey);
  const fits = purpose === "token" ? crv === "P-256" : crv === "Ed25519";
  if (!fits || kty === undefined || crv === undefined || x === undefined) {
    throw new TypeError(`a key for ${ALGORITHMS[purpose]} is needed, this one is ${crv ?? kty ?? "unknown"}`);
  }
  const members = { kty, crv, x, ...(y === undefined ? {} : { y }) };
  const kid = await calculateJwkThumbprint(members);
  return { ...members, kid, alg: ALGORITHMS[purpose], use: "sig" };
}

function inputOf(text: string): string | JsonWebKeyInput {
  const trimmed = text.trim();
  return trimmed.startsWith("{") ? { key: JSON.parse(trimmed), format: "jwk" } : trimmed;
}
