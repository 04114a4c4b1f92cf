import t from "tap";
import { openConsole } from "../fixtures/client/console.ts";
import { cookieValue, forThisHost, SECRET } from "../fixtures/client/cookies.ts";
import { ALICE, BOB, CLICK, FETCH, INSIDE, impersonate, type Started } from "../fixtures/gateway/stages.ts";
import { type TestServices, testServices, YAML } from "../fixtures/gateway/test-services.ts";

const POST = ["POST /.guise/stop", ...INSIDE, "Origin: http://app.example.com"] as const;

/** The field of the banner's form; it opens nothing. */
function form({ impersonation }: Pick<Started, "impersonation">) {
  return { impersonation: impersonation.id };
}

t.test("Stop ends, takes the cookie away and leads back", async (t) => {
  const it = await testServices(t);
  const ask = await openConsole(t, it);
  const started = await impersonate(it, { returnTo: "/queue" });
  const { cookie, impersonation } = started;
  const cut: string[] = [];
  it.services.sockets.add(impersonation.id, (why) => void cut.push(why));
  const stopped = await ask([...POST, ...ALICE, cookie], form(started));
  t.equal(stopped.status, 303);
  t.equal(stopped.location, "/queue");
  t.equal(stopped.header("cache-control"), "no-store");
  t.equal(stopped.header("clear-site-data"), '"cache", "storage"');
  t.equal(cookieValue(stopped.setCookies, "guise"), "");
  const notice = cookieValue(stopped.setCookies, "guise-notice");
  t.equal(it.services.forms.open(notice ?? "", it.clock.now()), "Nuno Almeida");
  t.match(it.events, [
    { action: "impersonation.ended", detail: "ended-by-agent", trueUser: { id: "alice" } },
  ]);
  t.same(cut, ["ended-by-agent"]);
  t.same(await it.impersonations.list(), []);
});

t.test("the page that it goes on to is one of the app, by the word of a page of ours alone", async (t) => {
  const it = await testServices(t);
  const ask = await openConsole(t, it);
  for (const [to, location] of [
    ["/support?page=2", "/support?page=2"],
    ["https://evil.test/", "/"],
    ["//evil.test", "/"],
    ["/.guise/start", "/"],
  ] as const) {
    const started = await impersonate(it, { returnTo: "/queue" });
    const { secret, cookie } = started;
    const token = it.services.forms.token("stop", [secret, to], it.clock.now() + 60_000);
    const stopped = await ask([...POST, ...ALICE, cookie], { ...form(started), to, _csrf: token });
    t.match(stopped, { status: 303, location }, to);
    for (const _csrf of [
      undefined,
      "x",
      it.services.forms.token("stop", [secret, "/other"], it.clock.now() + 60_000),
    ]) {
      const scripted = await impersonate(it, { returnTo: "/queue" });
      const said = { ...form(scripted), to, ...(_csrf === undefined ? {} : { _csrf }) };
      const answer = await ask([...POST, ...ALICE, scripted.cookie], said);
      t.match(answer, { status: 303, location: "/queue" }, "a form of the app's page");
    }
  }
});

t.test("it may be pressed twice, and is recorded once", async (t) => {
  const it = await testServices(t);
  const ask = await openConsole(t, it);
  const started = await impersonate(it);
  const { cookie } = started;
  const head = [...POST, ...ALICE, cookie];
  const both = await Promise.all([ask(head, form(started)), ask(head, form(started))]);
  t.same(
    both.map((it) => [it.status, it.location]),
    [
      [303, "/inbox"],
      [303, "/inbox"],
    ],
  );
  t.match(await ask(head, form(started)), { status: 303, location: "/inbox" });
  t.same(it.actions(), ["impersonation.ended"]);
});

t.test("it needs no cookie, no identity and no store", async (t) => {
  const it = await testServices(t);
  const ask = await openConsole(t, it);
  const none = await ask([...POST, ...ALICE], {});
  t.same([none.status, none.location, none.setCookies], [303, "/", []]);
  const started = await impersonate(it);
  const { cookie } = started;
  it.breakDown(["identity", "users"]);
  t.match(await ask([...POST, cookie], form(started)), { status: 303, location: "/inbox" });
  t.same(it.actions(), ["impersonation.ended"]);
  t.equal(it.asked.identity, 0);
});

t.test("with the store down Stop still ends it in the browser", async (t) => {
  const it = await testServices(t);
  const ask = await openConsole(t, it);
  const started = await impersonate(it);
  const { cookie } = started;
  it.clock.pass(2_000);
  it.breakDown(["store"]);
  const stopped = await ask([...POST, ...ALICE, cookie], form(started));
  t.match([stopped.status, stopped.location], [303, "/inbox"]);
  t.equal(cookieValue(stopped.setCookies, "guise"), "");
  t.match(it.log.lines.join(), /stopped without the store/);
  t.match(
    it.events,
    [{ action: "impersonation.ended", effectiveUser: { id: "17" } }],
    "what is known of it ends",
  );
});

t.test("with the ledger down it still ends", async (t) => {
  const it = await testServices(t);
  const ask = await openConsole(t, it);
  const started = await impersonate(it);
  const { cookie } = started;
  it.refuseRecords(() => true);
  t.match(await ask([...POST, ...ALICE, cookie], form(started)), { status: 303, location: "/inbox" });
  t.same(await it.impersonations.list(), []);
});

t.test("it works after the right is gone, the time is up, or the switch is off", async (t) => {
  const it = await testServices(t);
  const ask = await openConsole(t, it);
  for (const change of [
    () => it.configure(`${YAML}impersonation: off\n`),
    () => it.configure(YAML.replace("groups: [support]", "groups: [nobody]")),
    () => it.clock.pass(1_000_000),
  ]) {
    const started = await impersonate(it);
    const { cookie } = started;
    change();
    const stopped = await ask([...POST, ...ALICE, cookie], form(started));
    t.match([stopped.status, cookieValue(stopped.setCookies, "guise")], [303, ""]);
    it.configure(YAML);
  }
  t.same(await it.impersonations.list(), []);
});

t.test("a cookie with nothing behind it is taken away", async (t) => {
  const it = await testServices(t);
  const ask = await openConsole(t, it);
  const stopped = await ask([...POST, ...ALICE, `Cookie: guise=${SECRET}`], {});
  t.same([stopped.status, stopped.location], [303, "/"]);
  t.same(forThisHost(stopped.setCookies), [
    "guise=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax; Priority=High",
  ]);
  t.same(it.events, []);
});

t.test("what ended before keeps its own reason", async (t) => {
  const it = await testServices(t);
  const ask = await openConsole(t, it);
  const started = await impersonate(it);
  const { cookie, secret, impersonation } = started;
  await it.impersonations.close(impersonation.id, "ended-revoked");
  t.equal((await ask([...POST, ...ALICE, cookie], form(started))).location, "/inbox");
  t.match(await it.impersonations.recall(secret), { impersonation: { end: { why: "ended-revoked" } } });
  t.same(it.events, []);
});

t.test("nobody else's page can press it, nor a script or a frame of our own", async (t) => {
  const it = await testServices(t);
  const ask = await openConsole(t, it);
  const started = await impersonate(it);
  const other = await impersonate(it);
  const heads: readonly (readonly string[])[] = [
    ["POST /.guise/stop", ...CLICK, ...ALICE, started.cookie, "Origin: http://evil.test"],
    ["POST /.guise/stop", ...CLICK, ...ALICE, started.cookie],
    ["POST /.guise/stop", ...CLICK, "Origin: http://evil.test", "Cookie: __Host-guise-impersonating=1"],
    ["POST /.guise/stop", ...FETCH, ...ALICE, started.cookie, "Origin: http://app.example.com"],
    [...POST.map((line) => line.replace("document", "iframe")), ...ALICE, started.cookie],
  ];
  for (const head of heads) {
    const encrypted = head.some((line) => line.includes("-impersonating"));
    const { status, setCookies } = await ask(head, form(started), { encrypted });
    t.same([status, setCookies], [403, []], head.join());
  }
  const stale = await ask([...POST, ...ALICE, started.cookie], form(other));
  t.match([stale.status, stale.body], [403, /Stop viewing as somebody else/], "a banner of another tab");
  t.equal((await it.impersonations.list()).length, 2);
});

t.test("it works under whatever name the browser has for us", async (t) => {
  const it = await testServices(t);
  const ask = await openConsole(t, it);
  for (const [config, origin] of [
    [YAML, "https://app.example.com"],
    [`${YAML}publicUrl: http://other.example.com\n`, "http://app.example.com"],
  ] as const) {
    it.configure(config);
    const started = await impersonate(it);
    const { cookie } = started;
    const head = ["POST /.guise/stop", ...INSIDE, `Origin: ${origin}`, ...ALICE, cookie];
    const stopped = await ask(head, form(started));
    t.match([stopped.status, cookieValue(stopped.setCookies, "guise")], [303, ""], origin);
  }
  t.same(await it.impersonations.list(), []);
});

t.test("it takes no user id: only the impersonation of the cookie ends", async (t) => {
  const it = await testServices(t);
  const ask = await openConsole(t, it);
  const mine = await impersonate(it);
  const other = await impersonate(it, { agent: { id: "bob", name: null, email: null, groups: ["support"] } });
  await ask([...POST, ...ALICE, mine.cookie], {
    ...form(mine),
    user: "bob",
    id: other.impersonation.id,
  });
  t.same(
    (await it.impersonations.list()).map((one) => one.id),
    [other.impersonation.id],
  );
});

t.test("the page with the button works without a script, and without an impersonation", async (t) => {
  const it = await testServices(t);
  const ask = await openConsole(t, it);
  const started = await impersonate(it);
  const { cookie, secret } = started;
  const page = await ask(["GET /.guise/stop", ...CLICK, ...ALICE, cookie]);
  t.equal(page.status, 200);
  t.match(page.body, '<form method="post" action="/.guise/stop">');
  t.notMatch(page.body, secret);
  t.match((await ask(["GET /.guise/stop", ...CLICK, ...BOB])).body, /You are yourself/);
  it.breakDown(["identity", "store", "users"]);
  t.equal((await ask(["GET /.guise/stop", ...CLICK, cookie])).status, 200);
  t.equal((await it.impersonations.list().catch(() => null)) === null, true, "looking at it asks nobody");
});

t.test("what was mirrored for scripts is taken back", async (t) => {
  const it = await testServices(t);
  const ask = await openConsole(t, it);
  const started = await impersonate(it, { ownCookies: "csrf=agent" });
  const { secret, impersonation } = started;
  const scope = {
    host: "app.example.com",
    path: "/",
    secure: false,
    now: it.clock.now(),
    reserved: [],
    crossSite: false,
  };
  await it.impersonations.receive(
    impersonation.id,
    ["csrf=nuno; Path=/", "only=nuno; Path=/"],
    scope,
    "csrf=agent",
  );
  const stopped = await ask(
    [...POST, ...ALICE, `Cookie: csrf=nuno; only=nuno; guise=${secret}`],
    form(started),
  );
  t.equal(cookieValue(stopped.setCookies, "csrf"), "agent");
  t.equal(cookieValue(stopped.setCookies, "only"), "");
});

/** Alice's `csrf` is covered by the customer's. */
async function covered(it: TestServices) {
  const started = await impersonate(it, { ownCookies: "csrf=agent" });
  const scope = { host: "app.example.com", path: "/", secure: false, now: it.clock.now() };
  await it.impersonations.receive(started.impersonation.id, ["csrf=nuno; Path=/"], scope, "csrf=agent");
  return started;
}

t.test(
  "with the store down it takes back what was mirrored also where the end was stored before",
  async (t) => {
    const it = await testServices(t);
    const ask = await openConsole(t, it);
    const started = await covered(it);
    const { secret, impersonation } = started;
    await it.impersonations.close(impersonation.id, "ended-revoked");
    it.clock.pass(2_000);
    it.breakDown(["store"]);
    const head = [...POST, ...ALICE, `Cookie: guise=${secret}; csrf=nuno`];
    const stopped = await ask(head, form(started));
    t.same(
      [stopped.status, cookieValue(stopped.setCookies, "guise"), cookieValue(stopped.setCookies, "csrf")],
      [303, "", "agent"],
    );
  },
);

t.test("the morning after, without a record, it still puts back what was the agent's own", async (t) => {
  const it = await testServices(t);
  const ask = await openConsole(t, it);
  const started = await covered(it);
  const { secret, impersonation, cookie } = started;
  it.clock.pass(3_600_000);
  await it.impersonations.close(impersonation.id, "ended-expired");
  it.clock.pass(14 * 3_600_000);
  await it.impersonations.check();
  t.equal((await it.impersonations.recall(secret)).kind, "lost");
  const stopped = await ask([...POST, ...ALICE, cookie], form(started));
  t.same(
    [stopped.status, cookieValue(stopped.setCookies, "guise"), cookieValue(stopped.setCookies, "csrf")],
    [303, "", "agent"],
  );
});

t.test("a gateway that can know nothing takes out what was announced as the customer's", async (t) => {
  const it = await testServices(t, `${YAML}page: { scriptCookies: ["cart_*"] }\n`);
  const ask = await openConsole(t, it);
  it.breakDown(["store"]);
  const secret = "A".repeat(43);
  const head = [...POST, ...ALICE, `Cookie: guise=${secret}; csrf=nuno; cart_1=nuno`];
  const stopped = await ask(head, {});
  t.equal(stopped.status, 303);
  t.same(forThisHost(stopped.setCookies), [
    "guise=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax; Priority=High",
    "cart_1=; Path=/; Max-Age=0",
  ]);
});

t.test("cache and storage stay where the config says so", async (t) => {
  const it = await testServices(t, `${YAML}page: { clearSiteData: false }\n`);
  const ask = await openConsole(t, it);
  const started = await impersonate(it);
  const { cookie } = started;
  t.equal((await ask([...POST, ...ALICE, cookie], form(started))).header("clear-site-data"), null);
});

t.test("over https it is the cookie with the browser's promise that goes", async (t) => {
  const it = await testServices(t);
  const ask = await openConsole(t, it);
  const started = await impersonate(it);
  const { secret } = started;
  const head = [
    "POST /.guise/stop",
    ...INSIDE,
    "Origin: https://app.example.com",
    ...ALICE,
    `Cookie: __Host-guise=${secret}`,
  ];
  const stopped = await ask(head, form(started), { encrypted: true });
  t.equal(
    stopped.setCookies[0],
    "__Host-guise=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax; Secure; Priority=High",
  );
});

t.test("a fault of the console under an impersonation has the way to Stop on its page", async (t) => {
  const it = await testServices(t);
  const ask = await openConsole(t, it);
  const { cookie } = await impersonate(it);
  it.breakDown(["identity"]);
  const link = /href="\/\.guise\/stop"/;
  const started = await ask(["GET /.guise/start", ...INSIDE, ...ALICE, cookie]);
  t.match([started.status, started.body], [503, link]);
  const bare = await ask(["GET /.guise/start", ...INSIDE, ...ALICE]);
  t.equal(bare.status, 503);
  t.notMatch(bare.body, link);
});

t.test("with nothing but the mark of 0.1.0 what the agent has on this host ends, on record", async (t) => {
  const it = await testServices(t);
  const ask = await openConsole(t, it);
  const { impersonation } = await impersonate(it);
  const press = async (who: readonly string[], host = "app.example.com") =>
    await ask(
      [
        `POST /.guise/stop`,
        ...INSIDE,
        `Host: ${host}`,
        `Origin: https://${host}`,
        ...who,
        "Cookie: __Host-guise-worn=1",
      ],
      {},
      { encrypted: true },
    );
  for (const [who, host] of [
    [BOB, "app.example.com"],
    [[], "app.example.com"],
  ] as const) {
    t.equal((await press(who, host)).status, 303);
    t.match(await it.impersonations.list(), [{ id: impersonation.id }], "another person's goes on");
  }
  const stopped = await press(ALICE);
  t.equal(stopped.status, 303);
  t.equal(cookieValue(stopped.setCookies, "__Host-guise-worn"), "");
  t.same(await it.impersonations.list(), []);
  t.match(it.events, [
    { action: "impersonation.ended", detail: "ended-by-agent", trueUser: { id: "alice" } },
  ]);
  it.breakDown(["store"]);
  t.equal((await press(ALICE)).status, 303, "a store that is down keeps nobody in");
});
