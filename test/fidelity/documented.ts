import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../house/source.ts";

/** The ids of the rows of the table below a heading of docs/forwarding.md, in their order. */
export function documented(heading: string): readonly string[] {
  const page = readFileSync(join(ROOT, "docs/forwarding.md"), "utf8");
  const section = page.split(/^## /m).find((it) => it.startsWith(`${heading}\n`));
  if (section === undefined) throw new Error(`docs/forwarding.md has no section ${JSON.stringify(heading)}`);
  return [...section.matchAll(/^\| `([a-z0-9-]+)` \|/gm)].map(([, id = ""]) => id);
}

/** The rules that the table names, in the table's order. Throws where one of the two names what the other doesn't. */
export function rulesOf<T>(heading: string, rules: Readonly<Record<string, T>>): Readonly<Record<string, T>> {
  const ids = documented(heading);
  const lost = [
    ...Object.keys(rules).filter((id) => !ids.includes(id)),
    ...ids.filter((id) => rules[id] === undefined),
  ];
  if (lost.length > 0)
    throw new Error(`docs/forwarding.md and the rules of test/fidelity/ don't agree on ${lost.join(", ")}`);
  return Object.fromEntries(ids.flatMap((id) => (rules[id] === undefined ? [] : [[id, rules[id]]])));
}
