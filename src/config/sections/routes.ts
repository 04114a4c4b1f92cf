import { z } from "zod";
import { ID_GRAMMARS, idGrammar } from "../../domain/routing/id-grammar.ts";
import { type AnyKind, type Entry, kindEntry } from "../../kinds.ts";
import { people } from "./agents.ts";
import { conditionsOf, routeQuery, ruleConditions } from "./conditions.ts";
import { flag, orNull } from "./values.ts";

/** The owner of a route that belongs to nobody, though a wider route has one. */
export const NOBODY = "none";

const path = orNull(
  z
    .string()
    .startsWith("/", { error: "write a path pattern that begins with a slash, like /site/:site{/*rest}" }),
);
const host = orNull(z.string({ error: "write a host pattern, like :team.example.com" }).min(1));

const NAMES = Object.keys(ID_GRAMMARS);
const ids = z
  .string()
  .transform((written, context) => {
    const grammar = idGrammar(written);
    if (typeof grammar !== "string") return grammar;
    const message = `write one of ${NAMES.join(", ")}, or a pattern like [a-z]{2}-[0-9]{1,9}: ${grammar}`;
    context.addIssue({ code: "custom", message, input: written });
    return z.NEVER;
  })
  .meta({ anyOf: [{ enum: NAMES }, { type: "string" }] });

/** Which owner a route has: a name of `owners`, or a lookup written in its place. */
type OwnerChoice<Deps, Made> =
  | { readonly kind: "named"; readonly name: string }
  | { readonly kind: "inline"; readonly entry: Entry<Deps, Made> };

const ownerHelp = "write a name of `owners`, a lookup like { param: user }, or none";

/** One entry of `routes`. */
export function route<Deps, Made>(kinds: readonly AnyKind<Deps, Made>[]) {
  const named = z.string().transform((name): OwnerChoice<Deps, Made> => ({ kind: "named", name }));
  const inline = kindEntry(kinds, "an owner").transform(
    (entry): OwnerChoice<Deps, Made> => ({ kind: "inline", entry }),
  );
  const entry = z.strictObject({
    path: path.describe("Which paths: `:name` is one segment, `*name` many, `{…}` is optional."),
    host: host.describe("Which hosts, with `:name` for one label; without `path` all their pages."),
    query: routeQuery,
    owner: z
      .union([named, inline], { error: ownerHelp })
      .optional()
      .describe("Whose page it is: a name of `owners`, a lookup like `{ param: user }`, or `none`."),
    as: z
      .literal("self", { error: "write `self`, or leave it out" })
      .optional()
      .describe(
        "`self`, in the place of `owner`: these pages always run as the agent, like a support inbox or an admin panel. No impersonation covers them.",
      ),
    help: flag(false).describe(
      "Whether one's own pages have the button by which one asks for help (`help`).",
    ),
    caseSensitive: flag(true).describe(
      "`false`: /Site/42 is the page of /site/42 too. Params keep the case that they came with.",
    ),
    ids: ids
      .prefault("plain")
      .describe(
        "What the params look like: one of these names, or a pattern like `[a-z]{2}-[0-9]{1,9}`. Others are never looked up: the page then belongs to nobody.",
      ),
    examples: z
      .array(z.string().regex(/^(?:\/|https?:\/\/)/, { error: "write an address, like /site/42" }))
      .max(20)
      .default([])
      .describe(
        "Addresses that it means, like `/site/42`: `guise check` says where one meets another route or is never looked up, `guise check --live` whose they are.",
      ),
  });
  return entry.superRefine((written, context) => {
    if ((written.owner === undefined) !== (written.as === undefined)) return;
    const message =
      written.owner === undefined
        ? `has neither \`owner\` nor \`as: self\`; ${ownerHelp}`
        : "has both `owner` and `as: self`, of which one can be; remove the other";
    context.addIssue({ code: "custom", message, input: written });
  });
}

const METHOD = /^[A-Z][A-Z-]{0,31}$/;
const sentence = z.string().min(1).max(500);
const ruleHelp = "write one of `allow: true`, `deny`, `confirm`, `write: true`, `stop: true` or `preset`";

/** One entry of `rules`. */
export const rule = z
  .strictObject({
    path: path.describe("Which paths; all but `allow` also cover what lies below."),
    host: host.describe("Which hosts."),
    methods: orNull(
      z.array(z.string().regex(METHOD, { error: "write a method in capital letters, like POST" })).min(1),
    ).describe("Which methods; all if left out."),
    ...ruleConditions,
    agents: orNull(people).describe(
      "The agents that it is for, by id and group; all if left out. `deny`, `confirm` and `stop` also count for those whose groups are not known.",
    ),
    allow: z
      .literal(true)
      .optional()
      .describe("Let it pass, whatever the mode: a read that travels as POST."),
    deny: z
      .union([z.literal(true), sentence], { error: "write true, or the sentence that the agent reads" })
      .optional()
      .describe("Refuse it; a text is what the agent reads."),
    confirm: z
      .union([z.literal(true), sentence], { error: "write true, or the sentence that the agent reads" })
      .optional()
      .describe(
        "Ask the agent first; a text is the question. `{effectiveUser.name}` stands for the customer.",
      ),
    write: z
      .literal(true)
      .optional()
      .describe("It changes something, whatever its method (a link that deletes): it needs the mode write."),
    stop: z.literal(true).optional().describe("Stop viewing as somebody else instead of doing it."),
    preset: z
      .string()
      .optional()
      .describe("A list of rules that ships with the gateway, like account-security."),
  })
  .superRefine((written, context) => {
    const { allow, deny, confirm, write, stop, preset } = written;
    const effects = [allow, deny, confirm, write, stop, preset].filter((effect) => effect !== undefined);
    if (effects.length !== 1) context.addIssue({ code: "custom", message: ruleHelp, input: written });
    const asks = conditionsOf(written) !== null;
    const narrowed = written.path !== null || written.host !== null || asks;
    if (preset === undefined && !narrowed) {
      const message = "write `path`, `host` or a condition like `query`";
      context.addIssue({ code: "custom", message, input: written });
    }
    if (preset !== undefined && (narrowed || written.methods !== null)) {
      const message = "a preset brings its own paths; write it alone";
      context.addIssue({ code: "custom", message, input: written });
    }
  });
