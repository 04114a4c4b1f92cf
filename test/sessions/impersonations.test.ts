import t from "tap";
import { endedAt, modeAt } from "../../src/domain/impersonation.ts";
import { order, services } from "./orders.ts";

t.test("an opened one is recalled by its secret, and by nothing else", async (t) => {
  const { clock, context, contents } = services(t);
  const { impersonations } = context();
  const { impersonation, secret } = await impersonations.open(order(clock.now()));
  t.match(secret, /^[A-Za-z0-9_-]{43}$/);
  t.strictSame(await impersonations.recall(secret), { kind: "found", impersonation });
  const wrong = [
    impersonation.id,
    "",
    `${secret}x`,
    secret.slice(1),
    "A".repeat(43),
    `${secret.slice(0, -2)}AA`,
  ];
  for (const other of wrong) t.strictSame(await impersonations.recall(other), { kind: "lost" }, other);
  t.notOk(contents().includes(secret), "the secret is kept nowhere");
});

t.test("SES-01: every start draws a new secret", async (t) => {
  const { clock, context } = services(t);
  const { impersonations } = context();
  const secrets = new Set<string>();
  for (let n = 0; n < 20; n += 1) secrets.add((await impersonations.open(order(clock.now()))).secret);
  t.equal(secrets.size, 20);
});

t.test("what lies in the store can't be read there, nor put in another's place", async (t) => {
  const { clock, context, contents } = services(t);
  const { impersonations, backend } = context({ cacheFor: 0 });
  const first = await impersonations.open(
    order(clock.now(), { reason: "looks at the bill", ownCookies: "agent-cookie=1" }),
  );
  const second = await impersonations.open(order(clock.now()));
  await impersonations.saveJar(first.impersonation.id, (jar) => ({ ...jar, own: ["customer-cookie"] }));
  t.notMatch(contents(), /Nuno|Alice|bill|agent-cookie|customer-cookie/);
  const [one = "", two = ""] = await backend.store.list("impersonation:");
  const [ours, theirs] = [await backend.store.read(one), await backend.store.read(two)];
  await backend.store.write(one, theirs?.value ?? "", { version: ours?.version ?? null, expiresAt: 9e15 });
  const answers = await Promise.allSettled([
    impersonations.recall(first.secret),
    impersonations.recall(second.secret),
  ]);
  t.strictSame(answers.map((it) => it.status).sort(), ["fulfilled", "rejected"]);
});

t.test("a gateway with another data key says so, and its list leaves out what it can't read", async (t) => {
  const { clock, context } = services(t);
  const { secret } = await context().impersonations.open(order(clock.now()));
  const stranger = context({ sealKey: new Uint8Array(32).fill(9) });
  await t.rejects(stranger.impersonations.recall(secret), {
    code: "store-unavailable",
    detail: /another data key/,
  });
  t.strictSame(await stranger.impersonations.list(), []);
  t.match(stranger.log.lines, [/an impersonation in the store can not be read/]);
});

t.test("a recalled fact is believed for a second, then asked for again", async (t) => {
  const { clock, context } = services(t);
  const { secret } = await context().impersonations.open(order(clock.now()));
  const { impersonations, asked } = context();
  await Promise.all([
    impersonations.recall(secret),
    impersonations.recall(secret),
    impersonations.recall(secret),
  ]);
  t.equal(asked.reads, 1, "many at a time are one question");
  clock.pass(999);
  await impersonations.recall(secret);
  t.equal(asked.reads, 1);
  clock.pass(1);
  await impersonations.recall(secret);
  t.equal(asked.reads, 2);
});

t.test("when the store can't be asked, recalling is a fault, never `lost`", async (t) => {
  const { clock, context } = services(t);
  const { impersonations, cutOff } = context();
  const { secret, impersonation } = await impersonations.open(order(clock.now()));
  cutOff(true);
  t.equal((await impersonations.recall(secret)).kind, "found", "what was known a moment ago");
  clock.pass(1_000);
  await t.rejects(impersonations.recall(secret), { code: "store-unavailable" });
  t.match(impersonations.known(secret), { id: impersonation.id, end: null }, "for Stop alone");
  t.equal(impersonations.known("another"), null);
  await t.rejects(impersonations.open(order(clock.now())), { code: "store-unavailable" });
});

t.test(
  "an end is final, counts once, and can be read about until the browser has nothing of it any more",
  async (t) => {
    const { clock, context } = services(t);
    const { impersonations } = context();
    const { impersonation, secret } = await impersonations.open(order(clock.now()));
    clock.pass(5_000);
    const end = { at: clock.now(), why: "ended-by-agent" };
    t.match(await impersonations.close(impersonation.id, "ended-by-agent"), {
      first: true,
      impersonation: { end },
    });
    t.match(await impersonations.close(impersonation.id, "ended-revoked"), {
      first: false,
      impersonation: { end },
    });
    t.match(await impersonations.recall(secret), { kind: "found", impersonation: { end } });
    t.equal(await impersonations.elevate(impersonation.id, 60_000, null), null);
    t.equal(await impersonations.lower(impersonation.id), null);
    t.strictSame(await impersonations.list(), []);
    clock.pass(3_594_000 + 600_000);
    t.equal((await impersonations.recall(secret)).kind, "found");
    clock.pass(1_000);
    t.equal((await impersonations.recall(secret)).kind, "lost");
    t.strictSame(await impersonations.close(impersonation.id, "ended-by-agent"), {
      first: false,
      impersonation: null,
    });
    t.strictSame(await impersonations.close("never-was", "ended-by-agent"), {
      first: false,
      impersonation: null,
    });
  },
);

for (const keepFor of [120_000, 600_000]) {
  t.test(`one that runs out stays readable as long as one that was ended: ${keepFor} ms`, async (t) => {
    const { clock, context } = services(t);
    const { impersonations } = context({ keepFor });
    const { secret } = await impersonations.open(order(clock.now()));
    const stopped = await impersonations.open(order(clock.now()));
    await impersonations.close(stopped.impersonation.id, "ended-by-agent");
    clock.pass(3_600_000 + keepFor - 1);
    const fact = await impersonations.recall(secret);
    t.equal(fact.kind === "found" && endedAt(fact.impersonation, clock.now()), "ended-expired");
    t.equal((await impersonations.recall(stopped.secret)).kind, "found");
    clock.pass(1_000);
    t.equal((await impersonations.recall(secret)).kind, "lost");
    t.equal((await impersonations.recall(stopped.secret)).kind, "lost");
  });
}

t.test("an end on one gateway is an end on the other at once, without waiting for its cache", async (t) => {
  const { clock, context } = services(t);
  const [here, there] = [context().impersonations, context().impersonations];
  const { impersonation, secret } = await here.open(order(clock.now()));
  await there.recall(secret);
  const told = Promise.withResolvers<string | undefined>();
  there.onEnded((it) => told.resolve(it.end.why));
  await here.close(impersonation.id, "ended-revoked");
  t.equal(await told.promise, "ended-revoked");
  t.match(await there.recall(secret), { kind: "found", impersonation: { end: { why: "ended-revoked" } } });
});

t.test(
  "every listener hears of every end once, on each gateway, also of one that it had not met",
  async (t) => {
    const { clock, context } = services(t);
    const [here, there, third] = [
      context().impersonations,
      context().impersonations,
      context().impersonations,
    ];
    const heard: string[] = [];
    const done = Promise.withResolvers<void>();
    for (const [name, impersonations] of Object.entries({ here, there, third })) {
      impersonations.onEnded(() => {
        heard.push(name);
        if (heard.length === 3) done.resolve();
      });
    }
    const { impersonation, secret } = await here.open(order(clock.now()));
    await there.recall(secret);
    await here.close(impersonation.id, "ended-by-agent");
    await done.promise;
    await there.close(impersonation.id, "ended-by-agent");
    await Promise.all([here.check(), there.check(), third.check()]);
    await third.recall(secret);
    t.strictSame(heard.sort(), ["here", "there", "third"]);
  },
);

t.test("of many who end it at the same time one is the first", async (t) => {
  const { clock, context } = services(t);
  const books = [context().impersonations, context().impersonations, context().impersonations];
  const { impersonation } = await context().impersonations.open(order(clock.now()));
  const closed = await Promise.all(books.map((it) => it.close(impersonation.id, "ended-by-agent")));
  t.equal(closed.filter(({ first }) => first).length, 1);
});

t.test("elevating and lowering is known on every gateway at once", async (t) => {
  const { clock, context } = services(t);
  const [here, there] = [context().impersonations, context().impersonations];
  const { impersonation, secret } = await here.open(order(clock.now()));
  await there.recall(secret);
  const modes: string[] = [];
  let [told, tell] = signal();
  there.onModeChanged((it) => {
    modes.push(modeAt(it, clock.now()));
    tell();
  });
  const elevated = await here.elevate(impersonation.id, 600_000, "refund");
  t.match(elevated, { writeUntil: clock.now() + 600_000, reason: "refund" });
  await told;
  t.match(await there.recall(secret), { impersonation: { reason: "refund" } });
  [told, tell] = signal();
  t.match(await here.lower(impersonation.id), { writeUntil: null });
  await told;
  t.strictSame(modes, ["write", "read"]);
});

function signal(): [Promise<void>, () => void] {
  const { promise, resolve } = Promise.withResolvers<void>();
  return [promise, resolve];
}

t.test("a step up that runs out is told by the clock", async (t) => {
  const { clock, context } = services(t);
  const { impersonations } = context();
  const { impersonation } = await impersonations.open(order(clock.now()));
  await impersonations.elevate(impersonation.id, 60_000, null);
  const modes: string[] = [];
  impersonations.onModeChanged((it) => modes.push(modeAt(it, clock.now())));
  clock.pass(59_999);
  await impersonations.check();
  t.strictSame(modes, []);
  clock.pass(1);
  await impersonations.check();
  await impersonations.check();
  t.strictSame(modes, ["read"]);
});

t.test("invariant 10: what runs out by the clock ends on every gateway that knows it", async (t) => {
  const { clock, context } = services(t);
  const [here, there] = [context().impersonations, context().impersonations];
  const { secret } = await here.open(order(clock.now()));
  await there.recall(secret);
  const ends: string[] = [];
  here.onEnded((it) => ends.push(`here ${it.end.why}`));
  there.onEnded((it) => ends.push(`there ${it.end.why}`));
  clock.pass(900_000);
  await here.check();
  await there.check();
  t.strictSame(ends, ["here ended-idle", "there ended-idle"]);
  t.equal((await here.list()).length, 1, "its end is still to be recorded");
});

t.test("idle is only what is idle on all gateways", async (t) => {
  const { clock, context } = services(t);
  const [here, there] = [context().impersonations, context().impersonations];
  const { impersonation, secret } = await here.open(order(clock.now()));
  await there.recall(secret);
  const ends: string[] = [];
  here.onEnded((it) => ends.push(it.end.why));
  clock.pass(800_000);
  there.touch(impersonation.id, clock.now());
  while ((await there.list())[0]?.lastSeenAt !== clock.now());
  clock.pass(200_000);
  await here.check();
  t.strictSame(ends, []);
  t.match(await here.recall(secret), { impersonation: { lastSeenAt: clock.now() - 200_000 } });
});

t.test("use is written every fifteen seconds at most, and never brings back what is over", async (t) => {
  const { clock, context } = services(t);
  const { impersonations, asked } = context();
  const { impersonation, secret } = await impersonations.open(order(clock.now()));
  const before = asked.writes;
  for (let n = 0; n < 60; n += 1) {
    clock.pass(1_000);
    impersonations.touch(impersonation.id, clock.now());
    await impersonations.recall(secret);
  }
  t.equal(asked.writes - before, 4);
  clock.pass(900_000);
  await impersonations.recall(secret);
  impersonations.touch(impersonation.id, clock.now());
  const fact = await impersonations.recall(secret);
  t.equal(fact.kind === "found" && endedAt(fact.impersonation, clock.now()), "ended-idle");
});

t.test(
  "which page was opened last is written every three seconds at most, and the last one then",
  async (t) => {
    const { clock, context } = services(t);
    const { impersonations, asked } = context();
    const { impersonation, secret } = await impersonations.open(order(clock.now()));
    const before = asked.writes;
    const page = async () => {
      const fact = await impersonations.recall(secret);
      return fact.kind === "found" ? fact.impersonation.page : null;
    };
    for (let n = 0; n < 20; n += 1) {
      clock.pass(100);
      impersonations.touch(impersonation.id, clock.now(), `/page/${n}`);
      await impersonations.check();
    }
    t.equal(asked.writes - before, 1);
    clock.pass(1_500);
    await impersonations.check();
    while ((await page()) !== "/page/19");
    t.equal(asked.writes - before, 2);
    clock.pass(10_000);
    await impersonations.check();
    await impersonations.check();
    t.equal(asked.writes - before, 2, "nothing is written that was written");
  },
);

t.test("where the idle limit is short, use is written ten times within it", async (t) => {
  const { clock, context } = services(t);
  const { impersonations, asked } = context();
  const { impersonation, secret } = await impersonations.open(order(clock.now(), { idle: 10_000 }));
  const before = asked.writes;
  for (let n = 0; n < 20; n += 1) {
    clock.pass(500);
    impersonations.touch(impersonation.id, clock.now());
    await impersonations.recall(secret);
  }
  t.equal(asked.writes - before, 10);
});

t.test("all, or those of one agent, are listed oldest first and can be ended together", async (t) => {
  const { clock, context } = services(t);
  const { impersonations } = context();
  const bob = { id: "bob", name: null, email: null, groups: null };
  const ids: string[] = [];
  for (const agent of [undefined, bob, undefined]) {
    ids.push(
      (await impersonations.open(order(clock.now(), agent === undefined ? {} : { agent }))).impersonation.id,
    );
    clock.pass(1_000);
  }
  t.strictSame(
    (await impersonations.list()).map((it) => it.id),
    ids,
  );
  t.strictSame(
    (await impersonations.byAgent("bob")).map((it) => it.id),
    [ids[1]],
  );
  await impersonations.close(ids[0] ?? "", "ended-by-agent");
  t.strictSame(
    (await impersonations.endAll("ended-revoked")).map((it) => [it.id, it.end?.why]),
    [
      [ids[1], "ended-revoked"],
      [ids[2], "ended-revoked"],
    ],
  );
  t.strictSame(await impersonations.endAll("ended-revoked"), []);
});

t.test("row 27: an impersonation goes on at the other gateway when one dies", async (t) => {
  const { clock, context } = services(t);
  const first = context();
  const { impersonation, secret } = await first.impersonations.open(order(clock.now()));
  await first.impersonations.saveJar(impersonation.id, (jar) => ({ ...jar, own: [...jar.own, "seen"] }));
  await first.backend.close();
  const second = context().impersonations;
  t.strictSame(await second.recall(secret), { kind: "found", impersonation });
  t.strictSame((await second.jar(impersonation.id)).own, ["sid", "seen"]);
});
