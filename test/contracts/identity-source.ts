import type { Test } from "tap";
import type { Identity } from "../../src/domain/identity.ts";
import { isId, isLine } from "../../src/domain/person.ts";
import type { Evidence, IdentitySource } from "../../src/ports.ts";

/** One kind of source, set up so that it knows `alice`. A field is null where the kind has no such case. */
export interface IdentityCase {
  readonly via: string;
  readonly source: IdentitySource;
  /** What the source must say of the caller of `known`. */
  readonly identity: Identity;
  readonly known: Evidence;
  /** Callers whom it doesn't know: a guest, a forger … by name. */
  readonly unknown: Readonly<Record<string, Evidence>>;
  /** The same caller while what the source depends on is down; a new source, since nothing may be remembered. */
  readonly unavailable: Readonly<
    Record<string, () => Promise<{ source: IdentitySource; evidence: Evidence }>>
  >;
}

/** Evidence with nothing in it. */
export function evidence(parts: Partial<Evidence> = {}): Evidence {
  return { headers: {}, cookies: {}, peer: "192.0.2.1", host: "app.example.com", ...parts };
}

/** What every identity source keeps. */
export function testIdentitySource(t: Test, name: string, setup: (t: Test) => Promise<IdentityCase>): void {
  t.test(`${name}: knows its caller, with every fact and its own name`, async (t) => {
    const { source, known, identity, via } = await setup(t);
    t.strictSame(await source.identify(known), { kind: "known", identity, via });
  });

  t.test(`${name}: says the same at once when it is asked again`, async (t) => {
    const { source, known } = await setup(t);
    const first = await source.identify(known);
    const again = source.identify(known);
    t.notOk(again instanceof Promise, "a known caller costs no waiting");
    t.strictSame(again, first);
  });

  t.test(`${name}: reads a header that is given as a list of one`, async (t) => {
    const { source, known } = await setup(t);
    const lists = Object.entries(known.headers).map(([header, value]) => [header, [value ?? ""].flat()]);
    t.match(await source.identify({ ...known, headers: Object.fromEntries(lists) }), { kind: "known" });
  });

  t.test(`${name}: doesn't know a caller who shows nothing`, async (t) => {
    const { source } = await setup(t);
    for (const peer of [{}, { peer: "127.0.0.1" }, { peer: "no address" }])
      t.match(await source.identify(evidence(peer)), { kind: "unknown", why: [{ level: "debug" }] });
  });

  t.test(`${name}: doesn't know whom it should not know`, async (t) => {
    const { source, unknown } = await setup(t);
    for (const [who, shown] of Object.entries(unknown))
      t.match(
        await source.identify(shown),
        { kind: "unknown", why: [{ source: name.split(/[ :]/)[0], cause: /^[a-z0-9-]+$/, got: /\S/ }] },
        who,
      );
  });

  t.test(`${name}: could not find out is a fault, never nobody`, async (t) => {
    const { unavailable, source: other, known } = await setup(t);
    for (const [why, make] of Object.entries(unavailable)) {
      const { source, evidence: shown } = await make();
      await t.rejects(async () => source.identify(shown), { code: "identity-unavailable" }, why);
    }
    t.match(
      await other.identify(known),
      { kind: "known" },
      "and nothing of that concerns another source of the kind",
    );
  });

  t.test(`${name}: what it says is safe in a header, a token and a log line`, async (t) => {
    const { source, known } = await setup(t);
    const found = await source.identify(known);
    const people = found.kind === "known" ? [found.identity] : [];
    t.equal(people.length, 1);
    for (const { id, name, email, groups } of people)
      t.ok(isId(id) && [name ?? "", email ?? "", ...(groups ?? [])].every(isLine));
  });
}
