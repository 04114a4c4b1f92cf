import { join } from "node:path";
import { createLocalJWKSet, decodeProtectedHeader, type JSONWebKeySet, jwtVerify } from "jose";
import t, { type Test } from "tap";
import type { Identity } from "../../src/domain/identity.ts";
import { openKeyring } from "../../src/keys/keyring.ts";
import { tokens } from "../../src/keys/token.ts";
import { testFolder } from "../fixtures/test-folder.ts";

type TokenInput = Parameters<ReturnType<typeof tokens>["sign"]>[0];

const alice: Identity = { id: "alice", name: "Alice", email: null, groups: ["support"] };
const nuno: Identity = { id: "17", name: "Nuno", email: null, groups: ["customer"] };
const own: TokenInput = {
  principal: { trueUser: alice, effectiveUser: alice },
  impersonation: null,
  issuer: "https://app.example.com",
  audience: "app",
  lifetime: 60_000,
};

async function setup(t: Test) {
  const time = { now: Date.now() };
  const clock = { now: () => time.now, monotonic: () => time.now };
  const keyring = await openKeyring({
    folder: join(testFolder(t), "keys"),
    clock,
    log: console,
    reloadEvery: 0,
  });
  const impersonated: TokenInput = {
    ...own,
    principal: { trueUser: alice, effectiveUser: nuno },
    impersonation: { id: "imp", mode: "read", reason: "r", ticket: null, until: time.now + 900_000 },
  };
  const made = tokens(keyring, clock, { capacity: 3 });
  const it = { counters: made.counters, sign: (input: TokenInput) => made.sign(input, time.now) };
  return { time, keyring, impersonated, it };
}

t.test("an app can verify the token with the published keys", async (t) => {
  const { it, keyring, impersonated } = await setup(t);
  const keys = createLocalJWKSet(keyring.jwks() as JSONWebKeySet);
  const { payload, protectedHeader } = await jwtVerify(await it.sign(impersonated), keys, {
    algorithms: ["ES256"],
    issuer: "https://app.example.com",
    audience: "app",
  });
  t.match(payload, { sub: "17", act: { sub: "alice" }, guise: { impersonation: "imp", mode: "read" } });
  t.equal(protectedHeader.kid, keyring.signer("token").kid);
});

t.test("the same pair gets the same token until half of its life is gone", async (t) => {
  const { it, time, impersonated } = await setup(t);
  const first = it.sign(impersonated);
  time.now += 29_999;
  t.equal(it.sign({ ...impersonated }), first);
  time.now += 1;
  t.not(it.sign(impersonated), first);
  t.strictSame(it.counters, { signed: 2, cached: 1 });
});

t.test("each fact that the token tells makes another token", async (t) => {
  const { it, impersonated } = await setup(t);
  const { impersonation } = impersonated;
  if (impersonation === null) throw new Error("unreachable");
  const others: TokenInput[] = [
    own,
    { ...impersonated, audience: "other" },
    { ...impersonated, impersonation: { ...impersonation, id: "imp2" } },
    { ...impersonated, impersonation: { ...impersonation, mode: "write" } },
    { ...impersonated, impersonation: { ...impersonation, reason: "another" } },
    { ...impersonated, impersonation: { ...impersonation, ticket: "T-1" } },
    { ...impersonated, impersonation: { ...impersonation, until: impersonation.until - 1000 } },
    { ...impersonated, principal: { trueUser: alice, effectiveUser: { ...nuno, groups: ["admin"] } } },
    { ...impersonated, principal: { trueUser: { ...alice, name: "Al" }, effectiveUser: nuno } },
    { ...impersonated, principal: { trueUser: { ...alice, id: "bob" }, effectiveUser: nuno } },
  ];
  const first = it.sign(impersonated);
  for (const [at, other] of others.entries()) t.not(it.sign(other), first, `case ${at}`);
});

t.test("an end that moved away is no reason to sign again", async (t) => {
  const { it, impersonated } = await setup(t);
  const first = it.sign(impersonated);
  const { impersonation } = impersonated;
  if (impersonation === null) throw new Error("unreachable");
  t.equal(
    it.sign({ ...impersonated, impersonation: { ...impersonation, until: impersonation.until + 5 } }),
    first,
  );
});

t.test("ids that contain the separator do not meet", async (t) => {
  const { it } = await setup(t);
  const person = (id: string): TokenInput => {
    const who = { id, name: null, email: null, groups: null };
    return { ...own, principal: { trueUser: who, effectiveUser: who } };
  };
  t.not(it.sign(person('a"\n"a')), it.sign(person("a")));
});

t.test("no token lives longer than five minutes, nor than the impersonation", async (t) => {
  const { it, time, impersonated } = await setup(t);
  const claimsOf = async (input: TokenInput) =>
    JSON.parse(Buffer.from((await it.sign(input)).split(".")[1] ?? "", "base64url").toString());
  const long = await claimsOf({ ...impersonated, lifetime: 3_600_000 });
  t.equal(long.exp - long.iat, 300);
  const { impersonation } = impersonated;
  if (impersonation === null) throw new Error("unreachable");
  const short = await claimsOf({
    ...impersonated,
    impersonation: { ...impersonation, until: time.now + 10_000 },
  });
  t.ok(short.exp * 1000 <= time.now + 10_000);
  t.throws(() => it.sign({ ...impersonated, impersonation: { ...impersonation, until: time.now } }), {
    code: "internal",
  });
});

t.test("a rotated key signs new tokens although old ones are cached", async (t) => {
  const { it, keyring, impersonated } = await setup(t);
  const first = await it.sign(impersonated);
  const next = await keyring.rotate("token", { atOnce: true });
  const second = await it.sign(impersonated);
  t.not(second, first);
  t.equal(decodeProtectedHeader(second).kid, next);
});

t.test("only so many tokens are remembered", async (t) => {
  const { it } = await setup(t);
  const person = (id: string): TokenInput => {
    const who = { id, name: null, email: null, groups: null };
    return { ...own, principal: { trueUser: who, effectiveUser: who } };
  };
  const first = it.sign(person("0"));
  for (const id of ["1", "2", "3"]) it.sign(person(id));
  t.not(it.sign(person("0")), first);
});
