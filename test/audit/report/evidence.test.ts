import fc from "fast-check";
import t from "tap";
import type { Written } from "../../../src/audit/record/parse.ts";
import { gathering } from "../../../src/audit/report/evidence.ts";
import { STANDARDS } from "../../../src/audit/report/standards.ts";
import { FORMS } from "../../../src/audit/report/written.ts";

interface Placed {
  readonly record: Written;
  readonly producer: string;
  readonly sequence: number;
}

const DAY = 86_400_000;
const time = (at: number) => new Date(Date.UTC(2026, 4, 1) + at * 1_000).toISOString();
const PERIOD = { since: Date.parse(time(0)), until: Date.parse(time(1_000)) };
const JOURNAL = { holds: true, records: 1, lives: 1, checkpoints: 1, findings: [], notes: [] };

/** The whole report, in every form that it has. */
function reported(records: readonly Placed[], standard: string): string {
  const gathered = gathering();
  for (const { record, ...place } of records) gathered.record(record, place);
  const findings = STANDARDS[standard]?.(gathered.evidence(PERIOD), 3);
  if (findings === undefined) throw new Error(standard);
  const head = { standard, since: time(0), until: time(1_000), journal: JOURNAL };
  return Object.values(FORMS)
    .map((form) => form({ ...head, ...findings }))
    .join("\n");
}

function c5(records: readonly Placed[]): Readonly<Record<string, number>> {
  const gathered = gathering();
  for (const { record, ...place } of records) gathered.record(record, place);
  const { requirements = [] } = STANDARDS.c5?.(gathered.evidence(PERIOD), 3) ?? {};
  return Object.fromEntries(
    requirements.flatMap(({ figures }) => figures.map(({ what, value }) => [what, value])),
  );
}

type Consent = NonNullable<Written["guise"]["consent"]>;

/** An ask of Alice's about Nuno (17), with every field that there is. */
const ASK: Consent = {
  ...{ id: "ask-1", origin: "asked", cause: "customer-initiated-support", type: "read" },
  ...{ location: "Portugal", retention: 90 * DAY, longest: DAY, answer_by: time(500) },
};

function about(action: string, at: number, consent: Consent, sequence: number): Placed {
  const record = {
    "@timestamp": time(at),
    event: { id: `e${sequence}`, action, outcome: "success" },
    user: { id: "alice", effective: { id: "17" } },
    guise: { consent },
  } as unknown as Written;
  return { record, producer: "gw1", sequence };
}

const maybe = <T>(one: fc.Arbitrary<T>) => fc.option(one, { nil: undefined });
const pick = <T>(...of: readonly T[]) => fc.constantFrom(...of);
const person = fc.record({ id: pick("alice", "bob", "17", "23") });

/** Records of few impersonations and asks, of two gateways whose clocks are not quite one. */
const anyRecord = fc.record({
  producer: pick("gw1", "gw2"),
  record: fc
    .record({
      at: fc.integer({ min: 0, max: 6 }),
      action: pick(
        ...["consent.asked", "consent.granted", "consent.refused", "consent.lapsed", "consent.withdrawn"],
        ...["consent.used", "impersonation.started", "impersonation.ended", "impersonation.outcome"],
        ...["impersonation.denied", "impersonation.elevated", "access.noticed", "config.loaded"],
      ),
      outcome: pick("success", "failure"),
      reason: maybe(pick("bug", "billing")),
      reference: maybe(pick("T-1", "T-2")),
      user: maybe(fc.record({ id: pick("alice", "bob"), effective: maybe(person), target: maybe(person) })),
      impersonation: maybe(pick("imp-1", "imp-2")),
      route: maybe(pick("/site/:site", "/users/:user")),
      app: maybe(pick("shop", "wiki")),
      decision: maybe(pick("ended-by-agent", "ended-revoked")),
      method: pick("GET", "POST"),
      consent: maybe(
        fc.record({
          id: pick("ask-1", "ask-2"),
          origin: maybe(pick("asked", "ahead", "code", "break-glass", "approval")),
          cause: maybe(pick("customer-initiated-support", "provider-initiated-review")),
          type: maybe(pick("read", "write")),
          location: maybe(pick("Portugal", "Japan")),
          retention: maybe(pick(DAY, 90 * DAY)),
          longest: maybe(pick(DAY, 2 * DAY)),
          answer_by: maybe(pick(time(400), time(500))),
          until: maybe(pick(time(600), time(700))),
          answered_by: maybe(pick("alice", "bob", "17", "link", "card", "api:desk")),
        }),
      ),
    })
    .map(({ at, action, outcome, reason, reference, user, method, ...guise }) => ({
      "@timestamp": time(at),
      event: { id: `${at}`, action, outcome, reason, reference },
      user,
      http: { request: { method } },
      guise,
    })),
});

const numbered = (them: readonly { readonly producer: string; readonly record: object }[]) =>
  them.map(
    ({ producer, record }, at): Placed => ({
      ...{ producer, sequence: at + 1 },
      record: record as unknown as Written,
    }),
  );

const shuffled = fc.array(anyRecord, { maxLength: 14 }).chain((them) => {
  const records = numbered(them);
  return fc
    .shuffledSubarray(records, { minLength: records.length, maxLength: records.length })
    .map((mixed) => ({ records, mixed }));
});

t.test(
  "the same records make the same report, in whatever order they come, and where some come again",
  async (t) => {
    for (const standard of Object.keys(STANDARDS))
      t.doesNotThrow(
        () =>
          fc.assert(
            fc.property(shuffled, ({ records, mixed }) => {
              const said = reported(records, standard);
              return (
                said === reported(mixed, standard) && said === reported([...mixed, ...records], standard)
              );
            }),
            { numRuns: 400 },
          ),
        standard,
      );
  },
);

t.test("a second person's approval is a yes of another person than the agent and the customer", async (t) => {
  const glass = { ...ASK, origin: "break-glass" };
  const asked = about("consent.asked", 1, glass, 1);
  const yes = (by: string) => about("consent.granted", 2, { ...glass, answered_by: by, until: time(60) }, 2);
  const figures = (...records: readonly Placed[]) => c5(records)["of them, approved by a second person"];
  t.equal(figures(asked, yes("bob")), 1);
  for (const by of ["alice", "17", "link", "card", "api:desk"]) t.equal(figures(asked, yes(by)), 0, by);
  const withdrawn = about("consent.withdrawn", 3, { ...glass, answered_by: "17" }, 3);
  t.equal(figures(asked, withdrawn), 0, "the customer took it back: nobody has approved");
  t.equal(figures(asked, yes("bob"), withdrawn), 1, "who took it back later takes nothing of the approval");
  t.equal(figures(withdrawn, yes("alice"), asked), 0);
  t.equal(figures(asked, about("consent.refused", 2, { ...glass, answered_by: "bob" }, 2)), 0);
});

t.test("an ask is counted as complete only with each of the fields, answered or not", async (t) => {
  const what = "of them, with all of these fields";
  const granted = { answered_by: "17", until: time(60) };
  for (const answer of ["asked", "granted", "refused", "lapsed"]) {
    const both = (ask: Consent) => [
      about("consent.asked", 1, ask, 1),
      ...(answer === "asked" ? [] : [about(`consent.${answer}`, 2, { ...ask, ...granted }, 2)]),
    ];
    t.equal(c5(both(ASK))[what], 1, answer);
    for (const field of ["cause", "type", "location", "retention", "longest", "answer_by"] as const) {
      const { [field]: _, ...less } = ASK;
      t.equal(c5(both(less as Consent))[what], 0, `${answer}, without ${field}`);
    }
  }
});

t.test("what a second agent allowed is without the customer's consent", async (t) => {
  for (const origin of ["approval", "break-glass"]) {
    const ask = { ...ASK, origin };
    const started = about("impersonation.started", 3, { id: "ask-1" }, 3);
    const record = { ...started.record, guise: { impersonation: "imp-1", consent: { id: "ask-1" } } };
    const records = [
      about("consent.asked", 1, ask, 1),
      about("consent.granted", 2, { ...ask, answered_by: "bob", until: time(60) }, 2),
      { ...started, record },
    ];
    t.match(c5(records), {
      "accesses without prior consent": 1,
      "accesses under such a yes": 0,
      "asks, and yeses without an ask": 0,
      "asks to go in without the customer's yes": 1,
      "of them, approved by a second person": 1,
      "accesses that went in so": 1,
    });
  }
});
