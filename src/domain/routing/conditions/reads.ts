import { type NamePattern, namePattern } from "./parameter-name.ts";
import { urlencoded } from "./parameters.ts";
import { type NamedTest, passes, type ValueTest } from "./value-test.ts";

/** Which parameters a request may have that only looks. */
export interface Reads {
  covers(query: string | null): boolean;
}

/** Of an app that changes things by GET: every other parameter, and every one in a spelling of its own, may change something. */
export function compileReads(parameters: readonly NamedTest[]): Reads {
  const known = new Map<string, ValueTest[]>();
  const patterns: { readonly name: NamePattern; readonly test: ValueTest }[] = [];
  for (const { name, test } of parameters) {
    if (name.includes("*")) patterns.push({ name: namePattern(name), test });
    else known.set(name, [...(known.get(name) ?? []), test]);
  }
  return {
    covers: (query) => {
      const found = urlencoded(query);
      const written = new Set(query?.split("&"));
      const byStem = Map.groupBy(found, ({ readings }) => readings.stem);
      return found.every(({ name, value, plain, readings }) => {
        // Without `=` it is still a name, and one that says nothing.
        const spelled = plain || (value === "" && written.has(name ?? ""));
        if (name === null || value === null || !spelled) return false;
        const tests = [
          ...(known.get(name) ?? []),
          ...patterns.filter((it) => it.name.is(name)).map(({ test }) => test),
        ];
        if (tests.some(({ kind }) => kind === "there")) return true;
        const once = byStem.get(readings.stem)?.length === 1;
        return once && tests.some((test) => passes(test, value));
      });
    },
  };
}
