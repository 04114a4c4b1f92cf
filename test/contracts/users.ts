import type { Test } from "tap";
import type { Identity } from "../../src/domain/identity.ts";
import type { Users } from "../../src/ports.ts";

/** The people that every directory is set up with. */
export const PEOPLE: readonly Identity[] = [
  { id: "17", name: "Nuno", email: "nuno@example.com", groups: ["customer"] },
  { id: "18", name: "Nora", email: "nora@other.example", groups: [] },
  { id: "al ice", name: null, email: "alice@example.com", groups: null },
];

/** One kind of directory, set up with `PEOPLE`. */
export interface UsersCase {
  readonly users: Users;
  /** How often what it depends on was asked; null where it asks nobody. */
  readonly asked: (() => number) | null;
  /** Directories of the kind that can't find out; new ones, since nothing may be remembered. */
  readonly unavailable: Readonly<Record<string, () => Promise<Users>>>;
}

/** What every directory keeps. */
export function testUsers(t: Test, name: string, setup: (t: Test) => Promise<UsersCase>): void {
  t.test(`${name}: finds a person by id, with every fact`, async (t) => {
    const { users } = await setup(t);
    for (const person of PEOPLE) t.strictSame(await users.find(person.id), person);
  });

  t.test(`${name}: nobody is null, and what can't be an id is not asked for`, async (t) => {
    const { users, asked } = await setup(t);
    for (const id of ["99", "constructor", "__proto__"]) t.equal(await users.find(id), null, id);
    const before = asked?.() ?? 0;
    for (const id of ["", " 17", "a\nb", "jürgen", "..", ".", "x".repeat(257)])
      t.equal(await users.find(id), null);
    t.equal(asked?.() ?? 0, before);
  });

  t.test(`${name}: many who ask for one person at once ask once`, async (t) => {
    const { users, asked } = await setup(t);
    const all = await Promise.all(Array.from({ length: 30 }, () => users.find("17")));
    t.ok(all.every((person) => person?.id === "17"));
    t.ok(asked === null || asked() === 1);
  });

  t.test(`${name}: finds people by a piece of name, address or id, whatever the case`, async (t) => {
    const { users } = await setup(t);
    const found = async (text: string) => (await users.search(text, 10)).map(({ id }) => id).sort();
    t.strictSame(await found("NO"), ["17", "18"]);
    t.strictSame(await found("alice@"), ["al ice"]);
    t.strictSame(await found("18"), ["18"]);
    t.strictSame(await found(" nuno "), ["17"]);
    t.strictSame(await found("nobody"), []);
  });

  t.test(`${name}: a search gives no more than it may and nothing for nothing`, async (t) => {
    const { users } = await setup(t);
    t.equal((await users.search("example", 2)).length, 2);
    for (const text of ["", "  ", "x".repeat(201)]) t.strictSame(await users.search(text, 10), []);
    t.strictSame(await users.search("nuno", 0), []);
  });

  t.test(`${name}: could not find out is a fault, never nobody`, async (t) => {
    const { unavailable, asked } = await setup(t);
    for (const [why, make] of Object.entries(unavailable)) {
      const users = await make();
      for (let n = 0; n < 2; n += 1) await t.rejects(users.find("17"), { code: "users-lookup-failed" }, why);
      await t.rejects(users.search("nuno", 10), { code: "users-lookup-failed" }, why);
    }
    t.equal(
      Object.keys(unavailable).length > 0,
      asked !== null,
      "what asks a service can fail to find out, and is tried",
    );
  });
}
