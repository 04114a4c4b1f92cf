import { z } from "zod";
import { CONSENT_MODES, type ConsentTerms, NO_CONSENT } from "../../domain/consent/consent.ts";
import { LANGUAGES } from "../../domain/language.ts";
import { between, count, flag, names, oneOf, orNull, time } from "./values.ts";

/** The word of version 0.1 for `ask`. */
const mode = z.enum([...CONSENT_MODES, "request"]).transform((it) => (it === "request" ? "ask" : it));

const shortText = orNull(z.string().trim().min(1).max(100));

const breakGlass = z.strictObject({
  groups: names.min(1).describe("Whose people may."),
  secondPerson: flag(true).describe("Whether another one of these people has to approve it."),
  lasts: time("1h", "1m", "24h").describe("How long it lasts at the most."),
});

const longForm = z
  .strictObject({
    mode: mode.describe("As the word alone."),
    window: time("24h", "1m", "7d").describe(
      "The longest that a yes lasts; the customer may choose a shorter time.",
    ),
    answerWithin: time("12h", "1m", "30d").describe("After which an ask lapses that nobody answered."),
    asksPerDay: count(NO_CONSENT.asksPerDay, 1, 100).describe(
      "Asks of one agent to one customer within 24 hours; one is open at a time.",
    ),
    askAgainAfter: between("0s", "30d", "up to 30d")
      .prefault("24h")
      .describe("How long a no keeps the same agent from asking this customer once more."),
    notice: oneOf("usual", ["usual", "strict"]).describe(
      "`strict`: nothing starts while the notices of this customer are older than a minute and not delivered.",
    ),
    alias: shortText.describe("What customers read in the place of the agent's name, like `Support`."),
    location: shortText.describe(
      "The country or region that these agents work from, for the customer to read.",
    ),
    approvers: names
      .default([])
      .describe("Groups of agents one of whom, but never the one who asks, says yes in the mode `approval`."),
    breakGlass: orNull(breakGlass).describe(
      "Who may go in without the customer's yes, in an emergency: with a reason, and told to the customer at once.",
    ),
  })
  .superRefine(({ mode, approvers }, context) => {
    if ((mode === "approval") !== approvers.length > 0)
      context.addIssue({
        code: "custom",
        path: ["approvers"],
        message: "`mode: approval` and `approvers` go together: write both, or neither",
      });
  });

/** `consent` of an entry of `agents`, also as its mode alone. */
export const consent = z
  .union([
    mode.refine((it) => it !== "approval", { error: "write `{ mode: approval, approvers: [GROUP] }`" }),
    longForm,
  ])
  .transform(
    (written): Omit<ConsentTerms, "scope"> =>
      typeof written === "string" ? { ...NO_CONSENT, mode: written } : written,
  );

/** `access`: the customer's own page. */
export const access = z
  .strictObject({
    page: z
      .enum(["on", "off"])
      .optional()
      .describe(
        "Whether customers have the page `/.guise/access`. Default: `on` where an entry of `agents` has `consent`, else `off`.",
      ),
    language: oneOf("en", LANGUAGES).describe(
      "What customers read where neither their browser nor what is known of them says a language that there is.",
    ),
    approvers: oneOf("off", ["off", "see", "answer"]).describe(
      "What those may whom `users` names as the `approvers` of a customer: see what that customer is asked, has allowed and who looked (`see`), or also answer, take back and end it for them (`answer`).",
    ),
    optOut: flag(true).describe(
      "Whether customers may say there that nobody may view the app as them (`opted-out`).",
    ),
    offer: z
      .array(between("1m", "7d"))
      .min(1)
      .max(8)
      .prefault(["30m", "4h", "24h", "7d"])
      .describe("The lengths of time that customers choose from."),
    codeLasts: time("15m", "1m", "1h").describe("How long a code counts that a customer reads out."),
    codeTries: count(5, 1, 20).describe(
      "Wrong codes of one agent for one customer, after which none counts until there is a new one.",
    ),
    keep: time("90d", "1d", "3650d").describe("How long asks and answers are kept that are over."),
    receiptRecords: count(100_000, 100, 1_000_000).describe(
      "Records of one access at the most that a receipt is made of; a longer access has none.",
    ),
    cardKnownFor: time("5m", "1s", "1h").describe(
      "How long it counts whose a session is, before the card in its pages is decided on anew.",
    ),
    cardSessions: count(10_000, 100, 1_000_000).describe(
      "Sessions at the most of which it is remembered whose they are; then all are forgotten.",
    ),
    recordsKept: orNull(between("1d", "36500d")).describe(
      "How long the record of what is done is kept, as customers are told when they are asked.",
    ),
  })
  .prefault({})
  .describe("The page of the app's customers: who asks, who looked, and their say in it.");
