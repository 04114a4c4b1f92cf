import { constants, type KeyObject, verify } from "node:crypto";
import type { Evidence } from "../ports.ts";
import { oneHeader } from "./source.ts";

/** The algorithms of RFC 9421 that need a key which only the signer has. */
export const SIGNATURE_ALGORITHMS = ["ed25519", "ecdsa-p256-sha256", "rsa-pss-sha512"] as const;
type SignatureAlgorithm = (typeof SIGNATURE_ALGORITHMS)[number];

/** A signed message as its headers describe it. Times are seconds since the epoch. */
interface MessageSignature {
  readonly components: readonly string[];
  readonly created: number | null;
  readonly expires: number | null;
  readonly keyId: string | null;
  readonly algorithm: string | null;
  readonly nonce: string | null;
  readonly signature: Buffer;
  /** What was signed; null where it covers something that isn't there, or came twice. */
  readonly base: string | null;
}

const INPUT =
  /^([a-z*][a-z0-9_.*-]*)=(\(((?:"[a-z0-9@_-]+"(?: "[a-z0-9@_-]+")*)?)\)((?:;[a-z][a-z0-9_.*-]*=(?:"[^"\\]*"|\d{1,15}))*))$/;
const SIGNATURE = /^([a-z*][a-z0-9_.*-]*)=:([A-Za-z0-9+/]+={0,2}):$/;
const PARAMETER = /;([a-z][a-z0-9_.*-]*)=(?:"([^"\\]*)"|(\d+))/g;
const LONGEST = 4_096;

/** The one signature of a request; null where there is none, more than one, or one that can't be read in one way. */
export function readSignature(evidence: Evidence): MessageSignature | null {
  const input = oneHeader(evidence, "signature-input");
  const sent = oneHeader(evidence, "signature");
  if (input === null || sent === null || input.length > LONGEST || sent.length > LONGEST) return null;
  const [, label, params = "", list = "", more = ""] = INPUT.exec(input) ?? [];
  const [, name, bytes = ""] = SIGNATURE.exec(sent) ?? [];
  if (label === undefined || label !== name) return null;
  const components = [...list.matchAll(/"([^"]+)"/g)].map(([, it = ""]) => it);
  const said = parametersIn(more);
  if (said === null || new Set(components).size !== components.length) return null;
  return {
    components,
    created: numberIn(said, "created"),
    expires: numberIn(said, "expires"),
    keyId: said.get("keyid") ?? null,
    algorithm: said.get("alg") ?? null,
    nonce: said.get("nonce") ?? null,
    signature: Buffer.from(bytes, "base64"),
    base: baseOf(evidence, components, params),
  };
}

/** Null where one is named twice. */
function parametersIn(text: string): ReadonlyMap<string, string> | null {
  const all = [...text.matchAll(PARAMETER)].map(
    ([, name = "", quoted, number = ""]) => [name, quoted ?? number] as const,
  );
  const said = new Map(all);
  return said.size === all.length ? said : null;
}

function numberIn(said: ReadonlyMap<string, string>, name: string): number | null {
  const text = said.get(name);
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : null;
}

function baseOf(evidence: Evidence, components: readonly string[], params: string): string | null {
  const lines: string[] = [];
  for (const name of components) {
    const value = componentOf(evidence, name);
    if (value === null) return null;
    lines.push(`"${name}": ${value}`);
  }
  return [...lines, `"@signature-params": ${params}`].join("\n");
}

function componentOf(evidence: Evidence, name: string): string | null {
  if (!name.startsWith("@")) return oneHeader(evidence, name);
  const { request } = evidence;
  if (request === undefined || !request.target.startsWith("/")) return null;
  const { method, target, origin } = request;
  const mark = target.indexOf("?");
  switch (name) {
    case "@method":
      return method;
    case "@target-uri":
      return origin + target;
    case "@request-target":
      return target;
    case "@authority":
      return new URL(origin).host;
    case "@scheme":
      return new URL(origin).protocol.slice(0, -1);
    case "@path":
      return mark === -1 ? target : target.slice(0, mark);
    case "@query":
      return mark === -1 ? "?" : target.slice(mark);
    default:
      return null;
  }
}

/** Whether the key made this signature of this text. */
export function isSignedBy(
  key: KeyObject,
  algorithm: SignatureAlgorithm,
  base: string,
  signature: Buffer,
): boolean {
  const text = Buffer.from(base);
  switch (algorithm) {
    case "ed25519":
      return verify(null, text, key, signature);
    case "ecdsa-p256-sha256":
      return verify("sha256", text, { key, dsaEncoding: "ieee-p1363" }, signature);
    case "rsa-pss-sha512": {
      const padding = constants.RSA_PKCS1_PSS_PADDING;
      return verify("sha512", text, { key, padding, saltLength: 64 }, signature);
    }
    default:
      return algorithm satisfies never;
  }
}
