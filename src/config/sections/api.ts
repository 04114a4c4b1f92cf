import { z } from "zod";
import { secretSource } from "../../clients/secret.ts";

/** What a token of the app's may be for. */
export const API_RIGHTS = ["consent"] as const;

/** `api`: what the app's own server may do for its people. */
export const api = z
  .strictObject({
    tokens: z
      .array(
        z.strictObject({
          name: z
            .string()
            .regex(/^[A-Za-z0-9_-]{1,64}$/, {
              error: "write a name of letters, digits, dashes and underscores",
            })
            .describe("What records call who used it: `api:NAME`."),
          token: secretSource.describe("The token, 32 characters at least, sent as `Authorization: Bearer`."),
          rights: z
            .array(z.enum(API_RIGHTS))
            .min(1)
            .describe(
              "`consent`: says for customers, on the app's own settings page, what they would say on `/.guise/access`.",
            ),
        }),
      )
      .max(20)
      .default([])
      .describe("Tokens of the app's own server."),
  })
  .prefault({})
  .describe("The API below `/.guise/api/`, for programs.");
