import { folded, type ReadQuery, readQuery } from "../query-value.ts";
import { type NamedTest, passes, shapeOfTest, weightOf } from "./value-test.ts";

/** A test with its name as the loosest server sees it. */
interface StemTest extends NamedTest {
  readonly stem: string;
}

/** Something that counts where a query fits; the earliest of those that say equally much. */
interface Entry<T> {
  readonly value: T;
  readonly tests: readonly StemTest[];
  readonly weight: number;
  readonly order: number;
}

/** What fits a query. `doubtful`: a parameter that some condition asks about can be read in two ways, so nothing does. */
type QueryMatch<T> =
  | { readonly kind: "found"; readonly value: T; readonly params: readonly (readonly [string, string])[] }
  | { readonly kind: "none" | "doubtful" };

const NONE = { kind: "none" } as const;
const DOUBTFUL = { kind: "doubtful" } as const;

/** What is asked about one parameter. */
interface Asked<T> {
  /** Its name as the conditions write it, in all their spellings. */
  readonly names: Set<string>;
  /** Entries that want one of some values of it. */
  readonly byValue: Map<string, Entry<T>[]>;
  /** Entries that look for it, whatever its value. */
  readonly byName: Entry<T>[];
}

/** Routes of one path by their conditions on the query: asked by the parameters that are there, so that many cost what few do. */
export class QueryIndex<T> {
  readonly #entries: Entry<T>[] = [];
  /** By the name that the loosest server sees. */
  readonly #asked = new Map<string, Asked<T>>();
  readonly #always: Entry<T>[] = [];

  add(value: T, tests: readonly NamedTest[]): void {
    const weight = tests.reduce((sum, { test }) => sum + 10 + weightOf(test), 0);
    const stems = tests.map((it) => ({ ...it, stem: folded(it.name) }));
    this.#entries.push({ value, tests: stems, weight, order: this.#entries.length });
  }

  /** Puts every entry where the fewest others stand. Called once, when all are there. */
  seal(): void {
    const counts = new Map<string, number>();
    for (const { tests } of this.#entries)
      for (const key of tests.flatMap(keysOf)) counts.set(key, (counts.get(key) ?? 0) + 1);
    const crowd = (it: StemTest) => Math.max(...keysOf(it).map((key) => counts.get(key) ?? 0));
    for (const entry of this.#entries.sort((a, b) => b.weight - a.weight || a.order - b.order)) {
      for (const { name, stem } of entry.tests) this.#about(stem).names.add(name);
      const asked = entry.tests.filter(({ test }) => test.kind !== "absent");
      const [rarest = null] = asked.sort(
        (a, b) => crowd(a) - crowd(b) || weightOf(b.test) - weightOf(a.test),
      );
      if (rarest === null) this.#always.push(entry);
      else this.#put(rarest, entry);
    }
  }

  #put({ stem, test }: StemTest, entry: Entry<T>): void {
    const { byValue, byName } = this.#about(stem);
    if (test.kind !== "is") byName.push(entry);
    else for (const value of new Set(test.values)) append(byValue, value, entry);
  }

  #about(stem: string): Asked<T> {
    const known = this.#asked.get(stem);
    if (known !== undefined) return known;
    const made: Asked<T> = { names: new Set(), byValue: new Map(), byName: [] };
    this.#asked.set(stem, made);
    return made;
  }

  match(query: string | null): QueryMatch<T> {
    const read = readQuery(query);
    let best: Entry<T> | null = this.#first(this.#always, read, null);
    for (const [stem, said] of read) {
      const asked = this.#asked.get(stem);
      if (asked === undefined) continue;
      if (said.kind === "doubtful" || !asked.names.has(said.name)) return DOUBTFUL;
      best = this.#first(asked.byValue.get(said.value), read, best);
      best = this.#first(asked.byName, read, best);
    }
    return best === null ? NONE : { kind: "found", value: best.value, params: paramsOf(best, read) };
  }

  /** The lists are in order, so the first that fits is the best of its list. */
  #first(entries: readonly Entry<T>[] | undefined, read: ReadQuery, known: Entry<T> | null): Entry<T> | null {
    for (const entry of entries ?? []) {
      if (known !== null && !precedes(entry, known)) return known;
      if (entry.tests.every((it) => fits(it, read))) return entry;
    }
    return known;
  }
}

/** The same for all conditions that the same queries meet. */
export function shapeOfTests(tests: readonly NamedTest[]): string {
  return tests
    .map(({ name, test }) => `${JSON.stringify(name)}:${shapeOfTest(test)}`)
    .sort()
    .join(",");
}

function keysOf({ stem, test }: StemTest): readonly string[] {
  return test.kind === "is" ? test.values.map((value) => `${stem}=${value}`) : [stem];
}

function precedes<T>(a: Entry<T>, b: Entry<T>): boolean {
  return a.weight > b.weight || (a.weight === b.weight && a.order < b.order);
}

function fits({ name, stem, test }: StemTest, read: ReadQuery): boolean {
  const said = read.get(stem);
  if (said === undefined) return test.kind === "absent";
  return said.kind === "one" && said.name === name && passes(test, said.value);
}

function paramsOf<T>({ tests }: Entry<T>, read: ReadQuery): readonly (readonly [string, string])[] {
  return tests.flatMap(({ stem, test }) => {
    if (test.kind !== "param") return [];
    const said = read.get(stem);
    return said?.kind === "one" ? [[test.param, said.value] as const] : [];
  });
}

function append<T>(lists: Map<string, T[]>, key: string, value: T): void {
  const known = lists.get(key);
  if (known === undefined) lists.set(key, [value]);
  else known.push(value);
}
