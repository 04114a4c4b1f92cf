/** One person as somebody told us: absent facts are null, never guessed. `groups: null` means nobody knows them. */
export interface Identity {
  readonly id: string;
  readonly name: string | null;
  readonly email: string | null;
  readonly groups: readonly string[] | null;
}

/** Who is at the keyboard and who the app is told is there. Impersonating means that the two differ. */
export interface Principal {
  readonly trueUser: Identity;
  readonly effectiveUser: Identity;
}

/** What a person's label says where there is little room: the name, else the e-mail, else the id. */
export function labelOf(person: Identity): string {
  return person.name ?? person.email ?? person.id;
}
