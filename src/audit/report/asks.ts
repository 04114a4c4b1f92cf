import type { Written, WrittenPerson } from "../record/parse.ts";
import { inOrder, type Moment } from "./earliest.ts";
import { Gathered, type Places } from "./places.ts";

/** One ask, or one yes without an ask, with what became of it. */
export interface Ask {
  readonly id: string;
  readonly origin: string | null;
  readonly agent: WrittenPerson | null;
  readonly customer: WrittenPerson | null;
  readonly cause: string | null;
  readonly reason: string | null;
  readonly ticket: string | null;
  readonly type: string | null;
  /** Null: all of the app. */
  readonly scope: string | null;
  readonly location: string | null;
  /** ms. */
  readonly retention: number | null;
  /** The longest that it may be granted for, ms. */
  readonly longest: number | null;
  readonly asked: string;
  readonly answerBy: string | null;
  readonly state: string;
  /** When it was granted or declined, and by whom: not who took it back later. */
  readonly answered: string | null;
  readonly answeredBy: string | null;
  /** Until when the yes was to count. */
  readonly until: string | null;
  readonly all: Places;
}

/** What an ask has become by each action, and how far that is from the first: no clock of another gateway turns this around. */
const STATES: Readonly<Record<string, readonly [state: string, step: number]>> = {
  "consent.asked": ["asked", 0],
  "consent.granted": ["granted", 1],
  "consent.refused": ["declined", 1],
  "consent.lapsed": ["lapsed", 1],
  "consent.withdrawn": ["withdrawn", 2],
  "consent.used": ["used up", 2],
};

interface Seen {
  readonly record: Written;
  readonly state: string;
  readonly step: number;
  readonly when: Moment;
}

/** Gathers the records of asks, in any order. */
export class Asks {
  readonly #seen = new Map<string, Seen[]>();
  readonly #drawn = new Map<string, Ask>();

  record(record: Written, when: Moment): void {
    const id = record.guise.consent?.id;
    const [state, step] = STATES[record.event.action] ?? [];
    if (id === undefined || state === undefined || step === undefined) return;
    const known = this.#seen.get(id) ?? [];
    this.#seen.set(id, known);
    this.#drawn.delete(id);
    known.push({ record, state, step, when });
  }

  of(id: string): Ask | null {
    const known = this.#drawn.get(id);
    if (known !== undefined) return known;
    const seen = this.#seen.get(id);
    if (seen === undefined) return null;
    const ask = askOf(
      id,
      seen.toSorted((one, other) => one.step - other.step || inOrder(one.when, other.when)),
    );
    this.#drawn.set(id, ask);
    return ask;
  }

  all(): readonly Ask[] {
    return [...this.#seen.keys()].flatMap((id) => this.of(id) ?? []);
  }
}

function askOf(id: string, seen: readonly Seen[]): Ask {
  const first = <T>(of: (record: Written) => T | null | undefined): T | null => {
    for (const { record } of seen) {
      const value = of(record);
      if (value !== undefined && value !== null) return value;
    }
    return null;
  };
  const answer = seen.find(({ state }) => state === "granted" || state === "declined")?.record;
  const granted = seen.find(({ state }) => state === "granted")?.record;
  const all = new Gathered();
  for (const { when } of seen) all.add(when.producer, when.sequence);
  // Of two that are as far, the first one counts.
  const last = seen.reduce((far, it) => (it.step > far.step ? it : far));
  return {
    id,
    origin: first(({ guise }) => guise.consent?.origin),
    agent: first(({ user }) => (user?.id === undefined ? null : user)),
    customer: first(({ user }) => user?.effective),
    cause: first(({ guise }) => guise.consent?.cause),
    reason: first(({ event }) => event.reason),
    ticket: first(({ event }) => event.reference),
    // Who answers may make it less.
    type: granted?.guise.consent?.type ?? first(({ guise }) => guise.consent?.type),
    scope: first(({ guise }) => guise.consent?.scope),
    location: first(({ guise }) => guise.consent?.location),
    retention: first(({ guise }) => guise.consent?.retention),
    longest: first(({ guise }) => guise.consent?.longest),
    asked: earliest(seen),
    answerBy: first(({ guise }) => guise.consent?.answer_by),
    state: last.state,
    answered: answer?.["@timestamp"] ?? null,
    answeredBy: answer?.guise.consent?.answered_by ?? null,
    until: granted?.guise.consent?.until ?? null,
    all,
  };
}

/** Where the question itself is not here, the first that is. */
function earliest(seen: readonly Seen[]): string {
  const asked = seen.find(({ state }) => state === "asked");
  if (asked !== undefined) return asked.when.at;
  return seen.map(({ when }) => when.at).toSorted()[0] ?? "";
}
