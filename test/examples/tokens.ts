import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import {
  CompactEncrypt,
  CompactSign,
  exportJWK,
  exportSPKI,
  generateKeyPair,
  importJWK,
  type JWK,
  SignJWT,
  UnsecuredJWT,
} from "jose";

export const AUDIENCE = "shop";

const NOW = Math.floor(Date.now() / 1000);
const CLAIMS = { iss: "guise", aud: AUDIENCE, sub: "17", iat: NOW, exp: NOW + 300, jti: "1" };
const IMPERSONATED = {
  act: { sub: "4", name: "Alice" },
  guise: { impersonation: "i", mode: "read", reason: null, ticket: null, until: NOW + 600 },
};

/** Tokens as Guise makes them, tokens as nobody should take them, and the keys that tell them apart. */
export interface Tokens {
  readonly jwks: { readonly keys: readonly JWK[] };
  readonly good: { readonly own: string; readonly impersonated: string };
  readonly bad: Readonly<Record<string, string>>;
}

type Payload = Readonly<Record<string, unknown>>;

/** Makes a key and every token of TOK-01 and TOK-02 with it. */
export async function makeTokens(): Promise<Tokens> {
  const [own, other] = [await generateKeyPair("ES256"), await generateKeyPair("ES256")];
  const rsa = await generateKeyPair("RS256");
  const jwk = { ...(await exportJWK(own.publicKey)), kid: "k1", alg: "ES256", use: "sig" };
  const foreign = await exportJWK(other.publicKey);
  const head = { alg: "ES256", kid: "k1", typ: "JWT" };
  const signed = (payload: Payload, header: Payload = {}, key = own.privateKey) =>
    new SignJWT(payload).setProtectedHeader({ ...head, ...header }).sign(key);
  const without = (name: string) =>
    signed(Object.fromEntries(Object.entries(CLAIMS).filter(([key]) => key !== name)));
  const hmac = (secret: string) =>
    new SignJWT(CLAIMS)
      .setProtectedHeader({ alg: "HS256", kid: "k1" })
      .sign(new TextEncoder().encode(secret));
  const good = await signed(CLAIMS);
  const [first = "", second = "", third = ""] = good.split(".");
  const bad = {
    "without a signature (alg none)": new UnsecuredJWT(CLAIMS).encode(),
    "without a signature, with our key id": `${encoded({ alg: "none", kid: "k1" })}.${second}.`,
    "with alg none in other letters": `${encoded({ alg: "nOnE", kid: "k1" })}.${second}.`,
    "with its signature cut off": `${first}.${second}.`,
    "with its signature and the dot cut off": `${first}.${second}`,
    "with HS256 and the public key as PEM": await hmac(await exportSPKI(own.publicKey)),
    "with HS256 and the public key as JWK": await hmac(JSON.stringify(jwk)),
    "with RS256 and a key of somebody's": await signed(CLAIMS, { alg: "RS256" }, rsa.privateKey),
    "for another app": await signed({ ...CLAIMS, aud: "blog" }),
    "for nobody": await without("aud"),
    "from another issuer": await signed({ ...CLAIMS, iss: "https://evil.example" }),
    "from nobody": await without("iss"),
    "that has expired": await signed({ ...CLAIMS, iat: NOW - 120, exp: NOW - 60 }),
    "that never expires": await without("exp"),
    "about nobody": await without("sub"),
    "with a key id that nobody knows": await signed(CLAIMS, { kid: "k2" }),
    "with a key that nobody knows, under our key id": await signed(CLAIMS, {}, other.privateKey),
    "that brings its own key along": await signed(CLAIMS, { kid: "k2", jwk: foreign }, other.privateKey),
    "changed after it was signed": `${first}.${encoded({ ...CLAIMS, sub: "1" })}.${third}`,
    "that is encrypted": await new CompactEncrypt(new TextEncoder().encode(JSON.stringify(CLAIMS)))
      .setProtectedHeader({ alg: "ECDH-ES", enc: "A128GCM", kid: "k1" })
      .encrypt(await importJWK({ ...jwk, use: "enc" }, "ECDH-ES")),
    "that says nothing but a number": await new CompactSign(new TextEncoder().encode("17"))
      .setProtectedHeader(head)
      .sign(own.privateKey),
    "whose head is a list": `${encoded([])}.${second}.${third}`,
    "and a second one": `${good}, ${good}`,
    "that is none": "x",
    "that is empty": "",
  };
  return {
    jwks: { keys: [jwk] },
    good: { own: good, impersonated: await signed({ ...CLAIMS, ...IMPERSONATED }) },
    bad,
  };
}

function encoded(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}

/** Guise, as far as an adapter sees it: its keys. */
export interface KeyServer {
  readonly url: string;
  /** How often the keys were fetched. */
  count(): number;
  close(): Promise<void>;
}

/** Serves the keys on a free port of the loopback. */
export async function keyServer(jwks: object): Promise<KeyServer> {
  let asked = 0;
  const server: Server = createServer((_request, response) => {
    asked += 1;
    response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(jwks));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/.guise/jwks.json`,
    count: () => asked,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}
