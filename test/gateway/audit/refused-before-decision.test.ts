import t from "tap";
import { Fault } from "../../../src/errors.ts";
import { recordRefusedBeforeDecision } from "../../../src/gateway/audit/refused-before-decision.ts";
import { call } from "../../fixtures/client/request.ts";
import { impersonate } from "../../fixtures/gateway/stages.ts";
import { testServices } from "../../fixtures/gateway/test-services.ts";

const FAULT = new Fault("bad-request", "the path has a dot segment");

/** Lets everything run that was begun and not waited for. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

t.test(
  "a refusal under an impersonation names both people, the address as it was sent, and why",
  async (t) => {
    const it = await testServices(t);
    const { secret } = await impersonate(it);
    const { raw } = await call(["GET /x", `Cookie: a=1; guise=${secret}`, "User-Agent: x"]);
    recordRefusedBeforeDecision(it.services, raw, { fault: FAULT, id: "r1", address: "/a/../b?c?d" });
    await settled();
    t.match(it.events.at(-1), {
      action: "impersonation.denied",
      outcome: "failure",
      trueUser: { id: "alice" },
      effectiveUser: { id: "17" },
      request: { id: "r1", method: "GET", path: "/a/../b", query: "c?d", ip: "127.0.0.1", userAgent: "x" },
      detail: "bad-request: the path has a dot segment",
    });
  },
);

t.test(
  "nobody's refusal, an unknown cookie's and that of one who has stopped are not recorded",
  async (t) => {
    const it = await testServices(t);
    const { secret, impersonation } = await impersonate(it);
    await it.impersonations.close(impersonation.id, "ended-by-agent");
    const before = it.events.length;
    for (const cookie of ["a=1", `guise=${"x".repeat(43)}`, `guise=${secret}`]) {
      const { raw } = await call(["GET /x", `Cookie: ${cookie}`]);
      recordRefusedBeforeDecision(it.services, raw, { fault: FAULT, id: "r1", address: "/x" });
      await settled();
    }
    t.equal(it.events.length, before);
  },
);

t.test("a record that can't be made is in the log, and harms nobody", async (t) => {
  const it = await testServices(t);
  const { secret } = await impersonate(it);
  it.refuseRecords(() => true);
  const { raw } = await call(["GET /x", `Cookie: guise=${secret}`]);
  recordRefusedBeforeDecision(it.services, raw, { fault: FAULT, id: "r1", address: "/x" });
  await settled();
  t.ok(it.log.lines.some((line) => line.startsWith("error: a refusal before the decision")));
});
