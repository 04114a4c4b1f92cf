import t from "tap";
import { type CookieScope, receive } from "../../src/domain/cookies/cookie-jar.ts";
import { order, services } from "./orders.ts";

const SCOPE = { host: "app.example.com", path: "/", secure: true };

t.test("the app's cookies go into the jar and back to the app; scripts see what they may", async (t) => {
  const { clock, context } = services(t);
  const { impersonations } = context();
  const { impersonation } = await impersonations.open(order(clock.now()));
  const scope: CookieScope = { ...SCOPE, now: clock.now() };
  const sent = "sid=agent";
  t.equal(await impersonations.cookies(impersonation.id, sent, scope), null);
  const lines = await impersonations.receive(
    impersonation.id,
    ["sid=1; Path=/; HttpOnly", "xsrf=2; Path=/"],
    scope,
    sent,
  );
  t.strictSame(lines, ["xsrf=2; Path=/; Max-Age=3600"], "not longer than the impersonation");
  t.equal(await impersonations.cookies(impersonation.id, "sid=agent; xsrf=2", scope), "sid=1; xsrf=2");
  t.equal(
    await impersonations.cookies(impersonation.id, "sid=agent; xsrf=3", scope),
    "sid=1; xsrf=3",
    "a script's value",
  );
  t.equal(await impersonations.cookies(impersonation.id, "sid=agent; xsrf=3", scope), "sid=1; xsrf=3");
});

t.test("reading cookies writes nothing", async (t) => {
  const { clock, context } = services(t);
  const { impersonations, asked } = context();
  const { impersonation } = await impersonations.open(order(clock.now()));
  const scope: CookieScope = { ...SCOPE, now: clock.now() };
  await impersonations.receive(impersonation.id, ["sid=1; HttpOnly"], scope, null);
  const before = asked.writes;
  for (let n = 0; n < 5; n += 1) await impersonations.cookies(impersonation.id, "sid=agent", scope);
  await impersonations.receive(impersonation.id, ["sid=1; HttpOnly"], scope, null);
  t.equal(asked.writes, before);
});

t.test("answers that come at the same time, on two gateways, lose nothing of each other", async (t) => {
  const { clock, context } = services(t);
  const [here, there] = [context().impersonations, context().impersonations];
  const { impersonation } = await here.open(order(clock.now()));
  const scope: CookieScope = { ...SCOPE, now: clock.now() };
  await Promise.all(
    Array.from({ length: 60 }, (_, n) =>
      (n % 2 ? here : there).receive(impersonation.id, [`c${n}=1; HttpOnly`], scope, null),
    ),
  );
  t.equal((await here.jar(impersonation.id)).cookies.length, 60);
  t.strictSame(await there.jar(impersonation.id), await here.jar(impersonation.id));
});

t.test(
  "SES-05: at the end the customer's cookies are destroyed, and the browser can still be restored",
  async (t) => {
    const { clock, context, contents } = services(t);
    const [here, there] = [context().impersonations, context().impersonations];
    const { impersonation } = await here.open(order(clock.now()));
    const scope: CookieScope = { ...SCOPE, now: clock.now() };
    const sent = "sid=agent; theme=light";
    await here.receive(
      impersonation.id,
      ["sid=1; HttpOnly", "theme=dark; Path=/", "xsrf=1; Path=/"],
      scope,
      sent,
    );
    const back = ["theme=light; Path=/", "xsrf=; Path=/; Max-Age=0"];
    t.strictSame(await there.restore(impersonation.id, scope, null), back);
    await here.close(impersonation.id, "ended-by-agent");
    t.strictSame(await there.restore(impersonation.id, scope, null), back);
    t.equal(await there.cookies(impersonation.id, sent, scope), null);
    t.strictSame((await there.jar(impersonation.id)).cookies, []);
    t.strictSame(
      await there.receive(impersonation.id, ["late=1"], scope, sent),
      [],
      "an answer that comes late",
    );
    t.strictSame((await here.jar(impersonation.id)).cookies, []);
    clock.pass(3_600_000 + 86_399_999);
    t.strictSame(
      await there.restore(impersonation.id, scope, null),
      back,
      "also for who comes back the day after",
    );
    clock.pass(1);
    t.strictSame(await there.restore(impersonation.id, scope, null), []);
    t.notMatch(contents(), /jar:/);
  },
);

t.test("a jar without anything in the browser is gone with its impersonation", async (t) => {
  const { clock, context, contents } = services(t);
  const { impersonations } = context();
  const { impersonation } = await impersonations.open(order(clock.now()));
  await impersonations.receive(impersonation.id, ["sid=1; HttpOnly"], { ...SCOPE, now: clock.now() }, null);
  t.match(contents(), /jar:/);
  await impersonations.close(impersonation.id, "ended-by-agent");
  t.notMatch(contents(), /jar:/);
});

t.test("without the store cookies are a fault, but restoring the browser never is", async (t) => {
  const { clock, context } = services(t);
  const { impersonations, cutOff, log } = context();
  const stranger = context();
  const { impersonation } = await impersonations.open(order(clock.now()));
  const scope: CookieScope = { ...SCOPE, now: clock.now() };
  await impersonations.receive(impersonation.id, ["xsrf=1; Path=/"], scope, null);
  await impersonations.cookies(impersonation.id, "xsrf=1", scope);
  cutOff(true);
  stranger.cutOff(true);
  await t.rejects(impersonations.cookies(impersonation.id, null, scope), { code: "store-unavailable" });
  await t.rejects(impersonations.receive(impersonation.id, ["a=1"], scope, null), {
    code: "store-unavailable",
  });
  const back = ["xsrf=; Path=/; Max-Age=0"];
  t.strictSame(await impersonations.restore(impersonation.id, scope, null), back, "by what was seen last");
  await impersonations.close(impersonation.id, "ended-by-agent");
  t.strictSame(
    await impersonations.restore(impersonation.id, scope, null),
    back,
    "also once the end waits to be stored",
  );
  t.strictSame(
    await stranger.impersonations.restore(impersonation.id, scope, null),
    [],
    "who has seen nothing has nothing",
  );
  t.match(log.lines, [/by what was seen last/, /can not be stored/, /by what was seen last/]);
  t.match(stranger.log.lines, [/mirrored cookies stay/]);
});

t.test("an edit that changes nothing is no write, and one that throws changes nothing", async (t) => {
  const { clock, context } = services(t);
  const { impersonations, asked } = context();
  const { impersonation } = await impersonations.open(order(clock.now()));
  const before = asked.writes;
  await impersonations.saveJar(impersonation.id, (jar) => jar);
  const broken = () => {
    throw new RangeError("broken");
  };
  await t.rejects(impersonations.saveJar(impersonation.id, broken), RangeError);
  t.equal(asked.writes, before);
  const scope = { ...SCOPE, now: clock.now() };
  const jar = await impersonations.saveJar(impersonation.id, (it) => receive(it, ["a=1"], scope));
  t.equal(jar.cookies.length, 1, "the next one has its turn");
});

t.test(
  "without the store the browser is restored also after an end that was stored, here or elsewhere",
  async (t) => {
    const { clock, context } = services(t);
    const [here, there] = [context(), context()];
    const { impersonation } = await here.impersonations.open(order(clock.now()));
    const scope: CookieScope = { ...SCOPE, now: clock.now() };
    await here.impersonations.receive(
      impersonation.id,
      ["csrf=customer; Path=/", "sid=1; HttpOnly"],
      scope,
      "csrf=agent",
    );
    await there.impersonations.cookies(impersonation.id, "csrf=customer", scope);
    await here.impersonations.close(impersonation.id, "ended-revoked");
    await there.impersonations.check();
    for (const { impersonations, cutOff } of [here, there]) {
      cutOff(true);
      t.strictSame(await impersonations.restore(impersonation.id, scope, "csrf=customer"), [
        "csrf=agent; Path=/",
      ]);
    }
  },
);

t.test("a store that lost the jar leaves the way back that a gateway knows", async (t) => {
  const { clock, context } = services(t);
  const { impersonations, backend } = context();
  const { impersonation, secret } = await impersonations.open(order(clock.now()));
  const scope: CookieScope = { ...SCOPE, now: clock.now() };
  await impersonations.receive(
    impersonation.id,
    ["csrf=customer; Path=/", "sid=1; HttpOnly"],
    scope,
    "csrf=agent",
  );
  for (const prefix of ["jar:", "impersonation:", "id:", "way:"])
    for (const key of await backend.store.list(prefix)) await backend.store.remove(key);
  clock.pass(2_000);
  t.equal(
    await impersonations.cookies(impersonation.id, "csrf=customer", scope),
    null,
    "the customer's go nowhere",
  );
  t.strictSame(await impersonations.restore(impersonation.id, scope, "csrf=customer"), [
    "csrf=agent; Path=/",
  ]);
  t.match(await impersonations.recall(secret), {
    kind: "found",
    impersonation: { end: { why: "ended-revoked" } },
  });
});

t.test("who knows nothing of a jar still takes out what was announced as the customer's", async (t) => {
  const { clock, context } = services(t);
  const { impersonation } = await context().impersonations.open(order(clock.now()));
  const stranger = context();
  stranger.cutOff(true);
  const scope: CookieScope = { ...SCOPE, now: clock.now(), scripted: ["jwt", "cart_*"] };
  t.strictSame(
    await stranger.impersonations.restore(
      impersonation.id,
      scope,
      "sid=agent; jwt=customer; cart_1=x; jwtx=1",
    ),
    ["jwt=; Path=/; Max-Age=0", "cart_1=; Path=/; Max-Age=0"],
  );
});

t.test(
  "each of several apps has a jar of its own, and the browser of the one host gets its own back",
  async (t) => {
    const { clock, context } = services(t);
    const { impersonations } = context();
    const { impersonation } = await impersonations.open(order(clock.now()));
    const { id } = impersonation;
    const [shop, docs] = ["shop", "docs"].map((app): CookieScope => ({ ...SCOPE, app, now: clock.now() }));
    if (shop === undefined || docs === undefined) throw new RangeError("two apps");
    await impersonations.receive(id, ["sid=s; Path=/; HttpOnly", "theme=s; Path=/"], shop, "theme=own");
    t.equal(await impersonations.cookies(id, "theme=s", docs), null, "nothing of the other's");
    t.equal(await impersonations.cookies(id, "theme=s", shop), "sid=s; theme=s");
    const shown = await impersonations.receive(
      id,
      ["sid=d; Path=/; HttpOnly", "theme=d; Path=/"],
      docs,
      "theme=s",
    );
    t.match(shown, [/^theme=d; Path=\//], "the browser has one of a name");
    t.equal(await impersonations.cookies(id, "theme=d", docs), "sid=d; theme=d");
    t.equal(
      await impersonations.cookies(id, "theme=d", shop),
      "sid=s; theme=s",
      "which changes no other jar",
    );
    t.equal(await impersonations.cookies(id, "theme=script", docs), "sid=d; theme=script");
    t.equal(await impersonations.cookies(id, "theme=script", shop), "sid=s; theme=s");
    t.match(await impersonations.receive(id, [], shop, "theme=script"), [/^theme=s; Path=\//]);
    t.strictSame(await impersonations.receive(id, ["theme=; Path=/; Max-Age=0"], docs, "theme=s"), []);
    t.equal(await impersonations.cookies(id, "theme=s", shop), "sid=s; theme=s");
    t.strictSame(await impersonations.restore(id, docs, "theme=s"), ["theme=own; Path=/"]);
    await impersonations.close(id, "ended-by-agent");
    t.strictSame(await impersonations.restore(id, { ...SCOPE, now: clock.now() }, "theme=s"), [
      "theme=own; Path=/",
    ]);
  },
);

t.test("an app's jar is full by itself", async (t) => {
  const { clock, context } = services(t);
  const { impersonations } = context();
  const { impersonation } = await impersonations.open(order(clock.now()));
  const { id } = impersonation;
  const scope: CookieScope = { ...SCOPE, now: clock.now() };
  await impersonations.receive(id, ["sid=1; Path=/; HttpOnly"], { ...scope, app: "docs" }, null);
  const many = Array.from({ length: 200 }, (_, n) => `c${n}=1; Path=/; HttpOnly`);
  await impersonations.receive(id, many, { ...scope, app: "shop" }, null);
  t.equal((await impersonations.cookies(id, null, { ...scope, app: "shop" }))?.split("; ").length, 180);
  t.equal(await impersonations.cookies(id, null, { ...scope, app: "docs" }), "sid=1");
});

t.test("what was kept before there were several apps is in the jar of the one", async (t) => {
  const scope: CookieScope = { ...SCOPE, now: 0 };
  const jar = receive({ cookies: [], mirrors: [], own: [], ownKnown: false }, ["a=1; Path=/"], {
    ...scope,
    app: null,
  });
  t.notOk("app" in (jar.cookies[0] ?? {}), "as version 0.1 wrote it");
});
