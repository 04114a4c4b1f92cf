import t, { type Test } from "tap";
import { recheck } from "../../../src/gateway/background/revalidate.ts";
import { leash } from "../../../src/gateway/stages/forward.ts";
import { ALICE, FETCH, impersonate, signed } from "../../fixtures/gateway/stages.ts";
import { type TestServices, testServices, YAML } from "../../fixtures/gateway/test-services.ts";

const NEVER = 2 ** 31 - 1;
const SOCKET = ["GET /live", "Connection: Upgrade", "Upgrade: websocket", ...FETCH, ...ALICE] as const;

/** A socket of an impersonation that is open, and whatever asks about it. */
async function opened(t: Test, it: TestServices) {
  const { cookie, impersonation } = await impersonate(it);
  const { signal } = leash(it.services, await signed(it, [...SOCKET, cookie], { upgrade: true }));
  if (signal === null) throw new Error("on no leash");
  const asking = recheck(it.services, { every: NEVER });
  t.teardown(() => asking.close());
  return { signal, impersonation, check: () => asking.check() };
}

t.test("SES-07 what may go on goes on, however often it is asked about", async (t) => {
  const it = await testServices(t);
  const { signal, check } = await opened(t, it);
  for (let n = 0; n < 3; n += 1) {
    it.clock.pass(15_000);
    await check();
  }
  t.equal(signal.aborted, false);
  t.equal(it.services.sockets.count(), 1);
});

t.test(
  "SES-07 an agent that lost the right loses the socket, and the impersonation ends on record",
  async (t) => {
    const it = await testServices(t);
    const { signal, check, impersonation } = await opened(t, it);
    it.configure(YAML.replace("groups: [support]\n", "groups: [somebody-else]\n"));
    await check();
    t.equal(signal.reason, "ended-agent-lost-right");
    t.match(it.events.at(-1), {
      action: "impersonation.ended",
      detail: "ended-agent-lost-right",
      impersonation: { id: impersonation.id },
    });
    t.same(await it.impersonations.list(), []);
  },
);

t.test("a target that became one of those who are protected ends it as well", async (t) => {
  const it = await testServices(t);
  const { signal, check } = await opened(t, it);
  it.configure(YAML.replace("nuno@example.com, groups: [customer]", "nuno@example.com, groups: [admin]"));
  await check();
  t.equal(signal.reason, "ended-target-changed");
});

t.test("switched off, it ends with the next question at the latest", async (t) => {
  const it = await testServices(t);
  const { signal, check } = await opened(t, it);
  it.configure(`impersonation: off\n${YAML}`);
  await check();
  t.equal(signal.reason, "ended-revoked");
});

t.test("evidence that counts no more cuts what came with it, and ends nothing else", async (t) => {
  const it = await testServices(t);
  const { signal, check } = await opened(t, it);
  it.configure(YAML.replace("X-User", "X-Other"));
  await check();
  t.equal(signal.reason, "signed-out");
  t.equal((await it.impersonations.list()).length, 1);
});

t.test("what can't be found out is borne for less than a minute", async (t) => {
  for (const [broken, why] of [
    ["identity", "identity-unavailable"],
    ["users", "identity-unavailable"],
    ["store", "store-unavailable"],
  ] as const) {
    const it = await testServices(t);
    const { signal, check } = await opened(t, it);
    await check();
    it.breakDown([broken]);
    for (let passed = 15; passed < 45; passed += 15) {
      it.clock.pass(15_000);
      await check();
      t.equal(signal.aborted, false, `${broken}, ${passed} s`);
    }
    it.clock.pass(15_000);
    await check();
    t.equal(signal.reason, why);
    it.breakDown([]);
    t.equal((await it.impersonations.list()).length, 1, "the impersonation itself goes on");
  }
});

t.test("a good answer in between begins the minute anew", async (t) => {
  const it = await testServices(t);
  const { signal, check } = await opened(t, it);
  for (let n = 0; n < 8; n += 1) {
    it.breakDown(n % 2 === 0 ? ["identity"] : []);
    it.clock.pass(30_000);
    await check();
  }
  t.equal(signal.aborted, false);
});

t.test(
  "a tunnel that was opened in mode write is cut when the mode falls back; one that only listens is not",
  async (t) => {
    const it = await testServices(t);
    const { cookie, impersonation } = await impersonate(it);
    const listening = leash(it.services, await signed(it, [...SOCKET, cookie], { upgrade: true }));
    await it.impersonations.elevate(impersonation.id, 60_000, null);
    const speaking = leash(it.services, await signed(it, [...SOCKET, cookie], { upgrade: true }));
    await it.impersonations.lower(impersonation.id);
    t.equal(speaking.signal?.reason, "read-only");
    t.equal(listening.signal?.aborted, false);
  },
);

t.test("a config that takes the step up away cuts who speaks by it, and no one who listens", async (t) => {
  const it = await testServices(t);
  const { cookie, impersonation } = await impersonate(it);
  const listening = leash(it.services, await signed(it, [...SOCKET, cookie], { upgrade: true }));
  await it.impersonations.elevate(impersonation.id, 60_000, null);
  const speaking = leash(it.services, await signed(it, [...SOCKET, cookie], { upgrade: true }));
  const asking = recheck(it.services, { every: NEVER });
  t.teardown(() => asking.close());
  await asking.check();
  t.equal(speaking.signal?.aborted, false);
  it.configure(YAML.replace("    elevate: { for: 10m }\n", ""));
  await asking.check();
  t.equal(speaking.signal?.reason, "read-only");
  t.equal(listening.signal?.aborted, false);
});

t.test("what was decided before the switch is cut as it begins", async (t) => {
  const it = await testServices(t);
  const { cookie } = await impersonate(it);
  const request = await signed(it, [...SOCKET, cookie], { upgrade: true });
  it.configure(`impersonation: off\n${YAML}`);
  t.equal(leash(it.services, request).signal?.reason, "ended-revoked");
});

t.test("a store that is down for one look ends nothing that another gateway keeps in use", async (t) => {
  const it = await testServices(t);
  const { cookie, secret, impersonation } = await impersonate(it);
  const live = [...SOCKET, cookie] as const;
  const open = leash(it.services, await signed(it, live, { upgrade: true }));
  const other = it.beside();
  await other.recall(secret);
  it.clock.pass(800_000);
  other.touch(impersonation.id, it.clock.now());
  while ((await other.list())[0]?.lastSeenAt !== it.clock.now());
  it.clock.pass(100_000);
  it.breakDown(["store"]);
  await it.impersonations.check();
  it.breakDown([]);
  await it.impersonations.check();
  t.equal(open.signal?.aborted, false, "what is open goes on");
  t.equal(leash(it.services, await signed(it, live, { upgrade: true })).signal?.aborted, false);
  it.clock.pass(900_000);
  await it.impersonations.check();
  t.equal(open.signal?.reason, "ended-idle", "and is over when it is idle everywhere");
});
