import { z } from "zod";
import { personId } from "../../people.ts";
import { time } from "./values.ts";

const DAY = /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])$/;

/** What a token may do. */
const RIGHTS = ["start", "consent"] as const;

const token = z.strictObject({
  name: z
    .string()
    .regex(/^[A-Za-z][A-Za-z0-9_-]{0,63}$/, {
      error: "write a name of letters, digits, dashes and underscores",
    })
    .describe("What it is called on record."),
  hash: z
    .string()
    .regex(/^sha256:[0-9a-f]{64}$/, {
      error: "write the hash that `guise token NAME` printed, like sha256:…",
    })
    .describe(
      "What the token is known by. The token itself is nowhere: `guise token NAME` prints both, once.",
    ),
  rights: z
    .array(z.enum(RIGHTS))
    .min(1)
    .describe(
      "What it may do: `start` makes links that start an impersonation; `consent` says for customers what they would say on `/.guise/access`.",
    ),
  agents: z
    .array(personId)
    .min(1)
    .optional()
    .describe("For whom it may make links, by id; for every agent if left out."),
  expires: z
    .string()
    .regex(DAY, { error: "write a day, like 2027-01-31" })
    .transform((day) => Date.parse(`${day}T00:00:00Z`))
    .describe("From the beginning of this day on (UTC) it counts no more."),
});

/** `api`: what programs may do with a token of their own. */
export const api = z
  .strictObject({
    tokens: z
      .array(token)
      .max(100)
      .default([])
      .superRefine((tokens, context) => {
        const names = tokens.map(({ name }) => name);
        const twice = names.find((name, at) => names.indexOf(name) !== at);
        if (twice !== undefined)
          context.addIssue({ code: "custom", message: `two tokens are called ${twice}`, input: tokens });
      })
      .describe(
        "The tokens that count. One that is taken out of here counts no more as soon as the config is taken in.",
      ),
    linkLasts: time("60s", "10s", "10m").describe("How long a link counts that a program made."),
  })
  .prefault({})
  .describe("Programs that may do something here, each with a token of its own.");
