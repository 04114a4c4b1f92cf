import type { Test } from "tap";
import type { Owner } from "../../src/domain/owner.ts";
import { ownerLookup } from "../../src/domain/routing/lookup.ts";
import type { OwnerResolver } from "../../src/ports.ts";

type Lookup = ReturnType<typeof ownerLookup>;

/** One kind of resolver, set up so that it finds `owner`. */
export interface OwnerCase {
  readonly resolver: OwnerResolver;
  readonly found: Lookup;
  readonly owner: Owner;
  /** Pages that belong to nobody, by name. */
  readonly nobody: Readonly<Record<string, Lookup>>;
  /** How often what it depends on was asked; null where it asks nobody. */
  readonly asked: (() => number) | null;
  /** Resolvers of the kind that can't find out; new ones, since nothing may be remembered. */
  readonly unavailable: Readonly<Record<string, () => Promise<OwnerResolver>>>;
}

export const NEVER = new AbortController().signal;

/** A question as the gateway asks it. */
export function lookup(
  params: Record<string, string>,
  at: { host?: string; path?: string; query?: string } = {},
): Lookup {
  const { host = "app.example.com", path = "/page", query = null } = at;
  return ownerLookup({ resolver: "tested", params, path, query, host });
}

/** What every owner resolver keeps. */
export function testOwnerResolver(t: Test, name: string, setup: (t: Test) => Promise<OwnerCase>): void {
  t.test(`${name}: finds the owner with all that is known`, async (t) => {
    const { resolver, found, owner } = await setup(t);
    t.strictSame(await resolver.resolve(found, NEVER), owner);
    t.strictSame(await resolver.resolve(found, NEVER), owner);
  });

  t.test(`${name}: a page of nobody is null`, async (t) => {
    const { resolver, nobody } = await setup(t);
    for (const [why, page] of Object.entries(nobody)) t.equal(await resolver.resolve(page, NEVER), null, why);
  });

  t.test(`${name}: PATH-12: a param that is no plain id is nobody's, and nobody is asked`, async (t) => {
    const { resolver, found, asked } = await setup(t);
    const names = Object.keys(found.params);
    for (const value of ["..", "a/b", "%2e", "a\0", "x".repeat(129), "__proto__", "constructor"]) {
      const odd = lookup(Object.fromEntries(names.map((param) => [param, value])), {
        host: value,
        path: "/%2e",
      });
      const owner = await resolver.resolve(odd, NEVER);
      t.ok(owner === null || owner.id === value, value);
    }
    const missing = names.length === 0 ? null : await resolver.resolve(lookup({}), NEVER);
    t.equal(missing, null);
    t.ok(asked === null || asked() <= 2, "only the two plain words were asked for");
  });

  t.test(`${name}: many who ask the same at once ask once`, async (t) => {
    const { resolver, found, owner, asked } = await setup(t);
    const all = await Promise.all(Array.from({ length: 30 }, () => resolver.resolve(found, NEVER)));
    t.ok(all.every((one) => one?.id === owner.id));
    t.ok(asked === null || asked() === 1);
  });

  t.test(`${name}: DEC-07: could not find out is a fault, never nobody and never remembered`, async (t) => {
    const { unavailable, found, asked } = await setup(t);
    for (const [why, make] of Object.entries(unavailable)) {
      const resolver = await make();
      for (let n = 0; n < 2; n += 1)
        await t.rejects(
          resolver.resolve(found, NEVER),
          { code: "owner-lookup-failed", message: /tested/ },
          why,
        );
    }
    t.equal(
      Object.keys(unavailable).length > 0,
      asked !== null,
      "what asks a service can fail to find out, and is tried",
    );
  });
}
