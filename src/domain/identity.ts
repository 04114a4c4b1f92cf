/** One person as an identity source or a lookup has them: unknown facts are null, never guessed. */
export interface Identity {
  readonly id: string;
  readonly name: string | null;
  readonly email: string | null;
  readonly groups: readonly string[] | null;
  /** What they read, like `de-AT`; absent where nobody said. */
  readonly language?: string | undefined;
  /** Ids of those who may answer for them what a customer is asked; absent where nobody said. */
  readonly approvers?: readonly string[] | undefined;
  /** A program, with the person for whom it acts: it may do nothing that this person may not do; absent for people. */
  readonly machine?: { readonly for: Identity } | undefined;
}

/** The true and the effective user. Under an impersonation the two differ. */
export interface Principal {
  readonly trueUser: Identity;
  readonly effectiveUser: Identity;
}

/** What a person's label says where there is little room: the name, else the e-mail, else the id. */
export function labelOf(person: Identity): string {
  return person.name ?? person.email ?? person.id;
}

/** How records and pages for agents name a program that acts for a person. */
export function assistantLabel(name: string, person: string): string {
  return `an AI assistant (${name}, for ${person})`;
}

/** The two names in such a label, for those who read it in another language; null for any other label. */
export function assistantIn(label: string): { readonly name: string; readonly person: string } | null {
  const [, name, person] = /^an AI assistant \((.+?), for (.+)\)$/s.exec(label) ?? [];
  return name === undefined || person === undefined ? null : { name, person };
}
