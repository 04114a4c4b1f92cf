/** What is known of a life that says whether anybody swears its end. */
export interface Stretch {
  /** The time of its last record, as it is written there. */
  readonly at: string;
  /** The last record that a checkpoint of its own swears, and when; at first the one before the first that is here. */
  readonly sworn: { readonly sequence: number; readonly at: string };
  /** The signature of its last checkpoint. */
  readonly signature: string | null;
}

/** A life that goes on has a checkpoint each minute, ms. */
const LONGEST = 300_000;

/**
 * Lives that have gone on for too long without a checkpoint, and whose end no other life swears that isn't such a one
 * itself. Whoever has no key can write a new life, or a new end of one, but no checkpoint of it.
 */
export function unattested(
  lives: ReadonlyMap<string, Stretch>,
  claims: ReadonlyMap<string, readonly { readonly by: string }[]>,
  now: number,
): readonly string[] {
  const named = new Map<string, string[]>();
  for (const [producer, all] of claims) {
    for (const { by } of all) {
      const others = named.get(by);
      if (others === undefined) named.set(by, [producer]);
      else others.push(producer);
    }
  }
  // From those that need nobody on to all whom they swear for: who swears for himself, in a circle as well, is never reached.
  const sworn = new Set([...lives].flatMap(([producer, life]) => (long(life, now) ? [] : [producer])));
  for (const producer of sworn) for (const other of named.get(producer) ?? []) sworn.add(other);
  return [...lives.keys()].filter((producer) => !sworn.has(producer));
}

function long({ at, sworn, signature }: Stretch, now: number): boolean {
  const until = signature === null ? now : Date.parse(at);
  // A time that is none is no excuse.
  return !(until - Date.parse(sworn.at) <= LONGEST);
}
