import { createSecretKey, generateKeyPairSync, type KeyObject } from "node:crypto";
import { setImmediate } from "node:timers/promises";
import { exportJWK, SignJWT, UnsecuredJWT } from "jose";
import t, { type Test } from "tap";
import type { Evidence } from "../../src/ports.ts";
import { evidence, testIdentitySource } from "../contracts/identity-source.ts";
import { json, type service, silence, text } from "../fixtures/apps/service.ts";
import { fakeClock } from "../fixtures/clock.ts";
import { identityDeps, problems, running, sourceFrom } from "./deps.ts";

const NOW = fakeClock().now() / 1_000;
const ec = generateKeyPairSync("ec", { namedCurve: "P-256" });
const other = generateKeyPairSync("ec", { namedCurve: "P-256" });
const SECRET = "0123456789abcdef0123456789abcdef";
const claims = { sub: "alice", name: "Alice", email: "alice@example.com", groups: ["support"] };
const alice = { id: "alice", name: "Alice", email: "alice@example.com", groups: ["support"] };

interface Making {
  readonly claims?: Record<string, unknown>;
  readonly header?: Record<string, unknown>;
  readonly key?: KeyObject;
  readonly expires?: number | null;
}

function token({ claims: more = {}, header = {}, key = ec.privateKey, expires = NOW + 3_600 }: Making = {}) {
  const body = {
    iss: "https://issuer",
    aud: "app",
    ...claims,
    ...more,
    ...(expires === null ? {} : { exp: expires }),
  };
  return new SignJWT(body).setProtectedHeader({ alg: "ES256", kid: "one", ...header }).sign(key);
}

const inHeader = (value: string): Evidence => evidence({ headers: { "x-assertion": value } });
const pem = ec.publicKey.export({ type: "spki", format: "pem" }).toString();
const jwk = async (key: KeyObject, kid: string) => ({ ...(await exportJWK(key)), kid, use: "sig" });
const keySet = async () => json({ keys: [await jwk(ec.publicKey, "one")] });
const checks = { header: "X-Assertion", issuer: "https://issuer", audience: "app" };

async function published(t: Test, listener: Parameters<typeof service>[0], more: object = {}) {
  const server = await running(t, listener);
  const deps = identityDeps(t);
  const source = sourceFrom({ jwt: { ...checks, jwks: `${server.url}/certs`, ...more } }, deps);
  return { server, deps, source };
}

async function forged(): Promise<Record<string, Evidence>> {
  const good = await token();
  const [head, body, signature] = good.split(".");
  const asSecret = createSecretKey(Buffer.from(pem));
  return {
    "another signer": inHeader(await token({ key: other.privateKey })),
    "TOK-01: no signature": inHeader(new UnsecuredJWT(claims).setExpirationTime(NOW + 60).encode()),
    "TOK-01: the signature cut off": inHeader(`${head}.${body}.`),
    "TOK-01: the public key as a secret": inHeader(await token({ key: asSecret, header: { alg: "HS256" } })),
    "TOK-01: a key id that nobody knows": inHeader(
      await token({ header: { kid: "two" }, key: other.privateKey }),
    ),
    "TOK-01: an encrypted one": inHeader("a.b.c.d.e"),
    "a critical header that nobody knows": inHeader(
      await token({ header: { crit: ["x"], x: 1 } }).catch(() => "a.b.c"),
    ),
    "another body": inHeader(`${head}.${Buffer.from('{"sub":"bob"}').toString("base64url")}.${signature}`),
    "one that has expired": inHeader(await token({ expires: NOW - 6 })),
    "one that never expires": inHeader(await token({ expires: null })),
    "one for later": inHeader(await token({ claims: { nbf: NOW + 60 } })),
    "one for another app": inHeader(await token({ claims: { aud: "other" } })),
    "one of another issuer": inHeader(await token({ claims: { iss: "https://other" } })),
    "one without a person": inHeader(await token({ claims: { sub: undefined } })),
    "a person with a line end": inHeader(await token({ claims: { name: "a\r\nb" } })),
    "no token": inHeader("hello"),
    "a token twice": evidence({ headers: { "x-assertion": [good, good] } }),
    "two tokens, joined": inHeader(`${good}, ${good}`),
    "an endless one": inHeader(`${head}.${"a".repeat(20_000)}.${signature}`),
    "the right token elsewhere": evidence({
      headers: { authorization: `Bearer ${good}` },
      cookies: { token: good },
    }),
  };
}

testIdentitySource(t, "jwt with published keys", async (t) => {
  const { source } = await published(t, await keySet());
  const shown = inHeader(await token());
  const down = (listener: Parameters<typeof service>[0]) => async () => ({
    source: (await published(t, listener)).source,
    evidence: shown,
  });
  return {
    via: "jwt",
    source,
    identity: alice,
    known: shown,
    unknown: await forged(),
    unavailable: {
      "an error": down(text("", 500)),
      "a redirect": down(text("", 302, { location: "/" })),
      "no JSON": down(text("<html>")),
      "no keys": down(json({ keys: "none" })),
      "too much": down(json("x".repeat(300_000))),
      "nobody there": down((request) => request.socket.destroy()),
    },
  };
});

testIdentitySource(t, "jwt with a public key", async (t) => ({
  via: "jwt",
  source: sourceFrom({ jwt: { ...checks, publicKey: pem } }, identityDeps(t)),
  identity: alice,
  known: inHeader(await token()),
  unknown: await forged(),
  unavailable: {},
}));

testIdentitySource(t, "jwt with a secret", async (t) => {
  const entry = {
    jwt: { cookie: "token", secret: { fromEnv: "S" }, algorithms: ["HS256"], audience: "app" },
  };
  const sign = (key: string, alg: string) =>
    token({ key: createSecretKey(Buffer.from(key)), header: { alg } });
  const inCookie = (value: string) => evidence({ cookies: { token: value } });
  return {
    via: "jwt",
    source: sourceFrom(entry, identityDeps(t, { S: SECRET })),
    identity: alice,
    known: inCookie(await sign(SECRET, "HS256")),
    unknown: {
      "another secret": inCookie(await sign(SECRET.toUpperCase(), "HS256")),
      "another algorithm": inCookie(await sign(`${SECRET}${SECRET}`, "HS512")),
      "a key pair": inCookie(await token()),
    },
    unavailable: {},
  };
});

t.test("jwt: a bearer is read, whatever the case of the word", async (t) => {
  const source = sourceFrom({ jwt: { bearer: true, publicKey: pem, audience: "app" } }, identityDeps(t));
  const good = await token();
  for (const authorization of [`Bearer ${good}`, `bearer  ${good}`])
    t.match(await source.identify(evidence({ headers: { authorization } })), { kind: "known" });
  for (const authorization of [good, `Basic ${good}`, `Bearer ${good} x`, "Bearer"])
    t.match(await source.identify(evidence({ headers: { authorization } })), { kind: "unknown" });
});

t.test("jwt: an issuer's clock may be off by five seconds", async (t) => {
  const source = sourceFrom({ jwt: { ...checks, publicKey: pem } }, identityDeps(t));
  t.match(await source.identify(inHeader(await token({ expires: NOW - 4 }))), { kind: "known" });
  t.match(await source.identify(inHeader(await token({ claims: { nbf: NOW + 4 } }))), { kind: "known" });
});

t.test("jwt: an answer counts until the token expires", async (t) => {
  const deps = identityDeps(t);
  const source = sourceFrom({ jwt: { ...checks, publicKey: pem, clockTolerance: "0s" } }, deps);
  const shown = inHeader(await token({ expires: NOW + 60 }));
  await source.identify(shown);
  deps.clock.pass(59_999);
  t.match(source.identify(shown), { kind: "known" });
  deps.clock.pass(1);
  t.match(await source.identify(shown), { kind: "unknown" });
});

t.test("jwt: a key that is withdrawn stops counting, though the token hasn't expired", async (t) => {
  const { source, server, deps } = await published(t, await keySet());
  const shown = inHeader(await token());
  await source.identify(shown);
  server.answer(json({ keys: [await jwk(other.publicKey, "two")] }));
  deps.clock.pass(600_000);
  t.match(await source.identify(shown), { kind: "unknown" });
});

t.test("jwt: many at once ask for the keys once, and check a token once", async (t) => {
  const { source, server } = await published(t, await keySet());
  const shown = inHeader(await token());
  const all = await Promise.all(Array.from({ length: 50 }, () => source.identify(shown)));
  t.ok(all.every(({ kind }) => kind === "known"));
  t.equal(server.requests.length, 1);
});

t.test("C24: a key id that is new is asked for; made-up ones make no storm", async (t) => {
  const { source, server, deps } = await published(t, await keySet());
  await source.identify(inHeader(await token()));
  const both = { keys: [await jwk(ec.publicKey, "one"), await jwk(other.publicKey, "two")] };
  server.answer(json(both));
  deps.clock.pass(10_000);
  const rotated = await token({ key: other.privateKey, header: { kid: "two" } });
  t.match(await source.identify(inHeader(rotated)), { kind: "known" });
  for (let n = 0; n < 20; n += 1)
    t.match(await source.identify(inHeader(await token({ header: { kid: `made-up-${n}` } }))), {
      kind: "unknown",
      why: [{ cause: "no-key", level: "warn" }],
    });
  t.equal(server.requests.length, 2);
});

t.test("C24: while the keys can't be had, they are asked for once in five seconds", async (t) => {
  const { source, server, deps } = await published(t, text("", 500));
  for (let n = 0; n < 20; n += 1)
    await t.rejects(async () => source.identify(inHeader(await token({ claims: { n } }))), {
      code: "identity-unavailable",
    });
  t.equal(server.requests.length, 1);
  server.answer(await keySet());
  deps.clock.pass(5_000);
  t.match(await source.identify(inHeader(await token())), { kind: "known" });
});

t.test("C24: keys that are held go on counting for a while in an outage, and then no more", async (t) => {
  const { source, server, deps } = await published(t, await keySet());
  await source.identify(inHeader(await token()));
  server.answer(text("", 500));
  deps.clock.pass(300_000);
  t.match(await source.identify(inHeader(await token({ claims: { n: 1 } }))), { kind: "known" });
  await server.seen(2);
  deps.clock.pass(300_000);
  await t.rejects(async () => source.identify(inHeader(await token({ claims: { n: 2 } }))), {
    code: "identity-unavailable",
  });
});

t.test("C24: one line says that keys are older than they should be, however many tokens come", async (t) => {
  const { source, server, deps } = await published(t, await keySet());
  await source.identify(inHeader(await token()));
  server.answer(text("", 500));
  deps.clock.pass(300_000);
  const many = Array.from({ length: 20 }, async (_, n) => inHeader(await token({ claims: { n } })));
  for (const each of await Promise.all(many)) t.match(await source.identify(each), { kind: "known" });
  const told = () => deps.log.lines.filter((line) => line === "warn: keys are older than they should be");
  while (told().length === 0) await setImmediate();
  t.match(await source.identify(inHeader(await token({ claims: { n: 20 } }))), { kind: "known" });
  await setImmediate();
  t.equal(told().length, 1);
});

t.test("jwt: a silent issuer doesn't hold up what is held already", async (t) => {
  const { source, server, deps } = await published(t, await keySet());
  await source.identify(inHeader(await token()));
  server.answer(silence);
  deps.clock.pass(300_000);
  t.match(await source.identify(inHeader(await token({ claims: { n: 1 } }))), { kind: "known" });
});

t.test("jwt: a certificate or a variable with written-out line ends is a public key too", async (t) => {
  const deps = identityDeps(t, { PEM: pem.replaceAll("\n", "\\n") });
  const source = sourceFrom({ jwt: { ...checks, publicKey: { fromEnv: "PEM" } } }, deps);
  t.match(await source.identify(inHeader(await token())), { kind: "known" });
});

t.test("jwt: a private key, no key, a short secret and a missing one are faults at the start", async (t) => {
  const key = ec.privateKey.export({ type: "pkcs8", format: "pem" }).toString();
  const deps = identityDeps(t, { SHORT: "hunter2" });
  const make = (more: object) => () => sourceFrom({ jwt: { ...checks, ...more } }, deps);
  t.throws(make({ publicKey: key }), { code: "key-unreadable", message: /private key/ });
  t.throws(make({ publicKey: "hello" }), { code: "key-unreadable" });
  const secret = { algorithms: ["HS256"] };
  t.throws(make({ ...secret, secret: { fromEnv: "SHORT" } }), {
    code: "config-invalid",
    message: /32 bytes/,
  });
  t.throws(make({ ...secret, secret: { fromEnv: "GONE" } }), { code: "secret-missing" });
});

t.test("jwt: a config that could mean two things is refused", async (t) => {
  const jwks = "https://issuer/certs";
  const cases: [object, RegExp][] = [
    [{ jwks }, /^jwt: say where the token is/],
    [{ jwks, header: "a", cookie: "b" }, /^jwt: say where the token is/],
    [{ header: "a" }, /^jwt: say what checks the token/],
    [{ header: "a", jwks, publicKey: pem }, /^jwt: say what checks the token/],
    [{ header: "a", secret: { fromEnv: "S" } }, /^jwt: a secret needs its algorithms/],
    [
      { header: "a", secret: { fromEnv: "S" }, algorithms: ["RS256"] },
      /^jwt\.algorithms: RS256 has no secret/,
    ],
    [{ header: "a", jwks, algorithms: ["ES256", "HS256"] }, /^jwt\.algorithms: HS256 needs a secret/],
    [{ header: "a", jwks, algorithms: ["none"] }, /^jwt\.algorithms\.0/],
    [{ header: "a", jwks, algorithms: [] }, /^jwt\.algorithms/],
    [{ header: "a", secret: "hunter2", algorithms: ["HS256"] }, /^jwt\.secret: a secret is not written/],
    [{ bearer: false, jwks }, /^jwt\.bearer/],
    [{ header: "a", jwks: "certs" }, /^jwt\.jwks: write a whole address/],
  ];
  for (const [options, message] of cases)
    t.match(problems({ jwt: options })[0], message, JSON.stringify(options));
});

t.test("jwt: tokens for any audience are warned of", async (t) => {
  const deps = identityDeps(t);
  sourceFrom({ jwt: { header: "a", publicKey: pem } }, deps);
  t.match(deps.log.lines, [/^warn: .*made for other apps/]);
});

t.test("jwt: says why a token is not believed, and what it got", async (t) => {
  const { source } = await published(t, await keySet());
  const cases: readonly (readonly [Making, string, string, RegExp])[] = [
    [{ claims: { aud: "other" } }, "warn", "wrong-aud", /`aud` is "other", and "app" is wanted$/],
    [
      { claims: { iss: "https://x" } },
      "warn",
      "wrong-iss",
      /"https:\/\/x", and "https:\/\/issuer" is wanted$/,
    ],
    [{ claims: { aud: undefined } }, "warn", "wrong-aud", /`aud` is missing, and "app"/],
    [{ expires: NOW - 60 }, "info", "expired", /ran out at 20\d\d-/],
    [{ expires: null }, "warn", "wrong-exp", /`exp` does not hold: missing$/],
    [{ claims: { nbf: NOW + 60 } }, "warn", "wrong-nbf", /`nbf` does not hold: \d+$/],
    [{ key: other.privateKey }, "warn", "signature", /signed with another key$/],
    [{ header: { kid: "two" } }, "warn", "no-key", /published keys/],
    [{ claims: { sub: "a\nb" } }, "warn", "no-person", /no plain id/],
    [{ claims: { aud: "x".repeat(500) } }, "warn", "wrong-aud", /^.{1,160}$/],
  ];
  for (const [making, level, cause, got] of cases)
    t.match(await source.identify(inHeader(await token(making))), {
      kind: "unknown",
      why: [{ source: "jwt", level, cause, got }],
    });
  const secret = sourceFrom({ jwt: { ...checks, publicKey: pem } }, identityDeps(t));
  const hmac = await token({ key: createSecretKey(Buffer.from(SECRET)), header: { alg: "HS256" } });
  t.match(await secret.identify(inHeader(hmac)), { why: [{ level: "warn", cause: "algorithm" }] });
  t.match(await source.identify(inHeader("no.token")), { why: [{ level: "info", cause: "no-token" }] });
  t.match(await source.identify(evidence()), {
    why: [{ level: "debug", got: "no token in the header x-assertion" }],
  });
});

t.test("jwt: a bearer that is no token of ours is every API client's", async (t) => {
  const source = sourceFrom({ jwt: { bearer: true, publicKey: pem, audience: "app" } }, identityDeps(t));
  const headers = { authorization: "Bearer sk_live_1234" };
  t.match(await source.identify(evidence({ headers })), { why: [{ level: "debug", cause: "no-token" }] });
});
