import { createHash, type KeyObject } from "node:crypto";
import { CompactSign, compactVerify, errors } from "jose";
import { z } from "zod";
import type { CheckpointKey } from "../journal/checkpoint.ts";
import type { Link } from "../record/hash-chain.ts";

const place = z.object({ sequence: z.int().min(1), hash: z.string().regex(/^[0-9a-f]{64}$/) });
const stretch = z.object({
  producer: z.string().min(1),
  first: place,
  last: place,
  /** How many records between these two, both included, are of this access. */
  count: z.int().min(1),
  /** SHA-256 of their hashes, one after the other in the order of their numbers. */
  digest: z.string().regex(/^[0-9a-f]{64}$/),
});
const receipt = z.object({
  iss: z.string(),
  iat: z.int(),
  /** The customer's id, and the access's. */
  sub: z.string(),
  jti: z.string(),
  access: z.object({
    who: z.string(),
    from: z.string(),
    until: z.string(),
    reason: z.string().optional(),
    ticket: z.string().optional(),
    looked: z.int(),
    changed: z.int(),
    refused: z.int(),
  }),
  records: z.array(stretch).min(1),
});

/** The records of one access in one producer's journal. */
export type Stretch = Readonly<z.infer<typeof stretch>>;
/** A receipt of one access that has ended: what it was, and which records it has. */
export type Receipt = Readonly<z.infer<typeof receipt>>;

const TYPE = "guise-receipt+jws";

/** The places of an access's records, by producer. Links that come twice count once. */
export function stretchesOf(links: readonly Link[]): readonly Stretch[] {
  return [...Map.groupBy(links, ({ producer }) => producer)].flatMap(([producer, all]) => {
    const known = new Map(all.map((link) => [link.sequence, link]));
    const inOrder = [...known.values()].sort((one, other) => one.sequence - other.sequence);
    const [first, last] = [inOrder[0], inOrder.at(-1)];
    if (first === undefined || last === undefined) return [];
    const digest = createHash("sha256");
    for (const { hash } of inOrder) digest.update(hash);
    return {
      producer,
      first: placeOf(first),
      last: placeOf(last),
      count: inOrder.length,
      digest: digest.digest("hex"),
    };
  });
}

function placeOf({ sequence, hash }: Link) {
  return { sequence, hash };
}

/** The receipt as a JWS in its compact form, signed by the key of the checkpoints. */
export async function signReceipt(it: Receipt, { kid, privateKey }: CheckpointKey): Promise<string> {
  const bytes = new TextEncoder().encode(JSON.stringify(it));
  return await new CompactSign(bytes).setProtectedHeader({ alg: "EdDSA", kid, typ: TYPE }).sign(privateKey);
}

/** What a text is that should be a receipt. */
type ReadReceipt =
  | { readonly kind: "signed"; readonly receipt: Receipt; readonly kid: string }
  | { readonly kind: "wrong"; readonly why: string };

const PARTS = /^[\w-]+\.[\w-]+\.([\w-]+)$/;

/** Reads a receipt and checks its signature, by public keys and their ids. No other spelling of the same signature counts. */
export async function readReceipt(text: string, keys: ReadonlyMap<string, KeyObject>): Promise<ReadReceipt> {
  const [, signature] = PARTS.exec(text) ?? [];
  if (signature === undefined) return { kind: "wrong", why: "it is no receipt" };
  if (Buffer.from(signature, "base64url").toString("base64url") !== signature)
    return { kind: "wrong", why: "its signature was altered" };
  try {
    const { payload, protectedHeader } = await compactVerify(
      text,
      ({ kid }) => keys.get(kid ?? "") ?? unknownKey(kid),
      { algorithms: ["EdDSA"] },
    );
    if (protectedHeader.typ !== TYPE) return { kind: "wrong", why: "it is signed, and no receipt" };
    const read = receipt.safeParse(JSON.parse(Buffer.from(payload).toString("utf8")));
    if (!read.success) return { kind: "wrong", why: "it is signed, and says not what a receipt says" };
    return { kind: "signed", receipt: read.data, kid: protectedHeader.kid ?? "" };
  } catch (error) {
    if (error instanceof UnknownKey) return { kind: "wrong", why: error.message };
    if (error instanceof errors.JOSEError || error instanceof SyntaxError)
      return { kind: "wrong", why: "its signature is not of what it says, or not of this key" };
    throw error;
  }
}

class UnknownKey extends Error {}

function unknownKey(kid: unknown): never {
  throw new UnknownKey(`it names the key ${String(kid)}, which is none of those given`);
}
