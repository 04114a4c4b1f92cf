import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  type webcrypto,
} from "node:crypto";

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
export function parseKey(text: string, purpose: Purpose): SigningKey {
  const trimmed = text.trim();
  const privateKey = trimmed.startsWith("{")
    ? createPrivateKey({ key: asJwk(JSON.parse(trimmed)), format: "jwk" })
    : createPrivateKey(trimmed);
  const publicKey = createPublicKey(privateKey);
  const jwk = jwkOf(publicKey, purpose);
  return { kid: jwk.kid, privateKey, publicKey, jwk };
}

/** Reads a public key written as PEM or as a JWK: its id and the key. A private one will do as well. */
export function publicKeyOf(text: string, purpose: Purpose): readonly [kid: string, key: KeyObject] {
  const trimmed = text.trim();
  const key = trimmed.startsWith("{")
    ? createPublicKey({ key: asJwk(JSON.parse(trimmed)), format: "jwk" })
    : createPublicKey(trimmed);
  return [jwkOf(key, purpose).kid, key];
}

function jwkOf(publicKey: KeyObject, purpose: Purpose): PublicJwk {
  const { kty, crv, x, y } = publicKey.export({ format: "jwk" });
  const fits = purpose === "token" ? crv === "P-256" : crv === "Ed25519";
  if (!fits || kty === undefined || crv === undefined || x === undefined) {
    throw new TypeError(`a key for ${ALGORITHMS[purpose]} is needed, this one is ${crv ?? kty ?? "unknown"}`);
  }
  const kid = thumbprint(kty === "EC" && y !== undefined ? { crv, kty, x, y } : { crv, kty, x });
  return { kty, crv, x, ...(y === undefined ? {} : { y }), kid, alg: ALGORITHMS[purpose], use: "sig" };
}

function asJwk(value: unknown): webcrypto.JsonWebKey {
  if (typeof value !== "object" || value === null) throw new TypeError("this is no JWK");
  return value;
}

/** RFC 7638: the required members in the order of their names. */
function thumbprint(members: Readonly<Record<string, string>>): string {
  const sorted = Object.fromEntries(Object.entries(members).sort(([a], [b]) => (a < b ? -1 : 1)));
  return createHash("sha256").update(JSON.stringify(sorted)).digest("base64url");
}
