import { createHash } from "node:crypto";
import t from "tap";
import type { ConsentOrigin } from "../../../src/domain/consent/consent.ts";
import { openConsole } from "../../fixtures/client/console.ts";
import { aConsent, HOUR } from "../../fixtures/gateway/consent.ts";
import { impersonate } from "../../fixtures/gateway/stages.ts";
import { type TestServices, testServices, YAML } from "../../fixtures/gateway/test-services.ts";

const TOKEN = "0123456789abcdef0123456789abcdef";
const API = `${YAML.replace("mode: read", "mode: read\n    consent: window")}api:
  tokens: [{ name: settings, hash: "sha256:${createHash("sha256").update(TOKEN).digest("hex")}", rights: [consent], expires: "2099-01-01" }]
`;
const AUTH = `Authorization: Bearer ${TOKEN}`;
const PUT = ["PUT /.guise/api/consent", AUTH, "Content-Type: application/json"] as const;

async function opened(t: Parameters<typeof testServices>[0]) {
  const it = await testServices(t, API);
  return { it, ask: await openConsole(t, it) };
}

async function asked(it: TestServices, origin: ConsentOrigin = "asked"): Promise<void> {
  const now = it.clock.now();
  const [grant] = it.snapshot().policy.grants;
  if (grant === undefined) throw new Error("no grant");
  await it.services.consents.ask(
    aConsent({ origin, askedAt: now, answerBy: now + HOUR, ticket: "T-1" }),
    grant.consent,
  );
}

t.test(
  "the app's settings page says what its customer allows; once more takes the place of the first",
  async (t) => {
    const { it, ask } = await opened(t);
    const said = await ask(PUT, JSON.stringify({ customer: "17", lasts: HOUR / 2 }));
    t.match(
      [said.status, JSON.parse(said.body)],
      [200, { customer: "17", optedOut: false, allowed: [{ type: "read" }] }],
    );
    t.match(it.events, [
      { action: "consent.granted", consent: { origin: "ahead", answeredBy: "api:settings" } },
    ]);
    const again = JSON.parse((await ask(PUT, JSON.stringify({ customer: "17", lasts: 4 * HOUR }))).body);
    t.equal(again.allowed.length, 1);
    t.equal(again.openUntil, new Date(it.clock.now() + 4 * HOUR).toISOString());
    const { impersonation } = await impersonate(it);
    const GET = ["GET /.guise/api/consent?customer=17", AUTH] as const;
    t.match(JSON.parse((await ask(GET)).body), { running: [{ id: impersonation.id }] });
    const after = JSON.parse((await ask(["DELETE /.guise/api/consent?customer=17", AUTH])).body);
    t.same([after.openUntil, after.allowed, after.running], [null, [], []]);
    t.match(it.actions().slice(-2), ["consent.withdrawn", "impersonation.ended"]);
  },
);

t.test("an ask is shown, and answered with a yes or a no", async (t) => {
  const { it, ask } = await opened(t);
  await asked(it);
  const [open] = JSON.parse((await ask(["GET /.guise/api/consent?customer=17", AUTH])).body).asks;
  t.match(open, { id: "c1", who: "Alice", ticket: "T-1", type: "read" });
  await ask(PUT, JSON.stringify({ customer: "17", ask: "c1", lasts: HOUR / 2 }));
  t.match((await it.services.consents.of("17")).consents, [{ state: "granted", answeredBy: "api:settings" }]);
  t.equal(
    (await ask(PUT, JSON.stringify({ customer: "17", ask: "c1", lasts: HOUR / 2 }))).status,
    404,
    "once",
  );
  const other = await opened(t);
  await asked(other.it);
  await other.ask(["DELETE /.guise/api/consent?customer=17&ask=c1", AUTH]);
  t.match((await other.it.services.consents.of("17")).consents, [{ state: "declined" }]);
});

t.test("what asks a second agent gets no yes by API, and may get a no", async (t) => {
  for (const origin of ["approval", "break-glass"] as const) {
    const { it, ask } = await opened(t);
    await asked(it, origin);
    for (const type of ["read", "write"]) {
      const yes = await ask(PUT, JSON.stringify({ customer: "17", ask: "c1", lasts: HOUR / 2, type }));
      t.match(
        [yes.status, JSON.parse(yes.body)],
        [403, { code: "approval-required", detail: /second agent/ }],
      );
    }
    t.match((await it.services.consents.of("17")).consents, [{ state: "asked", answeredBy: null }]);
    t.same(it.events, []);
    const state = JSON.parse((await ask(["GET /.guise/api/consent?customer=17", AUTH])).body);
    t.same(state.asks, [], "nor is it offered");
    await ask(["DELETE /.guise/api/consent?customer=17&ask=c1", AUTH]);
    t.match((await it.services.consents.of("17")).consents, [
      { state: "declined", answeredBy: "api:settings" },
    ]);
  }
});

t.test("and whether anybody may look at all", async (t) => {
  const { it, ask } = await opened(t);
  t.match(JSON.parse((await ask(PUT, JSON.stringify({ customer: "17", optOut: true }))).body), {
    optedOut: true,
  });
  t.match(JSON.parse((await ask(PUT, JSON.stringify({ customer: "17", optOut: false }))).body), {
    optedOut: false,
  });
  t.same(it.actions(), ["consent.opted-out", "consent.opted-in"]);
});

t.test("nobody without the token, no browser, and nothing that makes no sense", async (t) => {
  const { it, ask } = await opened(t);
  const body = JSON.stringify({ customer: "17", lasts: HOUR / 2 });
  const with_ = (...more: readonly string[]) => [
    "PUT /.guise/api/consent",
    "Content-Type: application/json",
    ...more,
  ];
  t.equal((await ask(with_(), body)).status, 401);
  t.equal((await ask(with_(`Authorization: Bearer ${TOKEN}x`), body)).status, 401);
  t.equal((await ask(with_("Authorization: Bearer "), body)).status, 401);
  t.equal((await ask(with_(AUTH, "Sec-Fetch-Site: same-origin"), body)).status, 403);
  t.equal(
    (await ask(["GET /.guise/api/consent?customer=17", AUTH, "Origin: http://app.example.com"])).status,
    403,
  );
  for (const wrong of ["{", "[]", '{"customer":"17"}', '{"customer":"17","lasts":5}', '{"lasts":1800000}'])
    t.equal((await ask(PUT, wrong)).status, 400, wrong);
  t.equal((await ask(PUT, JSON.stringify({ customer: "99", lasts: HOUR / 2 }))).status, 404);
  t.same(it.events, []);
  it.configure(API.replace("consent: window", "consent: none").replace("rights", "rights"));
  t.equal((await ask(PUT, body)).status, 404, "where customers have no say");
});

t.test("a token without the right, or whose time is over, is none", async (t) => {
  for (const [right, day] of [
    ["start", "2099-01-01"],
    ["consent", "2020-01-01"],
  ] as const) {
    const yaml = API.replace("rights: [consent]", `rights: [${right}]`).replace("2099-01-01", day);
    const it = await testServices(t, yaml);
    const ask = await openConsole(t, it);
    await asked(it);
    const yes = JSON.stringify({ customer: "17", ask: "c1", lasts: HOUR / 2 });
    t.equal((await ask(PUT, yes)).status, 401);
    for (const method of ["GET", "DELETE"])
      t.equal((await ask([`${method} /.guise/api/consent?customer=17&ask=c1`, AUTH])).status, 401);
    t.match((await it.services.consents.of("17")).consents, [{ state: "asked" }]);
  }
});
