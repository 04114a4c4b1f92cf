import t from "tap";
import { Fault } from "../../src/errors.ts";
import { order, type SessionContext, services } from "./orders.ts";

t.test("use that can't be written is logged and tried again, and harms nobody", async (t) => {
  const { clock, context } = services(t);
  const { impersonations, asked, cutOff, log } = context();
  const { impersonation } = await impersonations.open(order(clock.now()));
  const before = asked.writes;
  cutOff(true);
  clock.pass(20_000);
  impersonations.touch(impersonation.id, clock.now());
  await impersonations.check();
  t.match(log.lines, [/use could not be noted/]);
  cutOff(false);
  impersonations.touch(impersonation.id, clock.now());
  await impersonations.check();
  t.equal(asked.writes - before, 1);
});

t.test(
  "SES-08: Stop works while the store is down, at once here and everywhere when it is back",
  async (t) => {
    const { clock, context } = services(t);
    const [here, there] = [context(), context()];
    const { impersonation, secret } = await here.impersonations.open(order(clock.now()));
    const ends: string[] = [];
    here.impersonations.onEnded((it) => ends.push(it.end.why));
    here.cutOff(true);
    t.match(await here.impersonations.close(impersonation.id, "ended-by-agent"), {
      first: true,
      impersonation: { end: {} },
    });
    t.match(await here.impersonations.close(impersonation.id, "ended-by-agent"), { first: false });
    t.strictSame(ends, ["ended-by-agent"]);
    await t.rejects(here.impersonations.recall(secret), { code: "store-unavailable" });
    await here.impersonations.check();
    const stoppedAt = clock.now();
    clock.pass(2_000);
    here.cutOff(false);
    const ended = { impersonation: { end: { at: stoppedAt, why: "ended-by-agent" } } };
    t.match(await here.impersonations.recall(secret), ended, "before it is stored");
    t.strictSame(await here.impersonations.list(), []);
    await here.impersonations.check();
    t.match(await there.impersonations.recall(secret), ended);
    t.strictSame(ends, ["ended-by-agent"]);
  },
);

t.test("of what has ended the newest ten thousand are known here, and older ones by the store", async (t) => {
  const { clock, context } = services(t);
  const { impersonations } = context();
  const running = await impersonations.open(order(clock.now()));
  const secrets: string[] = [];
  for (let n = 0; n < 10_002; n += 1) {
    const { impersonation, secret } = await impersonations.open(order(clock.now()));
    await impersonations.close(impersonation.id, "ended-by-agent");
    secrets.push(secret);
  }
  await impersonations.check();
  t.same(
    secrets.map((it) => impersonations.known(it) !== null),
    secrets.map((_, nth) => nth >= 2),
  );
  t.match(impersonations.known(running.secret), { end: null });
  t.match(await impersonations.recall(secrets[0] ?? ""), {
    impersonation: { end: { why: "ended-by-agent" } },
  });
});

t.test("an end that waits to be stored is stored before the gateway goes", async (t) => {
  const { clock, context } = services(t);
  const [here, there] = [context(), context()];
  const { impersonation, secret } = await here.impersonations.open(order(clock.now()));
  here.cutOff(true);
  await here.impersonations.close(impersonation.id, "ended-by-agent");
  here.cutOff(false);
  await here.impersonations.shut();
  t.match(await there.impersonations.recall(secret), { impersonation: { end: { why: "ended-by-agent" } } });
});

t.test("a store that lost its last writes revives nobody", async (t) => {
  const { clock, context } = services(t);
  const { impersonations, backend } = context();
  const { impersonation, secret } = await impersonations.open(order(clock.now()));
  const [key = ""] = await backend.store.list("impersonation:");
  const before = await backend.store.read(key);
  await impersonations.close(impersonation.id, "ended-revoked");
  await backend.store.remove(key);
  await backend.store.write(key, before?.value ?? "", { version: null, expiresAt: 9e15 });
  clock.pass(2_000);
  t.match(await impersonations.recall(secret), { impersonation: { end: { why: "ended-revoked" } } });
  t.strictSame(await impersonations.list(), []);
  await impersonations.check();
  t.match(await context().impersonations.recall(secret), {
    impersonation: { end: { why: "ended-revoked" } },
  });
});

t.test("a record that somebody took away ends what runs under it", async (t) => {
  const { clock, context } = services(t);
  const { impersonations, backend } = context();
  await impersonations.open(order(clock.now()));
  const other = context();
  const ends: string[] = [];
  impersonations.onEnded((it) => ends.push(it.end.why));
  const [key = ""] = await backend.store.list("impersonation:");
  await backend.store.remove(key);
  await other.backend.bulletin.tell(key);
  await impersonations.check();
  t.strictSame(ends, ["ended-revoked"]);
});

/** Takes away what begins so, as a Redis does that failed over before it had copied it. */
async function lose({ backend }: SessionContext, ...prefixes: readonly string[]): Promise<void> {
  for (const prefix of prefixes)
    for (const key of await backend.store.list(prefix)) await backend.store.remove(key);
}

t.test(
  "a record that was lost is put back with its end, which one gateway alone has to record",
  async (t) => {
    const { clock, context } = services(t);
    const [here, there] = [context(), context()];
    const lost: string[] = [];
    for (const [name, { impersonations }] of Object.entries({ here, there }))
      impersonations.onLost((it) => lost.push(`${name} ${it.id} ${it.end.why}`));
    const { impersonation, secret } = await here.impersonations.open(order(clock.now()));
    await there.impersonations.recall(secret);
    await lose(here, "impersonation:", "id:");
    clock.pass(2_000);
    const over = { kind: "found", impersonation: { end: { why: "ended-revoked" } } };
    const both = await Promise.all([here.impersonations.recall(secret), there.impersonations.recall(secret)]);
    t.match(both, [over, over], "whom one was is still known");
    await Promise.all([here.impersonations.check(), there.impersonations.check()]);
    t.equal(lost.length, 1);
    t.match(lost, [new RegExp(`^\\w+ ${impersonation.id} ended-revoked$`)]);
    t.match(await context().impersonations.recall(secret), over, "for a gateway that never saw it as well");
    t.match(await here.impersonations.close(impersonation.id, "ended-by-agent"), { first: false });
  },
);

t.test("who ends what has lost its record records it, and nobody else", async (t) => {
  const { clock, context } = services(t);
  const here = context();
  const lost: string[] = [];
  here.impersonations.onLost((it) => lost.push(it.id));
  const { impersonation } = await here.impersonations.open(order(clock.now()));
  await lose(here, "impersonation:");
  const closed = await here.impersonations.close(impersonation.id, "ended-by-agent");
  t.match(closed, { first: true, impersonation: { end: { why: "ended-by-agent" } } });
  t.match(await here.impersonations.close(impersonation.id, "ended-revoked"), { first: false });
  await here.impersonations.check();
  t.strictSame(lost, []);
});

t.test("a loss is told of when the store takes its end, and what ended before was no loss", async (t) => {
  const { clock, context } = services(t);
  const { store } = context().backend;
  let full = false;
  const write: typeof store.write = async (...order) => {
    if (full) throw new Fault("store-unavailable", "full");
    return await store.write(...order);
  };
  const here = context({ store: { ...store, write } });
  const lost: string[] = [];
  here.impersonations.onLost((it) => lost.push(`${it.id} ${it.end.why}`));
  const [one, two, three] = [
    await here.impersonations.open(order(clock.now())),
    await here.impersonations.open(order(clock.now())),
    await here.impersonations.open(order(clock.now(), { idle: 3_600_000 })),
  ];
  await here.impersonations.close(two.impersonation.id, "ended-by-agent");
  await lose(here, "impersonation:", "id:");
  clock.pass(900_000);
  full = true;
  await here.impersonations.check();
  t.strictSame(lost, []);
  full = false;
  await here.impersonations.check();
  t.strictSame(lost, [`${one.impersonation.id} ended-revoked`]);
  clock.pass(2_700_000);
  await here.impersonations.check();
  t.strictSame(lost.slice(1), [`${three.impersonation.id} ended-expired`], "by its limit, not by the loss");
  t.match(await here.impersonations.recall(two.secret), {
    impersonation: { end: { why: "ended-by-agent" } },
  });
});

t.test("the way back is found by its secret for a day longer than the record", async (t) => {
  const { clock, context } = services(t);
  const { impersonation, secret } = await context().impersonations.open(order(clock.now()));
  const other = context();
  t.equal(await other.impersonations.idBehind(secret), impersonation.id);
  t.equal(await other.impersonations.idBehind("another"), null);
  clock.pass(3_600_000 + 86_399_999);
  t.equal((await other.impersonations.recall(secret)).kind, "lost");
  t.equal(await other.impersonations.idBehind(secret), impersonation.id);
  clock.pass(1);
  t.equal(await other.impersonations.idBehind(secret), null);
  other.cutOff(true);
  t.equal(await other.impersonations.idBehind(secret), null, "never a fault");
});

t.test("who may have missed news looks at all it knows again", async (t) => {
  const { clock, context } = services(t);
  let missed: ((key: string | null) => void) | undefined;
  const bulletin = {
    tell: async () => undefined,
    listen: (heard: typeof missed) => {
      missed = heard;
      return () => undefined;
    },
  };
  const deaf = context({ bulletin });
  const other = context();
  const { impersonation, secret } = await other.impersonations.open(order(clock.now()));
  await deaf.impersonations.recall(secret);
  const told = Promise.withResolvers<string>();
  deaf.impersonations.onEnded((it) => told.resolve(it.end.why));
  await other.impersonations.close(impersonation.id, "ended-revoked");
  t.match(await deaf.impersonations.recall(secret), { impersonation: { end: null } }, "it can't know yet");
  missed?.(null);
  t.equal(await told.promise, "ended-revoked");
  t.match(await deaf.impersonations.recall(secret), { impersonation: { end: { why: "ended-revoked" } } });
});

t.test("news that can't be read at once is read when the store is back", async (t) => {
  const { clock, context } = services(t);
  const [here, there] = [context(), context()];
  const { impersonation, secret } = await here.impersonations.open(order(clock.now()));
  await there.impersonations.recall(secret);
  const ends: string[] = [];
  there.impersonations.onEnded((it) => ends.push(it.end.why));
  there.cutOff(true);
  await here.impersonations.close(impersonation.id, "ended-revoked");
  await there.impersonations.check();
  t.strictSame(ends, []);
  there.cutOff(false);
  await there.impersonations.check();
  t.strictSame(ends, ["ended-revoked"]);
});
