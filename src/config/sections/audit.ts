import { z } from "zod";
import { toldTwice } from "../../audit/shipping/told-twice.ts";
import { HOOK_PLACES } from "../../audit/shipping/webhook-message.ts";
import { secretSource } from "../../clients/secret.ts";
import { AUDIT_ACTIONS } from "../../domain/audit-event.ts";
import { type BodyTemplate, unknownIn } from "../../domain/help/body-template.ts";
import { personId } from "../../people.ts";
import { flag, names, oneOf, time } from "./values.ts";

const webhookHelp = "write an address, { fromEnv: NAME } or { fromFile: path }";

const webhook = z.strictObject({
  url: z
    .union([z.url({ protocol: /^https?$/ }), secretSource], { error: webhookHelp })
    .refine((it) => typeof it !== "string" || !hasUser(it), {
      error:
        "a user or password is a secret: write the whole address as { fromEnv: NAME } or { fromFile: path }; it is sent as Basic authorization",
    })
    .describe("Where each event is sent with POST, as JSON; an address, { fromEnv } or { fromFile }."),
  events: z.array(z.enum(AUDIT_ACTIONS)).min(1).optional().describe("Which events; all if left out."),
  secret: secretSource
    .optional()
    .describe(
      "The key that signs each delivery: 24 to 64 bytes in base64, with or without `whsec_` before them (`openssl rand -base64 32`).",
    ),
  format: oneOf("json", ["json", "slack"]).describe(
    "`slack` sends a sentence and nothing else, as chat services want it.",
  ),
  links: z
    .strictObject({
      run: flag(true).describe(
        "To the page of what was done in the impersonation; needs `publicUrl` or `console`.",
      ),
      page: flag(false).describe(
        "To the page of the app: its path is an address, and so no longer an id alone.",
      ),
      ticket: z
        .string()
        .regex(/^https?:\/\/[^\s{}]+\{ticket\}[^\s{}]*$/, {
          error: "write an address with {ticket} in it, like https://helpdesk.example.com/tickets/{ticket}",
        })
        .optional()
        .describe("To the ticket in your helpdesk: its address, with `{ticket}` in it."),
    })
    .optional()
    .describe("Links in each message; none if left out."),
  body: z
    .custom<BodyTemplate>((value) => typeof value === "object" && value !== null)
    .superRefine((body, context) => {
      const [unknown] = unknownIn(body, HOOK_PLACES);
      if (unknown === undefined) return;
      const message = `\`{${unknown}}\` is none of ${HOOK_PLACES.map((it) => `{${it}}`).join(", ")}`;
      context.addIssue({ code: "custom", message, input: body });
    })
    .meta({ type: "object" })
    .optional()
    .describe(
      "The JSON that a service expects, with places such as `{text}` and `{link.run}` in its texts; in the place of `format`.",
    ),
  timeout: time("10s", "100ms", "60s").describe("For all of one POST; then it is tried again."),
  retryAfter: time("1m", "100ms", "1h").describe(
    "The longest pause that a `Retry-After` of the service may ask for.",
  ),
});

function hasUser(address: string): boolean {
  const url = URL.parse(address);
  return url !== null && (url.username !== "" || url.password !== "");
}

const capture = z
  .strictObject({
    headers: z
      .array(
        z
          .string()
          .regex(/^[A-Za-z][A-Za-z0-9-]{0,63}$/, {
            error: "write a header name of letters, digits and dashes",
          })
          .toLowerCase(),
      )
      .max(32)
      .default([])
      .describe("Request headers that are kept as well; secret ones are redacted."),
    query: flag(true).describe("Whether the query is kept."),
    body: oneOf("none", ["none", "fields"]).describe(
      "`fields` keeps the names and values of forms and JSON objects, and the names of files, up to 64 kB of them.",
    ),
  })
  .prefault({})
  .describe("What is kept of a request as somebody else, besides its address.");

const secretNames = z.array(z.string().min(1).max(100)).default([]);

const lead = z.strictObject({
  groups: names.min(1).describe("Groups whose people lead the team."),
  agents: z
    .strictObject({
      users: z.array(personId).default([]).describe("Agents of the team, by id."),
      groups: names.default([]).describe("Groups whose people are agents of the team."),
    })
    .describe("The agents of the team: these people, and those in these groups."),
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
      .describe(
        "The Redis stream that events are copied to: in `audit.redis`, or else where `store` is redis.",
      ),
    redis: z
      .strictObject({
        url: secretSource.describe("As in `store.redis.url`."),
      })
      .optional()
      .describe("A Redis for the stream alone; so impersonations go on when it is down."),
    mode: oneOf("strict", ["strict", "blocking", "batch"]).describe(
      "What is done as somebody else waits until its record is on disk (`strict`, `blocking`), or not (`batch`); where the disk fails, `strict` refuses it and the others go on.",
    ),
    insecureBatch: flag(false).describe(
      "Has to be true for mode `batch`: what was done just before a process is killed is on no record then.",
    ),
    capture,
    redact: secretNames.describe("Further names of parameters and headers whose values are secrets."),
    hash: secretNames.describe(
      "Names whose values are written as a keyed hash, so that equal ones can be told without being known.",
    ),
    readers: z
      .strictObject({
        groups: names
          .default([])
          .describe("Groups whose people may see everything; that they looked is on record (`audit.read`)."),
        leads: z
          .array(lead)
          .default([])
          .describe("Who may see what the agents of their team did; that they looked is on record as well."),
      })
      .prefault({})
      .describe("Who may see what others did, on the page `activity`. Agents see what they did themselves."),
    webhooks: z
      .array(webhook)
      .default([])
      .superRefine((hooks, context) => {
        const written = hooks.map(({ url, format, events }) => ({
          ...{ format, events },
          url: typeof url === "string" ? url : JSON.stringify(url),
        }));
        for (const { at, message } of toldTwice(written))
          context.addIssue({ code: "custom", path: [at], message, input: hooks[at] });
      })
      .describe("Addresses that are told of events. No two have the same address, format and events."),
  })
  .refine(({ mode, insecureBatch }) => mode !== "batch" || insecureBatch, {
    path: ["mode"],
    error: "batch loses records when the process is killed; write strict, or `insecureBatch: true` beside it",
  })
  .prefault({})
  .describe("The record of what is done as somebody else.");
