import { z } from "zod";
import { personId } from "../../people.ts";
import { duration } from "../../units.ts";
import { consent } from "./consent.ts";
import { flag, names, oneOf, orNull } from "./values.ts";

/** People by id and group. */
export const people = z.strictObject({
  users: orNull(z.array(personId)).describe("Only these people, by id."),
  groups: orNull(names).describe("Only people in one of these groups."),
  notUsers: z.array(personId).default([]).describe("None of these people."),
  notInGroups: names
    .default([])
    .describe("Nobody in one of these groups, and nobody whose groups are not known."),
});

const mayBe = people.describe("Whom they may be. Every part that is written must hold; `{}` is everybody.");

/** Longer than what anybody reads in a list. */
const LONGEST_REASON = 100;

const reason = z
  .union([
    z.enum(["optional", "required"]),
    z.strictObject({
      required: flag(true).describe("Whether one has to be given."),
      oneOf: orNull(z.array(z.string().trim().min(1).max(LONGEST_REASON)).min(1)).describe(
        "The reasons to choose from; left out: the agent writes one.",
      ),
    }),
  ])
  .transform((written) =>
    typeof written === "string" ? { required: written === "required", oneOf: null } : written,
  );

function stepUp(describe: string) {
  return flag(false).describe(`${describe} What is enough is said by \`stepUp\` of an identity source.`);
}

const START = ["auto", "ask"] as const;

const start = z
  .union([
    z.enum(START),
    z.strictObject({
      by: oneOf("auto", START).describe("By a link alone, or with a click on a button."),
      stepUp: stepUp("Whether the agent has to sign in once more for it (`step-up-required`)."),
    }),
  ])
  .transform((written) => (typeof written === "string" ? { by: written, stepUp: false } : written));

/** `administrators`: who has a say in what others are doing right now. */
export const administrators = z
  .strictObject({
    users: z.array(personId).default([]).describe("These people, by id."),
    groups: names.default([]).describe("People in one of these groups."),
  })
  .prefault({})
  .describe(
    "Who may end impersonations of others and keep an agent from starting any for a while, on the page `sessions`. What they do is on record.",
  );

/** One entry of `agents`. */
export const agent = z.strictObject({
  kind: oneOf("person", ["person", "machine"]).describe(
    "`machine`: programs, as the identity source `machine` knows them. They begin by the API, name a ticket, only look, and the customer is told at least.",
  ),
  users: orNull(z.array(personId)).describe("The agents, by id."),
  groups: orNull(names).describe("The agents: people in one of these groups."),
  notUsers: z.array(personId).default([]).describe("None of these people is an agent by this entry."),
  notInGroups: names.default([]).describe("Nobody in one of these groups is an agent by this entry."),
  mayBe,
  mayBeAgents: flag(false).describe("Whether people who are agents themselves can be viewed as well."),
  apps: orNull(names.min(1)).describe(
    "Only in these of the `apps`, by their names. Everything else is refused (`outside-grant`) while somebody is viewed by this entry.",
  ),
  hosts: orNull(names.min(1)).describe(
    "Only on these hosts, like `app.example.com` or `:team.example.com`. Everything else is refused (`outside-grant`) while somebody is viewed by this entry.",
  ),
  routes: orNull(
    z
      .array(
        z.string().startsWith("/", {
          error: "write a path pattern that begins with a slash, like /site/:site{/*rest}",
        }),
      )
      .min(1),
  ).describe(
    "Only below these paths, written as in `routes`. Name what the pages load as well, like `/assets/*file`: everything else is refused (`outside-grant`).",
  ),
  mode: oneOf("read", ["read", "write"]).describe("What may be done at first: only look, or also change."),
  elevate: orNull(
    z.strictObject({
      for: duration.describe("How long it lasts."),
      stepUp: stepUp("Whether the agent has to sign in once more for it (`step-up-required`)."),
    }),
  ).describe("A logged step from `read` up to `write`; leave out to forbid it."),
  start: start
    .prefault("auto")
    .describe(
      "Opening a customer's page begins at once, or with a click on a button; `{ by: ask, stepUp: true }`: only once the agent has signed in again.",
    ),
  reason: reason
    .prefault("optional")
    .describe(
      "Whether agents must say why, and by which words: `{ required: true, oneOf: [bug, billing] }`.",
    ),
  consent: consent
    .prefault("none")
    .describe(
      "Whether the customer is told (`notice`), or has to agree first: each time (`ask`), once for a while (`window`), or by a code that they read out (`code`). `request` is an old word for `ask`.",
    ),
  limit: z
    .strictObject({
      total: duration.prefault("60m").describe("How long it lasts at the most."),
      idle: duration
        .prefault("15m")
        .describe(
          "How long it lasts while nobody does anything; what a page asks for by itself doesn't count.",
        ),
      customersPerDay: orNull(z.int().min(1).max(1_000)).describe(
        "How many different people one agent may be within 24 hours, over all gateways of one store; one more is refused (`limit-reached`).",
      ),
    })
    .prefault({})
    .describe("When it ends by itself."),
});
