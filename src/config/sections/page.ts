import { z } from "zod";
import { secretSource } from "../../clients/secret.ts";
import { AUDIT_ACTIONS } from "../../domain/audit-event.ts";

const selectors = z
  .array(
    z
      .string()
      .min(1)
      .max(500)
      .refine((text) => !/[{}<]/.test(text), { error: "write a CSS selector, like a[href='/logout']" }),
  )
  .default([]);

/** `page`: what is done to the app's pages while somebody looks at them as somebody else. */
export const page = z
  .strictObject({
    banner: z
      .strictObject({
        position: z.enum(["top", "bottom"]).default("top").describe("Where the banner stands."),
      })
      .prefault({})
      .describe("The banner that says who is looking as whom."),
    disable: selectors.describe("CSS selectors of what is greyed out."),
    logout: selectors.describe("CSS selectors of the app's sign-out links and forms; they stop instead."),
    clearSiteData: z
      .boolean()
      .default(true)
      .describe("Whether start, switch and stop clear the browser's cache and storage for the app."),
  })
  .prefault({})
  .describe("What is done to pages while impersonating.");

const webhookHelp = "write an address, { fromEnv: NAME } or { fromFile: path }";

const webhook = z.strictObject({
  url: z
    .union([z.url({ protocol: /^https?$/ }), secretSource], { error: webhookHelp })
    .describe("Where each event is sent with POST, as JSON; an address, { fromEnv } or { fromFile }."),
  events: z.array(z.enum(AUDIT_ACTIONS)).min(1).optional().describe("Which events; all if left out."),
  secret: secretSource.optional().describe("The key that signs each delivery."),
});

/** `audit`: what is written down, and where it goes. */
export const audit = z
  .strictObject({
    stream: z
      .string()
      .regex(/^\{[^{}]+\}[^{}]*$/, {
        error: "put the name in braces, so that stream and cursor share a slot",
      })
      .max(200)
      .default("{guise:audit}")
      .describe("The Redis stream that events are copied to, where `store` is redis."),
    mode: z
      .enum(["strict", "blocking", "batch"])
      .default("strict")
      .describe("What waits for the disk: every impersonated request, starts and changes only, or nothing."),
    webhooks: z.array(webhook).default([]).describe("Addresses that are told of events."),
  })
  .prefault({})
  .describe("The record of what is done as somebody else.");
