import fc from "fast-check";
import t from "tap";
import {
  after,
  type Consent,
  type ConsentAction,
  dueAction,
  isLive,
  isOpen,
  TRANSITIONS,
} from "../../../src/domain/consent/consent.ts";
import { aConsent, HOUR } from "../../fixtures/gateway/consent.ts";

const action: fc.Arbitrary<ConsentAction> = fc.oneof(
  fc.record({
    kind: fc.constant("grant" as const),
    by: fc.constant("17"),
    lasts: fc.integer({ min: -HOUR, max: 100 * HOUR }),
    type: fc.constantFrom("read" as const, "write" as const),
  }),
  fc.record({ kind: fc.constant("decline" as const), by: fc.constant("17"), said: fc.constant(null) }),
  fc.constant({ kind: "lapse" } as const),
  fc.record({ kind: fc.constant("withdraw" as const), by: fc.constant("17") }),
  fc.constant({ kind: "use-up" } as const),
);
const moves = fc.array(fc.tuple(action, fc.integer({ min: 0, max: 5 * HOUR })), { maxLength: 12 });
const begun = fc.record({
  type: fc.constantFrom("read" as const, "write" as const),
  longest: fc.integer({ min: 1, max: 48 * HOUR }),
  single: fc.boolean(),
});

/** All that it was, with the actions that counted. */
function lived(first: Consent, all: readonly (readonly [ConsentAction, number])[]) {
  let [now, it] = [0, first];
  const past: {
    readonly from: Consent;
    readonly to: Consent;
    readonly action: ConsentAction;
    readonly at: number;
  }[] = [];
  for (const [action, passes] of all) {
    now += passes;
    const to = after(it, action, now);
    if (to === null) continue;
    past.push({ from: it, to, action, at: now });
    it = to;
  }
  return { past, last: it };
}

const RUNS = { numRuns: 5_000 };

t.test("whatever happens, it goes by the table, and what is over stays over", async (t) => {
  const seen = fc.check(
    fc.property(begun, moves, (more, all) =>
      lived(aConsent(more), all).past.every(
        ({ from, to, action }) => TRANSITIONS[from.state][action.kind] === to.state,
      ),
    ),
    RUNS,
  );
  t.equal(seen.failed, false, fc.defaultReportMessage(seen) ?? "always");
  for (const [state, next] of Object.entries(TRANSITIONS))
    if (state !== "asked" && state !== "granted") t.same(next, {}, `${state} is the end`);
});

t.test("a yes is never longer, nor for more, than was asked for, and never too late", async (t) => {
  const seen = fc.check(
    fc.property(begun, moves, (more, all) => {
      const first = aConsent(more);
      return lived(first, all).past.every(({ to, action, at }) => {
        if (action.kind !== "grant") return true;
        const long = (to.until ?? 0) - at;
        const asMuch = first.type === "write" || to.type === "read";
        return (
          at < first.answerBy &&
          long >= 0 &&
          long <= first.longest &&
          long <= Math.max(0, action.lasts) &&
          asMuch
        );
      });
    }),
    RUNS,
  );
  t.equal(seen.failed, false, fc.defaultReportMessage(seen) ?? "always");
});

t.test("only a yes that nobody took back counts, until its time is up", async (t) => {
  const seen = fc.check(
    fc.property(begun, moves, fc.integer({ min: 0, max: 100 * HOUR }), (more, all, now) => {
      const { last, past } = lived(aConsent(more), all);
      const granted = past.findLast(({ action }) => action.kind === "grant");
      if (isOpen(last, now)) return last.state === "asked" && past.length === 0;
      return isLive(last, now) === (last.state === "granted" && now < (granted?.to.until ?? 0));
    }),
    RUNS,
  );
  t.equal(seen.failed, false, fc.defaultReportMessage(seen) ?? "always");
});

t.test("the first answer counts", async (t) => {
  const yes = after(aConsent(), { kind: "grant", by: "17", lasts: HOUR }, 1);
  t.match(yes, { state: "granted", until: HOUR + 1, answeredBy: "17" });
  t.equal(after(yes as Consent, { kind: "decline", by: "17", said: null }, 2), null);
  const no = after(aConsent(), { kind: "decline", by: "17", said: "not now" }, 1);
  t.match(no, { state: "declined", said: "not now" });
  t.equal(after(no as Consent, { kind: "grant", by: "17", lasts: HOUR }, 2), null);
});

t.test("a customer may allow less than was asked for", async (t) => {
  const wide = aConsent({ type: "write" });
  t.match(after(wide, { kind: "grant", by: "17", lasts: HOUR, type: "read" }, 1), { type: "read" });
  const narrow = after(aConsent(), { kind: "grant", by: "17", lasts: HOUR, type: "write" }, 1);
  t.match(narrow, { type: "read" }, "and no more");
});

t.test("the clock lapses what nobody answered, and uses up what was allowed", async (t) => {
  const it = aConsent();
  t.equal(dueAction(it, it.answerBy - 1), null);
  t.equal(dueAction(it, it.answerBy), "lapse");
  t.equal(after(it, { kind: "lapse" }, it.answerBy - 1), null, "and not before");
  const yes = aConsent({ state: "granted", until: 5 });
  t.same([dueAction(yes, 4), dueAction(yes, 5)], [null, "use-up"]);
  t.equal(dueAction(aConsent({ state: "declined" }), 100 * HOUR), null);
});
