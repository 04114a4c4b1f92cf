import type { KeyObject } from "node:crypto";
import type { JWTPayload } from "jose";
import { z } from "zod";
import { textSource } from "../clients/secret.ts";
import { httpUrl } from "../clients/template.ts";
import { assistantLabel, type Identity } from "../domain/identity.ts";
import { isId, isLine, readPerson } from "../domain/person.ts";
import { Fault } from "../errors.ts";
import { personFacts, personId, personMapping } from "../people.ts";
import type { Evidence, Identification, IdentitySource, Maybe } from "../ports.ts";
import { duration } from "../units.ts";
import { keysFrom, publicKey } from "./jwt.ts";
import { ASYMMETRIC } from "./jwt-options.ts";
import { isSignedBy, readSignature, SIGNATURE_ALGORITHMS } from "./message-signature.ts";
import { bearerOf, headerOf, type IdentityDeps, type IdentityKind, unknown } from "./source.ts";
import { tokenCheck } from "./token-check.ts";

const VIA = "machine";

const jwt = z
  .strictObject({
    jwks: httpUrl.optional().describe("The address of the issuer's published keys."),
    publicKey: textSource.optional().describe("The issuer's public key, as PEM."),
    issuer: z.string().min(1).describe("What `iss` must be."),
    audience: z.string().min(1).describe("What `aud` must have: the name of this gateway at the issuer."),
    clockTolerance: duration.prefault("5s").describe("How far the issuer's clock may be off."),
    longest: duration.prefault("1h").describe("The longest time between `iat` and `exp`."),
    user: personMapping("/sub"),
  })
  .refine((it) => (it.jwks === undefined) !== (it.publicKey === undefined), {
    error: "say what checks the token: one of jwks, publicKey",
  });

const signature = z.strictObject({
  keyId: z.string().min(1).max(256).describe("What `keyid` must be."),
  publicKey: textSource.describe("The program's public key, as PEM."),
  algorithm: z.enum(SIGNATURE_ALGORITHMS).default("ed25519").describe("By which it signs."),
  maxAge: duration
    .refine((ms) => ms > 0 && ms <= 300_000, { error: "write a length of time up to 5m" })
    .prefault("60s")
    .describe(
      "How old `created` may be. A nonce counts once within this time, over all gateways of one store.",
    ),
  for: personFacts.extend({ id: personId }).describe("The person for whom the program acts."),
});

const fields = z
  .strictObject({
    id: z
      .string()
      .refine((it) => isId(it) && !it.includes("/"), { error: "write an id of plain ASCII characters" })
      .describe("The program's id: what `act.sub` of its tokens must be."),
    name: z.string().refine(isLine).describe("What customers and agents read."),
    groups: z.array(z.string().min(1)).min(1).describe("Its groups, by which an entry of `agents` names it."),
    jwt: jwt.optional().describe("It shows a bearer token with `act`: for whom it acts is in `sub`."),
    signature: signature.optional().describe("It signs each request (RFC 9421)."),
  })
  .refine((it) => (it.jwt === undefined) !== (it.signature === undefined), {
    error: "say how it shows who it is: one of jwt, signature",
  });

type Options = z.infer<typeof fields>;

/** Knows a program, like an AI assistant, and the person for whom it acts. */
export const machine: IdentityKind<{ readonly machine: Options }> = {
  name: VIA,
  describe:
    "A program that acts for a person: by a bearer token with `act`, or by HTTP message signatures (RFC 9421).",
  schema: z.strictObject({ machine: fields }),
  create: ({ machine: options }, deps) => source(options, deps),
};

function source(options: Options, deps: IdentityDeps): IdentitySource {
  const { jwt, signature } = options;
  if (jwt !== undefined) return { identify: byToken(options, jwt, deps) };
  if (signature !== undefined) return { identify: bySignature(options, signature, deps) };
  throw new Fault("config-invalid", "a machine source says of nothing how the program shows who it is");
}

/** Who it is, as pages and records name it: one for each person for whom it acts. */
function identityOf({ id, name, groups }: Options, person: Identity): Identity {
  const label = assistantLabel(name, person.name ?? person.id);
  return { id: `${id}/${person.id}`, name: label, email: null, groups, machine: { for: person } };
}

const LONGEST_TOKEN = 16_384;

function byToken(options: Options, jwt: NonNullable<Options["jwt"]>, deps: IdentityDeps) {
  const settings = {
    algorithms: [...ASYMMETRIC],
    clockTolerance: jwt.clockTolerance / 1_000,
    requiredClaims: ["exp", "iat", "sub"],
    ...{ issuer: jwt.issuer, audience: jwt.audience },
  };
  const what = { via: VIA, what: "the token of a program", entries: 1_000, keyFor: keysFrom(jwt, deps) };
  const answer = (payload: JWTPayload) => answerOf(options, jwt, payload);
  const check = tokenCheck({ ...what, settings, answerOf: answer }, deps);
  const absent = unknown(VIA, "debug", "no-token", "no token in `Authorization: Bearer`");
  return (evidence: Evidence): Maybe<Identification> => {
    const token = bearerOf(evidence);
    return token === null || token.length > LONGEST_TOKEN ? absent : check(token);
  };
}

function answerOf(options: Options, jwt: NonNullable<Options["jwt"]>, payload: JWTPayload): Identification {
  const refused = (cause: string, got: string) => unknown(VIA, "warn", cause, got);
  const { act, exp = 0, iat = 0 } = payload;
  if (typeof act !== "object" || act === null) return refused("no-act", "the token has no `act`");
  const acting: unknown = Reflect.get(act, "sub");
  if (acting !== options.id) return refused("wrong-act", "the token's `act.sub` is another program");
  if (Reflect.has(act, "act")) return refused("wrong-act", "the token's `act` acts for another one");
  if ((exp - iat) * 1_000 > jwt.longest) return refused("too-long", "the token counts for too long");
  const person = readPerson(payload, jwt.user);
  if (person.kind !== "read") return refused("no-person", "the token names nobody for whom it acts");
  return { kind: "known", identity: identityOf(options, person.value), via: VIA };
}

function bySignature(
  options: Options,
  signature: NonNullable<Options["signature"]>,
  deps: IdentityDeps,
): (evidence: Evidence) => Maybe<Identification> {
  const key = publicKey(signature.publicKey, deps);
  const { name = null, email = null, groups = null, ...person } = signature.for;
  const known: Identification = {
    kind: "known",
    identity: identityOf(options, { ...person, name, email, groups }),
    via: VIA,
  };
  // In the store: what came to one gateway is a replay at every other. The signer's clock may be ahead of ours.
  const first = async (nonce: string) =>
    await deps.signIns.once(
      `signature ${signature.keyId} ${nonce}`,
      deps.clock.now() + signature.maxAge + 5_000,
    );
  // One request is asked about more than once, and is no replay of itself.
  const answers = new WeakMap<object, Maybe<Identification>>();
  return (evidence) => {
    const before = answers.get(evidence.headers);
    if (before !== undefined) return before;
    const why = whyNot(evidence, signature, key, deps.clock.now());
    const answer =
      why ?? first(readSignature(evidence)?.nonce ?? "").then((isFirst) => (isFirst ? known : REPLAYED));
    answers.set(evidence.headers, answer);
    return answer;
  };
}

const REPLAYED = unknown(VIA, "warn", "replayed", "the signature's nonce came before");

/** Null: it is signed as it has to be. */
function whyNot(
  evidence: Evidence,
  { keyId, algorithm, maxAge }: NonNullable<Options["signature"]>,
  key: KeyObject,
  now: number,
): Identification | null {
  const refused = (cause: string, got: string) => unknown(VIA, "warn", cause, got);
  if (evidence.headers["signature-input"] === undefined)
    return unknown(VIA, "debug", "no-signature", "no `Signature-Input`");
  const it = readSignature(evidence);
  if (it === null) return refused("unreadable", "the signature can't be read in one way");
  if (it.keyId !== keyId) return unknown(VIA, "debug", "another-key", "`keyid` is another one");
  const missing = needed(evidence).find((name) => !it.components.includes(name));
  if (missing !== undefined) return refused("not-covered", `the signature does not cover ${missing}`);
  if (hasBody(evidence) && evidence.request?.ours !== true)
    return refused("body", "a signed request with a body goes to no app: nobody checks the digest");
  if (it.algorithm !== null && it.algorithm !== algorithm)
    return refused("algorithm", "`alg` is another one");
  if (it.nonce === null || it.nonce.length < 16)
    return refused("no-nonce", "`nonce` has to be 16 characters");
  const age = now - (it.created ?? 0) * 1_000;
  if (it.created === null || age > maxAge || age < -5_000)
    return refused("expired", "`created` is too long ago");
  if (it.expires !== null && now >= it.expires * 1_000) return refused("expired", "`expires` is over");
  if (it.base === null) return refused("not-there", "the signature covers what isn't there, or came twice");
  return isSignedBy(key, algorithm, it.base, it.signature)
    ? null
    : refused("signature", "it is signed with another key, or was altered");
}

/** What a signature must cover, so that nothing which decides anything can be altered. */
function needed(evidence: Evidence): readonly string[] {
  const { headers } = evidence;
  return [
    "@method",
    "@target-uri",
    ...(headers.cookie === undefined ? [] : ["cookie"]),
    ...(hasBody(evidence) ? ["content-digest"] : []),
  ];
}

function hasBody(evidence: Evidence): boolean {
  if (evidence.headers["transfer-encoding"] !== undefined) return true;
  return (headerOf(evidence, "content-length") ?? "0") !== "0";
}
