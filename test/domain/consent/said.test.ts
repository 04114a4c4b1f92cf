import t from "tap";
import { type Consent, type ConsentTerms, NO_CONSENT } from "../../../src/domain/consent/consent.ts";
import {
  type Asked,
  ask,
  bound,
  type CustomerSaid,
  consentVerdict,
  done,
  grantedAtOnce,
  NOTHING_SAID,
  settledByTime,
} from "../../../src/domain/consent/said.ts";
import { aConsent, HOUR } from "../../fixtures/gateway/consent.ts";

const ASK: ConsentTerms = { ...NO_CONSENT, mode: "ask" };
const WINDOW: ConsentTerms = { ...NO_CONSENT, mode: "window" };
const BREAKS: ConsentTerms = {
  ...ASK,
  breakGlass: { groups: ["lead"], secondPerson: true, lasts: HOUR },
};
const BOB = { id: "bob", name: null, email: null, groups: null };

function said(...consents: readonly Consent[]): CustomerSaid {
  return { optedOutAt: null, consents };
}

function verdict(terms: ConsentTerms, it: CustomerSaid, impersonation: string | null = null, now = 10) {
  return consentVerdict(terms, it, { agent: "alice", impersonation, now });
}

const yes = (more: Partial<Consent> = {}) =>
  aConsent({ state: "granted", until: HOUR, answeredAt: 1, answeredBy: "17", ...more });

t.test("where nobody has to be asked, only an opt-out counts", async (t) => {
  for (const mode of ["none", "notice"] as const) {
    t.same(verdict({ ...NO_CONSENT, mode }, NOTHING_SAID), { kind: "free" });
    t.match(verdict({ ...NO_CONSENT, mode }, { optedOutAt: 1, consents: [yes()] }), { reason: "opted-out" });
  }
});

t.test("a yes counts for whom it is for, until its time is up", async (t) => {
  for (const terms of [ASK, WINDOW, { ...ASK, mode: "code" } as const]) {
    t.match(verdict(terms, NOTHING_SAID), { kind: "missing", reason: "consent-required", open: null });
    t.match(verdict(terms, said(yes())), { kind: "granted", consent: { id: "c1" } });
    t.match(verdict(terms, said(yes()), null, HOUR), { reason: "consent-required" });
    t.match(verdict(terms, said(yes({ agent: BOB }))), { reason: "consent-required" });
    t.match(verdict(terms, said(yes({ agent: null }))), { kind: "granted" }, "ahead of time it is for all");
  }
});

t.test("a yes for a part counts there alone, and one for everything everywhere", async (t) => {
  const shop = { ...WINDOW, scope: "shop" };
  const part = said(yes({ scope: "shop" }));
  t.match(verdict(shop, part), { kind: "granted" });
  t.match(verdict(shop, said(yes())), { kind: "granted" }, "one for everything");
  for (const terms of [WINDOW, { ...WINDOW, scope: "wiki" }]) {
    t.match(verdict(terms, part), { reason: "consent-required" }, "a start has to ask once more");
    t.match(verdict(terms, part, "i1"), { reason: "outside-grant" }, "what runs does nothing there");
  }
  t.match(verdict(WINDOW, said(yes({ scope: "shop", state: "withdrawn" })), "i1"), {
    reason: "consent-withdrawn",
  });
});

t.test("one that counts once is for one impersonation", async (t) => {
  const single = yes({ single: true });
  t.match(verdict(ASK, said(single)), { kind: "granted" });
  const held = said({ ...single, impersonation: "i1" });
  t.match(verdict(ASK, held), { reason: "consent-required" }, "a second start has to ask once more");
  t.match(verdict(ASK, held, "i1"), { kind: "granted" });
  t.match(verdict(ASK, held, "i2"), { reason: "consent-required" });
});

t.test("what was taken back says so while it runs, and a no for a while before", async (t) => {
  t.match(verdict(ASK, said(yes({ state: "withdrawn", until: null })), "i1"), {
    reason: "consent-withdrawn",
  });
  t.match(verdict(ASK, said(yes({ state: "withdrawn", until: null }))), { reason: "consent-required" });
  const no = aConsent({ state: "declined", answeredAt: 1 });
  t.match(verdict(ASK, said(no)), { reason: "consent-refused" });
  t.match(verdict(ASK, said(no), null, 1 + ASK.askAgainAfter), { reason: "consent-required" });
});

t.test("an open ask is told of", async (t) => {
  t.match(verdict(ASK, said(aConsent())), { reason: "consent-required", open: { id: "c1" } });
  t.match(verdict(ASK, said(aConsent()), null, 12 * HOUR), { reason: "consent-required", open: null });
});

t.test("a broken glass counts in spite of an opt-out, but only where the entry has it", async (t) => {
  const broken = yes({ origin: "break-glass", single: true });
  const out: CustomerSaid = { optedOutAt: 1, consents: [broken] };
  t.match(verdict(BREAKS, out), { kind: "granted", consent: { origin: "break-glass" } });
  t.match(verdict(ASK, out), { reason: "opted-out" });
  t.match(verdict(ASK, said(broken)), { reason: "consent-required" });
  const waits = aConsent({ origin: "break-glass" });
  t.match(verdict(BREAKS, said(waits)), { reason: "approval-required", open: { id: "c1" } });
});

t.test("the widest yes counts, then the longest", async (t) => {
  const all = said(
    yes({ id: "a", until: 3 * HOUR }),
    yes({ id: "b", type: "write", until: HOUR }),
    yes({ id: "c", type: "write", until: 2 * HOUR }),
  );
  t.match(verdict(WINDOW, all), { consent: { id: "c" } });
});

t.test("there is one open ask for each agent and customer", async (t) => {
  const first = ask(NOTHING_SAID, aConsent(), ASK);
  t.equal(first.kind, "asked");
  const { said: waiting } = first as Extract<Asked, { readonly kind: "asked" }>;
  t.match(ask(waiting, aConsent({ id: "c2", askedAt: 5 }), ASK), { kind: "open", consent: { id: "c1" } });
  t.match(ask(waiting, aConsent({ id: "c3", agent: BOB }), ASK), { kind: "asked" }, "another agent may");
});

t.test(
  "no more are asked in a day than the entry says, none after a no, none after an opt-out",
  async (t) => {
    const lapsed = ["a", "b", "c"].map((id) => aConsent({ id, state: "lapsed" }));
    t.match(ask(said(...lapsed), aConsent({ askedAt: 13 * HOUR }), ASK), { reason: "limit-reached" });
    t.match(ask(said(...lapsed), aConsent({ askedAt: 25 * HOUR }), ASK), { kind: "asked" });
    const no = said(aConsent({ state: "declined", answeredAt: 1 }));
    t.match(ask(no, aConsent({ askedAt: 2 }), ASK), { reason: "consent-refused" });
    const out: CustomerSaid = { optedOutAt: 1, consents: [] };
    t.match(ask(out, aConsent(), ASK), { reason: "opted-out" });
    t.match(
      ask(out, aConsent({ origin: "break-glass" }), BREAKS),
      { kind: "asked" },
      "an emergency asks nobody",
    );
  },
);

t.test("it is given to one impersonation, once", async (t) => {
  const single = said(yes({ single: true }));
  const held = bound(single, "c1", "i1", 10);
  t.match(held?.consent, { impersonation: "i1" });
  t.equal(bound(held?.said ?? NOTHING_SAID, "c1", "i2", 10), null);
  t.equal(bound(single, "c1", "i1", HOUR), null, "nor when its time is up");
  t.match(bound(said(yes()), "c1", "i1", 10)?.consent, { impersonation: null }, "a window is nobody's alone");
  t.equal(done(single, "nothing", { kind: "use-up" }, 10), null);
});

t.test("a yes ahead of time takes the place of the one before", async (t) => {
  const before = yes({ id: "a", origin: "ahead", agent: null });
  const others = yes({ id: "b" });
  const next = yes({ id: "c", origin: "ahead", agent: null, askedAt: 5, until: 9 });
  const { said: after, replaced } = grantedAtOnce(said(before, others), next);
  t.same(
    after.consents.map(({ id, state }) => [id, state]),
    [
      ["b", "granted"],
      ["a", "withdrawn"],
      ["c", "granted"],
    ],
  );
  t.same(
    replaced.map(({ id }) => id),
    ["a"],
  );
});

t.test("the clock does its part, and what is over long since is forgotten", async (t) => {
  const all = said(
    aConsent({ id: "a" }),
    yes({ id: "b", until: HOUR }),
    aConsent({ id: "c", state: "declined" }),
  );
  t.same(settledByTime(all, 10, 24 * HOUR), { said: all, changed: [] });
  const later = settledByTime(all, 13 * HOUR, 24 * HOUR);
  t.same(
    later.changed.map(({ id, state }) => [id, state]),
    [
      ["a", "lapsed"],
      ["b", "used-up"],
    ],
  );
  t.same(settledByTime(later.said, 100 * HOUR, 24 * HOUR).said.consents, []);
});
