import { z } from "zod";
import { secretSource } from "../../clients/secret.ts";
import { urlProblem } from "../../clients/template.ts";
import { keyHelp } from "../../kinds.ts";
import { personMapping } from "../../people.ts";
import { timeBetween as time } from "../../units.ts";
import { stepUp } from "../step-up.ts";

const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/;
/** What the gateway says itself. */
const OWN =
  /^(?:client_id|redirect_uri|response_(?:type|mode)|scope|state|nonce|code_challenge(?:_method)?|request(?:_uri)?|client_secret)$/;

const issuer = z.string().superRefine((text, context) => {
  const message = issuerProblem(text);
  if (message !== null) context.addIssue({ code: "custom", message, input: text });
});

function issuerProblem(text: string): string | null {
  const problem = urlProblem(text);
  if (problem !== null) return problem;
  const { protocol, hostname, search } = new URL(text);
  if (search !== "") return "an issuer has no query; leave it out";
  if (protocol === "http:" && !LOOPBACK.test(hostname))
    return "write an https address; http is for a provider on this machine alone";
  return null;
}

const HOUR = 3_600_000;

const session = z
  .strictObject({
    lasts: time("12h", 60_000, 30 * 24 * HOUR, "How long somebody is signed in at the most."),
    refresh: time(
      "60s",
      1_000,
      HOUR,
      "How old what the provider says of somebody may be; then it is asked anew, so a group that was taken away counts no longer than this.",
    ),
    outage: time(
      "15m",
      1_000,
      24 * HOUR,
      "How old it may be while the provider can't be asked; then the person can't be told (`identity-unavailable`). Nobody new can sign in meanwhile.",
    ),
  })
  .refine((it) => it.outage >= it.refresh, {
    error: "`outage` is shorter than `refresh`; write a longer one",
  })
  .prefault({})
  .describe("How long a sign-in counts.");

export const oidcSchema = z.strictObject({
  oidc: z.strictObject({
    issuer: issuer.describe("The provider, just as it calls itself (`iss`), like https://idp.example.com."),
    clientId: z.string().min(1).max(512).describe("What the provider calls this gateway."),
    clientSecret: secretSource
      .optional()
      .describe("The client's secret; left out for a public client, which PKCE alone protects."),
    clientAuth: z
      .enum(["post", "basic"])
      .default("post")
      .describe("How the secret is sent: in the form, or as `Authorization: Basic`."),
    scopes: z
      .array(z.string().regex(/^[\x21\x23-\x5b\x5d-\x7e]+$/, { error: "write one scope, like groups" }))
      .default(["profile", "email"])
      .describe(
        "What is asked for besides `openid`. Name the one by which groups come, and the one by which a refresh token comes (often `offline_access`).",
      ),
    parameters: z
      .record(
        z.string().refine((name) => !OWN.test(name)),
        z.string(),
        { error: keyHelp("the gateway says this itself; leave it out") },
      )
      .default({})
      .describe("Further parameters of the request to sign in, like `{ access_type: offline }`."),
    userinfo: z
      .boolean()
      .default(true)
      .describe("Whether the userinfo endpoint is asked as well; what it says counts before the ID token."),
    user: personMapping("/sub"),
    session,
    signIn: time(
      "10m",
      30_000,
      HOUR,
      "How long somebody may take to sign in with the provider before it has to be begun anew.",
    ),
    logout: z
      .boolean()
      .default(true)
      .describe("Whether who signs out here is signed out at the provider as well, where it can do that."),
    stepUp,
    timeout: time("5s", 100, 60_000, "How long the provider may take for one answer."),
  }),
});

export type OidcOptions = z.infer<typeof oidcSchema>["oidc"];

/** What is needed to send people to a provider, and to take them back. */
export const upstreamSchema = oidcSchema.shape.oidc.pick({
  issuer: true,
  clientId: true,
  clientSecret: true,
  clientAuth: true,
  scopes: true,
  parameters: true,
  userinfo: true,
  user: true,
  signIn: true,
  timeout: true,
});

export type ClientOptions = z.infer<typeof upstreamSchema>;
