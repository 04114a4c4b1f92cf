import type { Written } from "../record/parse.ts";
import { type Access, Accesses } from "./accesses.ts";
import { type Ask, Asks } from "./asks.ts";
import type { Moment } from "./earliest.ts";
import { Gathered, type Places } from "./places.ts";

/** What one period's records show. */
export interface Evidence {
  readonly accesses: readonly Access[];
  readonly asks: readonly Ask[];
  /** Every ask by its id, also of before the period. */
  readonly askOf: (id: string) => Ask | null;
  /** Records of one action in the period. */
  readonly of: (action: string) => Places;
}

/** Times in ms. An access belongs to the period in which it began, an ask to the one in which it was asked. */
interface Period {
  readonly since: number;
  readonly until: number;
}

/** Takes records in any order; one that comes again counts once. */
export function gathering() {
  const accesses = new Accesses();
  const asks = new Asks();
  const actions = new Map<string, Moment[]>();
  const seen = new Set<string>();
  return {
    record: (record: Written, { producer, sequence }: Omit<Moment, "at">): void => {
      const name = `${producer} ${sequence}`;
      if (seen.has(name)) return;
      seen.add(name);
      const { action } = record.event;
      const known = actions.get(action) ?? [];
      actions.set(action, known);
      const when = { at: record["@timestamp"], producer, sequence };
      known.push(when);
      accesses.record(record, when);
      asks.record(record, when);
    },
    evidence: ({ since, until }: Period): Evidence => {
      const inside = (time: string) => Date.parse(time) >= since && Date.parse(time) < until;
      return {
        accesses: byTime(accesses.all(), (it) => it.began ?? it.first).filter((it) =>
          inside(it.began ?? it.first),
        ),
        asks: byTime(asks.all(), ({ asked }) => asked).filter(({ asked }) => inside(asked)),
        askOf: (id) => asks.of(id),
        of: (action) => {
          const found = new Gathered();
          for (const { at, producer, sequence } of actions.get(action) ?? [])
            if (inside(at)) found.add(producer, sequence);
          return found;
        },
      };
    },
  };
}

/** Of one moment by id, which is nobody's to choose. */
function byTime<T extends { readonly id: string }>(
  all: readonly T[],
  timeOf: (one: T) => string,
): readonly T[] {
  const sortable = (it: T) => `${timeOf(it)} ${it.id}`;
  return all.toSorted((one, other) => (sortable(one) < sortable(other) ? -1 : 1));
}
