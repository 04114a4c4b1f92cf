import { z } from "zod";
import { personId } from "../../people.ts";
import { duration } from "../../units.ts";

const groupNames = z.array(z.string().min(1));

const mayBe = z
  .strictObject({
    users: z.array(personId).nullable().default(null).describe("Only these people, by id."),
    groups: groupNames.nullable().default(null).describe("Only people in one of these groups."),
    notUsers: z.array(personId).default([]).describe("None of these people."),
    notInGroups: groupNames
      .default([])
      .describe("Nobody in one of these groups, and nobody whose groups are not known."),
  })
  .describe("Whom they may be. Every part that is written must hold; `{}` is everybody.");

/** One entry of `agents`. */
export const agent = z.strictObject({
  users: z.array(personId).nullable().default(null).describe("The agents, by id."),
  groups: groupNames.nullable().default(null).describe("The agents: people in one of these groups."),
  notUsers: z.array(personId).default([]).describe("None of these people is an agent by this entry."),
  notInGroups: groupNames.default([]).describe("Nobody in one of these groups is an agent by this entry."),
  mayBe,
  mayBeAgents: z
    .boolean()
    .default(false)
    .describe("Whether people who are agents themselves can be viewed as well."),
  mode: z
    .enum(["read", "write"])
    .default("read")
    .describe("What may be done at first: only look, or also change."),
  elevate: z
    .strictObject({ for: duration.describe("How long it lasts.") })
    .nullable()
    .default(null)
    .describe("A logged step from `read` up to `write`; leave out to forbid it."),
  start: z
    .enum(["auto", "ask"])
    .default("auto")
    .describe("Opening a customer's page begins at once, or with a click on a button."),
  reason: z.enum(["optional", "required"]).default("optional").describe("Whether agents must say why."),
  consent: z
    .enum(["none", "notice", "request"])
    .default("none")
    .describe("Whether the customer is told, or has to agree first."),
  limit: z
    .strictObject({
      total: duration.prefault("60m").describe("How long it lasts at the most."),
      idle: duration
        .prefault("15m")
        .describe(
          "How long it lasts while nobody does anything; what a page asks for by itself doesn't count.",
        ),
    })
    .prefault({})
    .describe("When it ends by itself."),
});
