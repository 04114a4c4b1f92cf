import t from "tap";
import { z } from "zod";
import { Fault } from "../../src/errors.ts";
import { firstOf, identityKinds } from "../../src/identity/registry.ts";
import type { Identification, IdentitySource } from "../../src/ports.ts";
import { evidence } from "../contracts/identity-source.ts";
import { examplesIn } from "../fixtures/docs.ts";
import { entrySchema, problems } from "./deps.ts";

const unknown: Identification = { kind: "unknown", why: [] };
const known = (id: string): Identification => ({
  kind: "known",
  identity: { id, name: null, email: null, groups: null },
  via: id,
});
const at = (answer: Identification): IdentitySource => ({ identify: () => answer });
const later = (answer: Identification): IdentitySource => ({ identify: async () => answer });
const broken = (error: unknown): IdentitySource => ({
  identify: () => {
    throw error;
  },
});
const brokenLater = (error: unknown): IdentitySource => ({ identify: () => Promise.reject(error) });

t.test("the first that knows the caller is the answer, whether they answer at once or later", async (t) => {
  for (const first of [at, later])
    for (const second of [at, later]) {
      t.strictSame(
        await firstOf([first(unknown), second(known("b")), at(known("c"))]).identify(evidence()),
        known("b"),
      );
      t.strictSame(await firstOf([first(known("a")), second(known("b"))]).identify(evidence()), known("a"));
      t.strictSame(await firstOf([first(unknown), second(unknown)]).identify(evidence()), unknown);
    }
  t.strictSame(await firstOf([]).identify(evidence()), unknown);
});

t.test("where all answer at once, nobody has to wait", async (t) => {
  t.strictSame(firstOf([at(unknown), at(known("b")), later(known("c"))]).identify(evidence()), known("b"));
});

t.test("B8: a source that can't say never lets the next one speak for the caller", async (t) => {
  const fault = new Fault("identity-unavailable", "down");
  for (const first of [
    broken(fault),
    brokenLater(fault),
    broken(new Error("bug")),
    brokenLater(new TypeError("bug")),
  ])
    for (const before of [[], [at(unknown)], [later(unknown)]]) {
      const source = firstOf([...before, first, at(known("somebody else"))]);
      await t.rejects(async () => source.identify(evidence()), { code: "identity-unavailable" });
    }
});

t.test("a source behind the first that knows is not asked", async (t) => {
  await t.resolves(async () => firstOf([at(known("a")), broken(new Error("asked"))]).identify(evidence()));
});

t.test("every kind says what it is, and so does every key of its options", async (t) => {
  t.strictSame(
    identityKinds.map(({ name }) => name),
    ["jwt", "oidc", "whoami", "machine", "insecureHeader", "demo"],
  );
  for (const kind of identityKinds) {
    t.not(kind.describe, "");
    const schema = z.toJSONSchema(kind.schema, { io: "input" }) as Described;
    for (const [key, value] of Object.entries(schema.properties?.[kind.name]?.properties ?? {}))
      t.ok(value.description, `${kind.name}.${key}`);
  }
  t.match(z.toJSONSchema(entrySchema, { io: "input" }), { anyOf: identityKinds.map(() => Object) });
});

t.test("the docs have an example of every kind, and each of them is right", async (t) => {
  const entries = examplesIn("identity.md").flatMap(({ identity }) => identity as Record<string, unknown>[]);
  for (const entry of entries) t.strictSame(problems(entry), [], JSON.stringify(entry));
  const shown = new Set(entries.flatMap((entry) => Object.keys(entry)));
  t.strictSame([...shown].sort(), identityKinds.map(({ name }) => name).sort());
});

interface Described {
  readonly description?: string;
  readonly properties?: Record<string, Described>;
}

t.test("where no source knows the caller, each has said why, in their order", async (t) => {
  const why = (cause: string): Identification => ({
    kind: "unknown",
    why: [{ source: cause, cause, got: cause, level: "debug" }],
  });
  for (const [first, second] of [
    [at, at],
    [later, at],
    [at, later],
    [later, later],
  ] as const) {
    const answer = await firstOf([first(why("a")), second(why("b"))]).identify(evidence());
    t.match(answer, { kind: "unknown", why: [{ cause: "a" }, { cause: "b" }] });
  }
});
