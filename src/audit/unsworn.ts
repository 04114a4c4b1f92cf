/** What is known of a life that says whether anybody swears its end. */
export interface Stretch {
  /** The time of its last record, as it is written there. */
  readonly at: string;
  /** The last record that a checkpoint of its own swears, and when; at first the one before the first that is here. */
  readonly sworn: { readonly sequence: number; readonly at: string };
  /** The signature of its last checkpoint. */
  readonly signature: string | null;
}

/** What a life has seen of the end of another one. */
export interface Claim {
  readonly by: string;
  readonly sequence: number;
  readonly hash: string;
}

/** A life that goes on has a checkpoint each minute, ms. */
const LONGEST = 300_000;

/**
 * Lives that have gone on for too long without a checkpoint, and whose end no other life swears that isn't such a one
 * itself. Whoever has no key can write a new life, or a new end of one, but no checkpoint of it.
 */
export function unsworn(
  lives: ReadonlyMap<string, Stretch>,
  claims: ReadonlyMap<string, readonly Claim[]>,
  now: number,
): readonly string[] {
  const judged = new Map<string, boolean>();
  const alone = (producer: string): boolean => {
    const before = judged.get(producer);
    if (before !== undefined) return before;
    const life = lives.get(producer);
    // Who swears for himself, in a circle as well, swears for nobody.
    judged.set(producer, true);
    const is =
      life === undefined || (long(life, now) && (claims.get(producer) ?? []).every(({ by }) => alone(by)));
    judged.set(producer, is);
    return is;
  };
  return [...lives.keys()].filter(alone);
}

function long({ at, sworn, signature }: Stretch, now: number): boolean {
  const until = signature === null ? now : Date.parse(at);
  // A time that is none is no excuse.
  return !(until - Date.parse(sworn.at) <= LONGEST);
}
