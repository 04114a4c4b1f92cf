/** Where records stand: the numbers from one to another of one producer. */
interface Place {
  readonly producer: string;
  readonly from: number;
  readonly to: number;
}

/** The records that a figure was counted from. */
export interface Places {
  /** How many there are. */
  readonly count: number;
  readonly places: readonly Place[];
}

/** Gathers places; a record that is added again counts once. */
export class Gathered implements Places {
  readonly #byProducer = new Map<string, Set<number>>();

  add(producer: string, sequence: number): void {
    const known = this.#byProducer.get(producer) ?? new Set<number>();
    this.#byProducer.set(producer, known.add(sequence));
  }

  get count(): number {
    let all = 0;
    for (const { size } of this.#byProducer.values()) all += size;
    return all;
  }

  get places(): readonly Place[] {
    const producers = [...this.#byProducer].toSorted(([one], [other]) => (one < other ? -1 : 1));
    return producers.flatMap(([producer, known]) => ranges(producer, [...known]));
  }
}

function ranges(producer: string, numbers: number[]): readonly Place[] {
  const found: { producer: string; from: number; to: number }[] = [];
  for (const sequence of numbers.sort((one, other) => one - other)) {
    const last = found.at(-1);
    if (last?.to === sequence - 1) last.to = sequence;
    else found.push({ producer, from: sequence, to: sequence });
  }
  return found;
}

/** Of several things, the places of all of them. */
export function together(all: readonly Places[]): Places {
  const gathered = new Gathered();
  for (const { producer, from, to } of all.flatMap(({ places }) => places))
    for (let at = from; at <= to; at += 1) gathered.add(producer, at);
  return gathered;
}

/** `gw1-mk3 3, 5-9`: for people, and for one cell of a table. */
export function placesText({ places }: Places): string {
  const byProducer = new Map<string, string[]>();
  for (const { producer, from, to } of places) {
    const said = byProducer.get(producer) ?? [];
    byProducer.set(producer, [...said, from === to ? `${from}` : `${from}-${to}`]);
  }
  return [...byProducer].map(([producer, said]) => `${producer} ${said.join(", ")}`).join("; ");
}
