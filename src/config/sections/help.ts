import { z } from "zod";
import { secretSource, textSource } from "../../clients/secret.ts";
import { type BodyTemplate, unknownIn } from "../../domain/help/body-template.ts";
import { HELP_PLACES } from "../../domain/help/help.ts";
import { count, flag, orNull, time } from "./values.ts";

const webhook = z.strictObject({
  url: textSource.describe("Where each request for help is sent with POST, as JSON."),
  secret: secretSource
    .optional()
    .describe("The key that signs each delivery, as of `audit.webhooks[].secret` (Standard Webhooks)."),
  headers: z
    .record(z.string().regex(/^[A-Za-z0-9_-]{1,64}$/), textSource)
    .default({})
    .describe("Headers to send, like authorization: { fromEnv: HELPDESK_TOKEN }."),
  body: z
    .custom<BodyTemplate>((value) => typeof value === "object" && value !== null)
    .superRefine((body, context) => {
      const [unknown] = unknownIn(body, HELP_PLACES);
      if (unknown === undefined) return;
      const message = `\`{${unknown}}\` is none of ${HELP_PLACES.map((it) => `{${it}}`).join(", ")}`;
      context.addIssue({ code: "custom", message, input: body });
    })
    .meta({ type: "object" })
    .optional()
    .describe(
      "The JSON that a helpdesk expects, with places such as `{subject}` in its texts; [examples](../examples/helpdesk). A message of our own if left out.",
    ),
  timeout: time("10s", "100ms", "1m").describe("For all of one POST; then it is tried again."),
});

/** `help`: how customers ask for help, and where that goes. */
export const help = orNull(
  z
    .strictObject({
      mail: z
        .strictObject({
          to: z
            .string()
            .regex(/^[^\s<>@]+@[^\s<>@]+$/, { error: "write an address, like support@example.com" })
            .max(320)
            .describe("Who gets it."),
        })
        .optional()
        .describe("A text mail by the server of `mail`, whose answer goes to the one who asks."),
      webhooks: z.array(webhook).max(10).default([]).describe("Services that get it."),
      redis: z
        .strictObject({
          url: secretSource.describe("As in `store.redis.url`."),
          stream: z.string().min(1).max(200).default("{guise:help}").describe("The name of the stream."),
        })
        .optional()
        .describe("A Redis stream that gets it."),
      categories: z
        .array(z.string().trim().min(1).max(60))
        .max(20)
        .default([])
        .describe("What the one who asks chooses from; nothing if empty."),
      screenshot: flag(true).describe(
        "Whether a picture of the page may be added. What is typed, and what has `data-guise-mask`, is blanked before it is drawn.",
      ),
      screenshotSize: count(500_000, 10_000, 2_000_000).describe("Bytes of such a picture at the most."),
      perMinute: count(3, 1, 60).describe("Requests for help of one person in a minute."),
      deliverFor: time("7d", "1m", "30d").describe("How long it is tried again where it can't be delivered."),
      keep: time("30d", "1d", "365d").describe(
        "How long the link in it leads to the page as the one who asked.",
      ),
    })
    .superRefine(({ mail, webhooks, redis }, context) => {
      if (mail !== undefined || webhooks.length > 0 || redis !== undefined) return;
      context.addIssue({
        code: "custom",
        message: "goes nowhere; write `mail`, `webhooks` or `redis`",
        input: null,
      });
    }),
).describe(
  "Customers ask for help on the app's own pages whose route says `help: true`. Who asks is verified by the gateway, and a link in it opens the page as them.",
);
