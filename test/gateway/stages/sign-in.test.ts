import { createLocalJWKSet, decodeJwt, jwtVerify } from "jose";
import t from "tap";
import { sign } from "../../../src/gateway/stages/sign-in.ts";
import {
  ALICE,
  committed,
  FETCH,
  impersonate,
  NUNO,
  signed,
  valuesOf,
} from "../../fixtures/gateway/stages.ts";
import { type TestServices, testServices, YAML } from "../../fixtures/gateway/test-services.ts";

async function headersOf(it: TestServices, head: readonly string[]): Promise<readonly string[]> {
  return (await signed(it, head)).signIn.headers;
}

/** The claims of the assertion, checked against the published keys. */
async function claimsOf(it: TestServices, headers: readonly string[], audience = "http://127.0.0.1:8001") {
  const [assertion = ""] = valuesOf(headers, "x-guise-assertion");
  const keys = createLocalJWKSet({ keys: it.keyring.jwks().keys.map((key) => ({ ...key })) });
  const currentDate = new Date(it.clock.now());
  const { payload, protectedHeader } = await jwtVerify(assertion, keys, {
    issuer: "guise",
    audience,
    currentDate,
  });
  t.equal(protectedHeader.alg, "ES256");
  return payload;
}

t.test("own traffic says who is there, and nothing of anybody else", async (t) => {
  const it = await testServices(t);
  const headers = await headersOf(it, ["GET /x", ...FETCH, ...NUNO]);
  t.same(valuesOf(headers, "x-guise-user"), ["17"]);
  t.same(valuesOf(headers, "x-guise-true-user"), ["17"]);
  t.same(valuesOf(headers, "x-guise-impersonation"), []);
  const claims = await claimsOf(it, headers);
  t.match(claims, { sub: "17", groups: ["customer"] });
  t.notOk("act" in claims || "guise" in claims);
});

t.test("under an impersonation the token has both people and why", async (t) => {
  const it = await testServices(t);
  const { cookie, impersonation } = await impersonate(it, { reason: "why", ticket: "T-1" });
  const headers = await headersOf(it, ["GET /x", ...FETCH, ...ALICE, cookie]);
  t.same(valuesOf(headers, "x-guise-user"), ["17"]);
  t.same(valuesOf(headers, "x-guise-true-user"), ["alice"]);
  t.same(valuesOf(headers, "x-guise-impersonation"), [impersonation.id]);
  const claims = await claimsOf(it, headers);
  t.match(claims, {
    sub: "17",
    name: "Nuno Almeida",
    email: "nuno@example.com",
    groups: ["customer"],
    act: { sub: "alice" },
    guise: {
      impersonation: impersonation.id,
      mode: "read",
      reason: "why",
      ticket: "T-1",
      until: impersonation.expiresAt / 1000,
    },
  });
  t.notOk("act" in (claims.act as object), "one level, always the human");
});

t.test("the mode is that of the moment", async (t) => {
  const it = await testServices(t);
  const { cookie, impersonation } = await impersonate(it);
  await it.impersonations.elevate(impersonation.id, 60_000, null);
  const mode = async () =>
    (
      decodeJwt(valuesOf(await headersOf(it, ["GET /x", ...ALICE, cookie]), "x-guise-assertion")[0] ?? "")
        .guise as { mode: string }
    ).mode;
  t.equal(await mode(), "write");
  it.clock.pass(60_000);
  t.equal(await mode(), "read");
});

t.test("a token never outlives its impersonation", async (t) => {
  const it = await testServices(t);
  const { cookie, impersonation } = await impersonate(it, { total: 30_000, idle: 30_000 });
  const { exp } = await claimsOf(it, await headersOf(it, ["GET /x", ...ALICE, cookie]));
  t.equal(exp, impersonation.expiresAt / 1000);
});

t.test("where nobody is known nothing is said", async (t) => {
  const it = await testServices(t);
  t.same(await headersOf(it, ["GET /x", ...FETCH]), []);
  it.breakDown(["identity"]);
  t.same(await headersOf(it, ["GET /x", ...FETCH, ...NUNO]), []);
});

t.test("where the config says so, only impersonations are signed", async (t) => {
  const it = await testServices(t, `${YAML}headers: { when: impersonating }\n`);
  const { cookie } = await impersonate(it);
  t.same(await headersOf(it, ["GET /x", ...FETCH, ...NUNO]), []);
  t.equal((await headersOf(it, ["GET /x", ...FETCH, ...ALICE, cookie])).length, 8);
});

t.test("the plain headers can be left out, and names can be changed", async (t) => {
  const plain = await testServices(t, `${YAML}headers: { plain: false }\n`);
  const { cookie } = await impersonate(plain);
  const said = await headersOf(plain, ["GET /x", ...ALICE, cookie]);
  t.match(said, ["X-Guise-Assertion", /^ey/]);
  t.equal(said.length, 2);
  const named = await testServices(
    t,
    `${YAML}headers: { assertion: App-Token, user: App-User, trueUser: App-Real, impersonation: App-Impersonation }\n`,
  );
  const names = (await headersOf(named, ["GET /x", ...ALICE, (await impersonate(named)).cookie])).filter(
    (_, at) => at % 2 === 0,
  );
  t.same(names, ["App-Token", "App-User", "App-Real", "App-Impersonation"]);
});

t.test("issuer and audience are those of the config", async (t) => {
  const it = await testServices(t, `${YAML}token: { audience: my-app, lifetime: 10s }\n`);
  const claims = await claimsOf(it, await headersOf(it, ["GET /x", ...NUNO]), "my-app");
  t.equal((claims.exp ?? 0) - (claims.iat ?? 0), 10);
});

t.test("an id that is more than plain ASCII can't be read in two upstreams in a header", async (t) => {
  const it = await testServices(t);
  const base = await committed(it, ["GET /x", ...NUNO]);
  const user = async (id: string) => {
    const trueUser = { id, name: null, email: null, groups: null };
    return valuesOf(
      (await sign(it.services, { ...base, effects: { ...base.effects, trueUser } }, it.clock.now())).signIn
        .headers,
      "x-guise-user",
    )[0];
  };
  t.equal(await user("a@b.c/d"), "a@b.c/d");
  t.equal(await user("a\r\nX-Evil: 1"), "a%0D%0AX-Evil%3A%201");
  t.equal(await user("\u0085admin\u00a0"), "%C2%85admin%C2%A0");
  t.equal(await user("100%"), "100%25", "what is encoded can't be mistaken for what is not");
  t.equal(await user("a b"), "a%20b");
});

const PROFILE = "headers: { user: Remote-User, email: Remote-Email, name: Remote-Name, groups: Remote-Groups";

t.test(
  "an app that reads a profile gets that of the effective user, under the names of the config",
  async (t) => {
    const it = await testServices(t, `${YAML}${PROFILE} }\n`);
    const said = async (head: readonly string[]) => {
      const headers = await headersOf(it, head);
      return ["remote-user", "remote-email", "remote-name", "remote-groups"].map(
        (name) => valuesOf(headers, name)[0],
      );
    };
    const { cookie } = await impersonate(it);
    t.same(await said(["GET /x", ...ALICE, cookie]), ["17", "nuno@example.com", "Nuno Almeida", "customer"]);
    t.same(
      await said(["GET /x", ...ALICE]),
      ["alice", undefined, undefined, "support"],
      "what nobody knows isn't said",
    );
    const base = await committed(it, ["GET /x", ...NUNO]);
    const trueUser = { id: "1", name: "Zo\u00eb \ud800", email: "a b@c", groups: ["a,b", "c d", "\u00fc"] };
    const { signIn } = await sign(
      it.services,
      { ...base, effects: { ...base.effects, trueUser } },
      it.clock.now(),
    );
    t.same(valuesOf(signIn.headers, "remote-name"), ["Zo%C3%AB%20%EF%BF%BD"]);
    t.same(valuesOf(signIn.headers, "remote-email"), ["a%20b%40c"]);
    t.same(valuesOf(signIn.headers, "remote-groups"), ["a%2Cb,c d,%C3%BC"]);
  },
);

t.test("what a proxy in front says with own traffic is not said twice", async (t) => {
  const pass = "pass: [{ names: [Remote-User, Remote-Email], from: [127.0.0.1] }]";
  const it = await testServices(t, `${YAML}${PROFILE}, ${pass} }\n`);
  const names = (headers: readonly string[]) => headers.filter((_, at) => at % 2 === 0);
  const { cookie } = await impersonate(it);
  t.same(names(await headersOf(it, ["GET /x", ...ALICE])), [
    "X-Guise-Assertion",
    "X-Guise-True-User",
    "Remote-Groups",
  ]);
  const impersonated = await headersOf(it, ["GET /x", ...ALICE, cookie]);
  t.same(valuesOf(impersonated, "remote-user"), ["17"]);
  t.same(valuesOf(impersonated, "remote-email"), ["nuno@example.com"]);
});

t.test("a key that can't sign stops the request", async (t) => {
  const it = await testServices(t);
  const { cookie } = await impersonate(it);
  const tokens = { sign: () => Promise.reject(new TypeError("no key")) };
  const base = await committed(it, ["GET /x", ...ALICE, cookie]);
  await t.rejects(async () => sign({ ...it.services, tokens }, base, it.clock.now()), TypeError);
});
