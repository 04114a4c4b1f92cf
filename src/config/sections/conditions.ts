import { z } from "zod";
import type { Conditions } from "../../domain/routing/conditions/condition.ts";
import type { NamedTest, ValueTest } from "../../domain/routing/conditions/value-test.ts";
import { linearPattern } from "../../domain/routing/linear-pattern.ts";
import { names, orNull } from "./values.ts";

const scalar = z.union([z.string(), z.number()]).transform(String);
const PARAM = /^:([A-Za-z_]\w{0,63})$/;

const valueHelp =
  "write a value, a list of values, { pattern: … }, { contains: [ … ] }, true for any value, or false for a parameter that isn't there";

const inside = z
  .strictObject({
    pattern: z
      .string()
      .optional()
      .describe("What the whole value looks like, as in `ids`; 4,096 characters at the most."),
    contains: names
      .min(1)
      .optional()
      .describe("Texts of which one stands somewhere in the value, in any case."),
  })
  .transform(({ pattern: source, contains }, context): ValueTest => {
    if (contains !== undefined && source === undefined) return { kind: "contains", texts: contains };
    let message = "write either `pattern` or `contains`";
    if (source !== undefined && contains === undefined) {
      const read = linearPattern(source);
      if (read.kind === "pattern") return { kind: "pattern", source, pattern: read };
      message = read.message;
    }
    context.addIssue({ code: "custom", message, input: source, path: ["pattern"] });
    return z.NEVER;
  });

const value = z.union(
  [
    z.literal(true).transform((): ValueTest => ({ kind: "there" })),
    z.literal(false).transform((): ValueTest => ({ kind: "absent" })),
    scalar.transform((text): ValueTest => ({ kind: "is", values: [text] })),
    z
      .array(scalar)
      .min(1)
      .transform((values): ValueTest => ({ kind: "is", values })),
    inside,
  ],
  { error: valueHelp },
);

/** `":post"` stands for any value, which becomes a param. */
const bound = z
  .string()
  .regex(PARAM)
  .transform((text): ValueTest => ({ kind: "param", param: text.slice(1) }));

/** A set of conditions by the names that they ask about. */
function named(name: z.ZodType<string>, test: z.ZodType<ValueTest, unknown>) {
  return z
    .record(name, test)
    .transform((tests): readonly NamedTest[] => Object.entries(tests).map(([name, test]) => ({ name, test })))
    .refine((tests) => tests.length > 0, { error: "write the name of one parameter at least" });
}

const routeName = z.string().regex(/^[A-Za-z0-9_-]{1,100}$/, {
  error:
    "write the name of a parameter with letters, digits, `_` and `-`; a navigation is told by nothing else",
});
const anyName = z.string().min(1).max(200);
const headerName = z
  .string()
  .regex(/^[A-Za-z0-9*_-]{1,100}$/, { error: "write the name of a header, like X-Requested-With" })
  .refine((name) => !/^(?:cookie|authorization|host)$/i.test(name), {
    error: "cookies, credentials and the host are nobody's condition; write `host` for the host",
  });

/** `query` of a route. */
export const routeQuery = named(routeName, z.union([bound, value], { error: valueHelp }))
  .default([])
  .describe(
    'What the query must say: `{ page: site, id: ":site" }`; a name with a colon makes the value a param. Further parameters don\'t matter.',
  );

const unbound = value.refine((test) => test.kind !== "is" || !test.values.some((text) => PARAM.test(text)), {
  error: "only routes have params; write true for any value, or { pattern: … }",
});
const parameters = (text: string) => named(anyName, unbound).optional().describe(text);

const OPERATIONS = ["query", "mutation", "subscription"] as const;
const operationHelp = "write query, mutation or subscription, or a list of these";
const operation = z.enum(OPERATIONS, { error: operationHelp });

export const ruleConditions = {
  query: parameters("What the query must say, by name; a `*` in a name is any text."),
  header: named(headerName, unbound).optional().describe("What the headers must say."),
  form: parameters(
    "What a form must say. `deny`, `confirm` and `stop` look for it in the query and in JSON as well.",
  ),
  json: parameters(
    "What a JSON body must say; `user.email` lies deeper. `deny`, `confirm` and `stop` look in the query and in forms as well.",
  ),
  graphql: z
    .union([operation.transform((one) => [one]), z.array(operation).min(1)], { error: operationHelp })
    .optional()
    .describe("The type of all operations of a GraphQL request. What can't be read counts as a mutation."),
};

/** As `rules` wants them; null where nothing is asked. */
export function conditionsOf(
  rule: { readonly [name in keyof Conditions]?: Conditions[name] | undefined },
): Conditions | null {
  const { query = [], header = [], form = [], json = [], graphql = null } = rule;
  const none = [query, header, form, json].every((tests) => tests.length === 0) && graphql === null;
  return none ? null : { query, header, form, json, graphql };
}

/** `reads`: an app that changes things by GET. */
export const reads = orNull(
  z.strictObject({
    query: z
      .array(
        z.union([
          z
            .string()
            .min(1)
            .max(200)
            .transform((name): readonly NamedTest[] => [{ name, test: { kind: "there" } }]),
          named(anyName, unbound),
        ]),
      )
      .transform((list): readonly NamedTest[] => list.flat())
      .describe(
        "The parameters that a request may have that only looks: `[id, page, { action: [view, edit] }]`; a `*` in a name is any text.",
      ),
  }),
).describe(
  "For an app that changes things by GET: every request with another parameter in its address counts as one that changes something.",
);
