import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import t, { type Test } from "tap";
import { NO_CONSENT } from "../../../src/domain/consent/consent.ts";
import type { CustomerSaid } from "../../../src/domain/consent/said.ts";
import type { Clock } from "../../../src/ports.ts";
import { type Consents, consents } from "../../../src/sessions/consent/consents.ts";
import { redisBackend } from "../../../src/sessions/stores/redis.ts";
import { sqliteBackend } from "../../../src/sessions/stores/sqlite.ts";
import type { StoreBackend } from "../../../src/sessions/stores/store.ts";
import { stayAlive } from "../../fixtures/alive.ts";
import { fakeClock } from "../../fixtures/clock.ts";
import { aConsent, HOUR } from "../../fixtures/gateway/consent.ts";
import { memoryBackend, memoryHub } from "../../fixtures/gateway/memory-store.ts";
import { fakeLog } from "../../fixtures/log.ts";
import { redisServer } from "../../fixtures/servers/redis.ts";
import { SEAL_KEY } from "../orders.ts";

const DAY = 24 * HOUR;
const TERMS = { ...NO_CONSENT, mode: "ask" } as const;

interface Made {
  readonly clock: Clock;
  open(): StoreBackend;
}

/** Two gateways over one store. */
interface Two {
  readonly here: Consents;
  readonly there: Consents;
}

function two(t: Test, { open, clock }: Made): Two {
  stayAlive(t);
  const gateway = () => {
    const backend = open();
    const made = consents({ ...backend, clock, log: fakeLog(), sealKey: SEAL_KEY, keepFor: () => 90 * DAY });
    t.teardown(async () => {
      await made.close();
      await backend.close();
    });
    return made;
  };
  return { here: gateway(), there: gateway() };
}

/** What the other gateway tells its listeners when it hears of a change. */
function heard(it: Consents): Promise<CustomerSaid> {
  return new Promise((told) => {
    const leave = it.onChanged((_customer, said) => {
      leave();
      told(said);
    });
  });
}

function suite(name: string, make: (t: Test) => Promise<Made>): void {
  t.test(`${name}: an answer counts on every gateway, and the first one alone`, async (t) => {
    const made = await make(t);
    const { clock } = made;
    const { here, there } = two(t, made);
    const at = { askedAt: clock.now(), answerBy: clock.now() + HOUR };
    t.match(await here.ask(aConsent(at), TERMS), { kind: "asked" });
    t.match(await there.ask(aConsent({ ...at, id: "c2" }), TERMS), { kind: "open", consent: { id: "c1" } });
    const told = heard(here);
    const yes = await there.answer("17", "c1", { kind: "grant", by: "17", lasts: HOUR });
    t.match(yes, { state: "granted", until: Number });
    t.match((await told).consents, [{ state: "granted" }]);
    t.match(await here.of("17"), { consents: [{ id: "c1", state: "granted" }] });
    t.equal(await here.answer("17", "c1", { kind: "decline", by: "17", said: null }), null);
  });

  t.test(`${name}: of many answers at the same moment one counts, and no ask is lost`, async (t) => {
    const made = await make(t);
    const { clock } = made;
    const { here, there } = two(t, made);
    const at = { askedAt: clock.now(), answerBy: clock.now() + HOUR };
    const agents = Array.from({ length: 8 }, (_, n) => ({
      id: `a${n}`,
      name: null,
      email: null,
      groups: null,
    }));
    await Promise.all(
      agents.map((agent, n) => (n % 2 ? here : there).ask(aConsent({ ...at, id: `c${n}`, agent }), TERMS)),
    );
    // As the store has it: what a gateway remembers may lack what the other one did this moment.
    const [waiting] = await here.waiting();
    t.equal(waiting?.[1].consents.length, 8);
    const answers = await Promise.all(
      Array.from({ length: 6 }, (_, n) =>
        (n % 2 ? here : there).answer("17", "c0", { kind: "grant", by: String(n), lasts: HOUR }),
      ),
    );
    t.equal(answers.filter((it) => it !== null).length, 1);
  });

  t.test(`${name}: one that counts once is given to one impersonation, and used up with it`, async (t) => {
    const made = await make(t);
    const { clock } = made;
    const { here, there } = two(t, made);
    const at = { askedAt: clock.now(), answerBy: clock.now() + HOUR, single: true };
    await here.ask(aConsent(at), TERMS);
    await here.answer("17", "c1", { kind: "grant", by: "17", lasts: HOUR });
    const bound = await Promise.all(
      ["i1", "i2", "i3"].map((id, n) => (n ? here : there).bind("17", "c1", id)),
    );
    t.equal(bound.filter((it) => it !== null).length, 1);
    const [mine] = bound.flatMap((it) => it?.impersonation ?? []);
    t.match(await here.useUp("17", mine ?? ""), [{ state: "used-up" }]);
    t.same(await there.useUp("17", mine ?? ""), []);
  });
}

suite("memory", async () => {
  const [hub, clock] = [memoryHub(), fakeClock()];
  return { clock, open: () => memoryBackend(clock, hub) };
});
suite("sqlite", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "guise-consents-"));
  t.teardown(() => rm(folder, { recursive: true }));
  const clock = fakeClock();
  const file = join(folder, "guise.db");
  return { clock, open: () => sqliteBackend({ file, clock, log: fakeLog(), poll: 20 }) };
});
suite("redis", async (t) => {
  const server = await redisServer();
  t.teardown(() => server.stop());
  const clock = { now: () => Date.now(), monotonic: () => performance.now() };
  const options = { url: server.url, prefix: "test", clock, log: fakeLog(), timeout: 30_000 };
  return { clock, open: () => redisBackend(options) };
});

t.test("the clock answers where nobody does, each once, over all gateways", async (t) => {
  const clock = fakeClock();
  const hub = memoryHub();
  const { here, there } = two(t, { clock, open: () => memoryBackend(clock, hub) });
  const at = { askedAt: clock.now(), answerBy: clock.now() + HOUR };
  await here.ask(aConsent(at), TERMS);
  const other = { id: "23", name: "Mia", email: null, groups: null };
  await here.grantAtOnce(
    aConsent({ ...at, id: "c2", customer: other, state: "granted", until: clock.now() + 2 * HOUR }),
  );
  t.same(await there.sweep(), [], "nothing is due");
  clock.pass(HOUR);
  const swept = (await Promise.all([here.sweep(), there.sweep()])).flat();
  t.match(swept, [{ id: "c1", state: "lapsed" }]);
  clock.pass(HOUR);
  t.match(await here.sweep(), [{ id: "c2", state: "used-up" }]);
  t.same(
    [...hub.held.keys()].filter((key) => key.startsWith("consents-due:")),
    [],
    "nobody is looked at for nothing",
  );
});

t.test("an opt-out is kept for good, an answer as long as the config says", async (t) => {
  const clock = fakeClock();
  const hub = memoryHub();
  const { here } = two(t, { clock, open: () => memoryBackend(clock, hub) });
  t.equal(await here.optOut("17", true), true);
  t.equal(await here.optOut("17", true), false);
  clock.pass(400 * DAY);
  t.match(await here.of("17"), { optedOutAt: Number });
  t.equal(await here.optOut("17", false), true);
  t.match(await here.of("17"), { optedOutAt: null });
});

t.test("nobody is asked twice in a second, and who was never asked leaves nothing", async (t) => {
  const clock = fakeClock();
  const hub = memoryHub();
  const { here } = two(t, { clock, open: () => memoryBackend(clock, hub) });
  t.same(await here.of("17"), { optedOutAt: null, consents: [] });
  t.equal(here.of("17") instanceof Promise, false, "at once");
  t.equal(hub.held.size, 0);
});

t.test("somebody who has the store alone reads neither ids nor answers", async (t) => {
  const clock = fakeClock();
  const hub = memoryHub();
  const { here } = two(t, { clock, open: () => memoryBackend(clock, hub) });
  await here.ask(aConsent({ askedAt: clock.now(), answerBy: clock.now() + HOUR }), TERMS);
  const all = JSON.stringify([...hub.held]);
  for (const word of ["Nuno", "alice", "T-42", "chart"]) t.notMatch(all, word);
});
