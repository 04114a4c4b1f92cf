import { z } from "zod";
import { secretSource } from "../../clients/secret.ts";
import { httpUrl } from "../../clients/template.ts";
import { size, timeBetween as time } from "../../units.ts";
import { upstreamSchema } from "../oidc/oidc-options.ts";

const HOUR = 3_600_000;

function clientSchema<End extends z.ZodType>(end: End) {
  return z
    .strictObject({
      id: z.string().min(1).max(512).describe("What the app calls itself (`client_id`)."),
      secret: secretSource.describe("The app's secret, 16 characters at least."),
      redirectUris: z
        .array(httpUrl)
        .min(1)
        .refine(
          (all) => new Set(all.filter((it) => URL.canParse(it)).map((it) => new URL(it).host)).size === 1,
          {
            error: "name addresses of one host; write a client for each host",
          },
        )
        .describe("Where the app takes people back, each whole and exact, all on one host."),
      signedOutUris: z.array(httpUrl).default([]).describe("Where it takes them back after a sign-out."),
      backChannel: httpUrl
        .optional()
        .describe(
          "Where it hears that somebody is signed out (OpenID Connect Back-Channel Logout): customers, and at the end of an impersonation its session.",
        ),
      end,
      auth: z
        .enum(["client_secret_basic", "client_secret_post"])
        .default("client_secret_basic")
        .describe("How it sends its secret."),
    })
    .refine(
      (it: { backChannel?: string | undefined; end?: unknown }) =>
        it.backChannel === undefined || !Array.isArray(it.end) || it.end.length === 0,
      {
        path: ["end"],
        error: "is not needed: the app is told by `backChannel`; remove one of them",
      },
    );
}

/** `provider`: the OpenID provider that apps sign people in with. `end`: how an app is signed out where it has no back channel. */
export function providerSchema<End extends z.ZodType>(end: End) {
  return z
    .strictObject({
      origin: httpUrl
        .refine((text) => URL.canParse(text) && new URL(text).origin === text, {
          error: "write scheme and host alone, like https://app.example.com",
        })
        .describe(
          "The host of the app on which the provider is; the app's issuer is this, the prefix and `/op`: https://app.example.com/.guise/op. Customers' browsers and the app itself have to reach it.",
        ),
      upstream: upstreamSchema.describe(
        "The provider with which people really sign in, as under `identity: oidc`; its redirect address ends in `/op/callback`.",
      ),
      clients: z.array(clientSchema(end)).min(1).describe("The apps."),
      session: time(
        "1h",
        60_000,
        30 * 24 * HOUR,
        "How long somebody who signed in is not asked by `upstream` again, unless the app wants it.",
      ),
      tokens: time("1h", 60_000, 24 * HOUR, "How long tokens of people who signed in themselves count."),
      refreshTokens: time("14d", 60_000, 90 * 24 * HOUR, "And their refresh tokens (`offline_access`)."),
      impersonated: time("2m", 10_000, 600_000, "How long tokens of somebody who is viewed count."),
      signOut: z
        .strictObject({
          timeout: time("5s", 1, 60_000, "For an app's answer to it."),
          answerSize: size
            .refine((n) => n >= 1_024 && n <= 16 * 1_048_576, { error: "write a size from 1kB to 16MB" })
            .prefault("1MB")
            .describe("Of the answer to a request of `end`."),
          within: time("10m", 0, 24 * HOUR, "For how long it is tried where the app can't be reached."),
        })
        .prefault({})
        .describe("Signing the customer out of the apps at the end of an impersonation."),
      keys: z
        .strictObject({
          rotate: time("30d", HOUR, 365 * 24 * HOUR, "After which another key signs."),
          ahead: time("1h", 1_000, 24 * HOUR, "For how long it is published before that."),
        })
        .prefault({})
        .describe("The keys that sign, made and kept in `store`; an old one is published for as long again."),
    })
    .describe(
      "An OpenID provider for apps that sign people in with OpenID Connect: a broker to `upstream` for everybody, and for who is viewed a code that is theirs.",
    );
}

export type ProviderOptions = z.infer<ReturnType<typeof providerSchema<z.ZodType<unknown>>>>;
