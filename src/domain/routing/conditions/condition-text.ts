import type { Conditions } from "./condition.ts";
import type { NamedTest, ValueTest } from "./value-test.ts";

/** Conditions for people: `form *password*=/.+/, graphql mutation`; empty where there are none. */
export function conditionText(conditions: Conditions | null | undefined): string {
  if (conditions == null) return "";
  const { query, header, form, json, graphql } = conditions;
  const parts = Object.entries({ query, header, form, json }).flatMap(([source, tests]) =>
    tests.map((it) => `${source} ${testText(it)}`),
  );
  return [...parts, ...(graphql === null ? [] : [`graphql ${graphql.join("|")}`])].join(", ");
}

/** `id=42`, `id=:site`, `id` for any value, `!id` for none. */
export function testText({ name, test }: NamedTest): string {
  return test.kind === "absent" ? `!${name}` : name + valueText(test);
}

function valueText(test: ValueTest): string {
  switch (test.kind) {
    case "is":
      return `=${test.values.join("|")}`;
    case "pattern":
      return `=/${test.source}/`;
    case "contains":
      return `=…${test.texts.join("|")}…`;
    case "param":
      return `=:${test.param}`;
    case "there":
    case "absent":
      return "";
  }
}
