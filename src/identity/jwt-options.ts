import { z } from "zod";
import { cookieName, headerName } from "../clients/field.ts";
import { secretSource, textSource } from "../clients/secret.ts";
import { httpUrl } from "../clients/template.ts";
import { personMapping } from "../people.ts";
import { duration } from "../units.ts";
import { stepUp } from "./step-up.ts";

/** Algorithms for keys that only the signer has. Never mixed with the others: a public key is no secret. */
export const ASYMMETRIC = [
  "RS256",
  "RS384",
  "RS512",
  "PS256",
  "PS384",
  "PS512",
  "ES256",
  "ES384",
  "ES512",
  "EdDSA",
  "Ed25519",
] as const;
const SYMMETRIC = ["HS256", "HS384", "HS512"] as const;

const PLACES = ["header", "cookie", "bearer"] as const;
const KEYS = ["jwks", "publicKey", "secret"] as const;

const fields = z.strictObject({
  header: headerName.optional().describe("The header that holds the token, like cf-access-jwt-assertion."),
  cookie: cookieName.optional().describe("The cookie that holds the token."),
  bearer: z.literal(true).optional().describe("The token stands in `Authorization: Bearer …`."),
  jwks: httpUrl.optional().describe("The address of the issuer's published keys."),
  publicKey: textSource.optional().describe("The issuer's public key or certificate, as PEM."),
  secret: secretSource.optional().describe("The secret that the issuer signs with, 32 bytes at least."),
  algorithms: z
    .array(z.enum([...ASYMMETRIC, ...SYMMETRIC]))
    .min(1)
    .optional()
    .describe("The algorithms that count. Must be given with a secret; else all that need no secret."),
  issuer: z.string().min(1).optional().describe("What `iss` must be."),
  audience: z
    .union([z.string().min(1), z.array(z.string().min(1)).min(1)], {
      error: "write one audience or a list of them",
    })
    .optional()
    .describe("What `aud` must have: the name of this app at the issuer."),
  clockTolerance: duration.prefault("5s").describe("How far the issuer's clock may be off."),
  stepUp,
  user: personMapping("/sub"),
});

/** Where the token is, what checks it, and how it is read. */
export type JwtOptions = z.infer<typeof fields>;

export const jwtSchema = z.strictObject({ jwt: fields.superRefine(checkFamilies) });

function checkFamilies(options: JwtOptions, context: z.RefinementCtx): void {
  const given = (names: readonly (keyof JwtOptions)[]) => names.filter((name) => options[name] !== undefined);
  const say = (message: string, path: string[] = []) =>
    context.addIssue({ code: "custom", message, path, input: options });
  if (given(PLACES).length !== 1) say("say where the token is: one of header, cookie, bearer: true");
  if (given(KEYS).length !== 1) say("say what checks the token: one of jwks, publicKey, secret");
  if (options.secret !== undefined && options.algorithms === undefined)
    say("a secret needs its algorithms, like [HS256]");
  const wanted: readonly string[] = options.secret === undefined ? ASYMMETRIC : SYMMETRIC;
  const odd = options.algorithms?.find((name) => !wanted.includes(name));
  if (odd !== undefined)
    say(
      options.secret === undefined
        ? `${odd} needs a secret; with keys that are public anybody could sign`
        : `${odd} has no secret; write HS256, HS384 or HS512`,
      ["algorithms"],
    );
}
