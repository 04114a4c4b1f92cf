import fc from "fast-check";
import t from "tap";
import type { Signed } from "../../../src/gateway/request.ts";
import { outboundFor } from "../../../src/gateway/stages/forward.ts";
import { assure, brokenInvariants } from "../../../src/gateway/stages/invariants.ts";
import { outbound } from "../../../src/gateway/stages/outbound-headers.ts";
import { NOTICE, SECRET } from "../../fixtures/client/cookies.ts";
import { ALICE, FETCH, impersonate, NUNO, signed } from "../../fixtures/gateway/stages.ts";
import { testServices } from "../../fixtures/gateway/test-services.ts";

const PAGE = ["GET /site/1", "Host: app.example.com"] as const;

async function both(t: Parameters<typeof testServices>[0]) {
  const it = await testServices(t);
  const { cookie } = await impersonate(it);
  const own = await signed(it, [...PAGE, ...NUNO, "Cookie: a=1"]);
  const impersonated = await signed(it, [...PAGE, ...FETCH, ...ALICE, cookie]);
  return { it, own, impersonated };
}

function withHeaders(it: Signed, ...more: readonly string[]) {
  const going = outbound(it, null);
  const ours = going.headers.length - it.signIn.headers.length;
  return { ...going, headers: [...going.headers.slice(0, ours), ...more, ...going.headers.slice(ours)] };
}

t.test("what is sent as it should be breaks nothing", async (t) => {
  const { own, impersonated } = await both(t);
  t.same(brokenInvariants(own, outbound(own, null)), []);
  t.same(brokenInvariants(impersonated, outbound(impersonated, "session=nuno; guises=1;x-guise=2")), []);
});

t.test("each of them is seen when it is broken", async (t) => {
  const { own, impersonated } = await both(t);
  for (const it of [own, impersonated]) {
    t.same(brokenInvariants(it, withHeaders(it, "X_Guise.User", "17")), ["1"]);
    t.same(brokenInvariants(it, withHeaders(it, "Remote-User", "root")), ["1"]);
    const twice = { ...it, signIn: { ...it.signIn, headers: [...it.signIn.headers, "x-guise_user", "23"] } };
    t.same(brokenInvariants(twice, outbound(twice, null)), ["2"]);
    for (const name of ["guise", "__Host-guise", "guise-notice", "__Host-guise-notice"]) {
      const value = name.endsWith("notice") ? NOTICE : SECRET;
      t.same(brokenInvariants(it, withHeaders(it, "cookie", `a=1; ${name}=${value}`)), ["18"], name);
    }
  }
  t.same(brokenInvariants(impersonated, withHeaders(impersonated, "If-None-Match", '"alice"')), ["19"]);
  t.same(brokenInvariants(impersonated, withHeaders(impersonated, "If-Match", '"alice"')), ["19"]);
  t.same(
    brokenInvariants({ ...impersonated, sent: "PUT" }, withHeaders(impersonated, "If-Match", '"alice"')),
    [],
  );
  t.same(brokenInvariants(own, withHeaders(own, "If-None-Match", '"nuno"')), []);
  t.same(
    brokenInvariants(
      { ...impersonated, effects: { ...impersonated.effects, intent: null } },
      outbound(impersonated, null),
    ),
    ["12"],
  );
});

t.test("a token that tells the app anything else than who is there is seen", async (t) => {
  const { own, impersonated } = await both(t);
  t.not(impersonated.effects.impersonation, null);
  const said = (it: Signed) => brokenInvariants(it, outbound(it, null));
  t.same(said({ ...own, signIn: impersonated.signIn }), ["7"]);
  t.same(said({ ...impersonated, signIn: own.signIn }), ["6"]);
  t.same(said({ ...impersonated, signIn: { ...impersonated.signIn, headers: [] } }), ["6"], "nothing at all");
  const { assertion } = impersonated.snapshot.settings.headers;
  const claims = (it: object) => `x.${Buffer.from(JSON.stringify(it)).toString("base64url")}.x`;
  const saying = (it: object) => {
    return said({ ...impersonated, signIn: { ...impersonated.signIn, headers: [assertion, claims(it)] } });
  };
  t.same(saying({ sub: "17", act: { sub: "alice" } }), []);
  t.same(saying({ sub: "17", act: { sub: "alice", act: { sub: "bob" } } }), ["6"], "a second level");
  t.same(saying({ sub: "17", act: { sub: "bob" } }), ["6"], "another human");
  t.same(saying({ sub: "23", act: { sub: "alice" } }), ["6"], "another customer");
  t.same(saying({ sub: "alice", act: { sub: "alice" } }), ["6"], "nobody else at all");
});

t.test("a request that would break one is counted and not sent", async (t) => {
  const { it, impersonated } = await both(t);
  const seen: string[] = [];
  const services = {
    ...it.services,
    counters: { ...it.services.counters, violated: (name: string) => seen.push(name) },
  };
  t.throws(
    () => assure(services, impersonated, withHeaders(impersonated, "X.Guise.User", "1", "If-Match", "*")),
    {
      code: "internal",
      detail: "a request would have broken the invariants 1, 19",
    },
  );
  t.same(seen, ["1", "19"]);
  await t.rejects(
    async () =>
      outboundFor(services, { ...impersonated, effects: { ...impersonated.effects, intent: null } }),
    { code: "internal" },
  );
  t.same(seen, ["1", "19", "12"]);
});

t.test("whatever headers and cookies a client sends, nothing is broken by what goes on", async (t) => {
  const it = await testServices(t);
  const { secret } = await impersonate(it);
  const token = fc.stringMatching(/^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,20}$/);
  const name = fc.oneof(
    token,
    fc.constantFrom("X-Guise-User", "x_guise.assertion", "X-Guise-True_User", "Remote-User", "If-None-Match"),
  );
  const value = fc.stringMatching(/^[ -~]{0,20}$/);
  const reserved =
    /^(host|cookie|x-user|x-groups|content-length|transfer-encoding|connection|expect|upgrade)$/i;
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(name, value), { maxLength: 8 }),
      fc.array(fc.tuple(token, token), { maxLength: 4 }),
      fc.boolean(),
      async (headers, cookies, impersonating) => {
        const pairs = cookies.map(([key, of]) => `${key}=${of}`);
        if (impersonating) pairs.push(`guise=${secret}`);
        const lines = headers.filter(([key]) => !reserved.test(key)).map(([key, of]) => `${key}: ${of}`);
        const head = [...PAGE, ...FETCH, ...ALICE, ...lines];
        const request = await signed(it, [
          ...head,
          ...(pairs.length === 0 ? [] : [`Cookie: ${pairs.join("; ")}`]),
        ]);
        t.same(brokenInvariants(request, await outboundFor(it.services, request)), []);
      },
    ),
    { numRuns: 200 },
  );
});
