import t from "tap";
import type { Ending } from "../../../src/domain/audit-event.ts";
import { orUnsent, settle } from "../../../src/gateway/stages/settle.ts";
import { ALICE, FETCH, impersonate, NUNO, signed } from "../../fixtures/gateway/stages.ts";
import { testServices } from "../../fixtures/gateway/test-services.ts";

const SENT = { requestBytes: 3, responseBytes: 7 } as const;

t.test("own traffic is counted and not written down", async (t) => {
  const it = await testServices(t);
  settle(it.services, await signed(it, ["GET /x", ...FETCH, ...NUNO]), {
    ...SENT,
    ending: "success",
    status: 200,
  });
  t.same(it.counted, ["decided no-owner forward", "forwarded self success"]);
  t.same(it.events, []);
});

t.test("under an impersonation the outcome closes the intent", async (t) => {
  const it = await testServices(t);
  const { cookie, impersonation } = await impersonate(it);
  const request = await signed(it, ["GET /x?a=b", ...FETCH, ...ALICE, cookie]);
  it.clock.pass(250);
  settle(it.services, request, { ...SENT, ending: "success", status: 200 });
  t.same(it.actions(), ["impersonation.intent", "impersonation.outcome"]);
  t.match(it.events[1], {
    outcome: "success",
    intent: it.events[0]?.id ?? "",
    trueUser: { id: "alice" },
    effectiveUser: { id: "17" },
    impersonation: { id: impersonation.id },
    decision: { word: "impersonating" },
    request: { id: request.id, path: "/x", query: "a=b" },
    response: { status: 200, bytes: 7, duration: 250, ending: "success" },
  });
  t.same(it.counted, ["decided impersonating forward", "forwarded effective success"]);
});

t.test("each ending has its outcome", async (t) => {
  const it = await testServices(t);
  const { cookie } = await impersonate(it);
  const request = await signed(it, ["GET /x", ...FETCH, ...ALICE, cookie]);
  const outcome = (ending: Ending, status: number | null) => {
    settle(it.services, request, { ...SENT, ending, status });
    return it.events.at(-1)?.outcome;
  };
  t.equal(outcome("success", 200), "success");
  t.equal(outcome("success", 304), "success");
  t.equal(outcome("success", 399), "success");
  t.equal(outcome("success", 101), "success");
  t.equal(outcome("success", 400), "failure");
  t.equal(outcome("success", 503), "failure");
  t.equal(outcome("failure", 502), "failure");
  t.equal(outcome("failure", null), "failure");
  t.equal(outcome("unknown", null), "unknown");
  const cut: readonly Ending[] = [
    "client-aborted",
    "client-framing-error",
    "upstream-truncated",
    "upstream-unreachable",
    "upstream-timeout",
    "upstream-protocol",
    "revoked",
  ];
  for (const ending of cut) {
    t.equal(outcome(ending, 200), "failure", ending);
    t.equal(it.events.at(-1)?.response?.ending, ending);
  }
});

t.test("an outcome that can't be recorded is in the log, and breaks nothing", async (t) => {
  const it = await testServices(t);
  const { cookie } = await impersonate(it);
  const request = await signed(it, ["GET /x", ...FETCH, ...ALICE, cookie]);
  it.refuseRecords(() => true);
  settle(it.services, request, { ...SENT, ending: "success", status: 200 });
  await new Promise((resolve) => setImmediate(resolve));
  t.same(it.log.lines, ["error: an outcome could not be recorded"]);
});

t.test("what fails before the first byte closes its intent as never sent", async (t) => {
  const it = await testServices(t);
  const { cookie } = await impersonate(it);
  const request = await signed(it, ["GET /x", ...FETCH, ...ALICE, cookie]);
  t.equal(await orUnsent(it.services, request, () => 7), 7);
  t.same(it.actions(), ["impersonation.intent"]);
  await t.rejects(
    orUnsent(it.services, request, () => Promise.reject(new TypeError("no key"))),
    TypeError,
  );
  t.match(it.events[1], {
    action: "impersonation.outcome",
    outcome: "failure",
    intent: it.events[0]?.id ?? "",
    response: { status: null, bytes: 0, ending: "failure" },
  });
});
