import { writeFileSync } from "node:fs";
import t from "tap";
import { raw } from "../fixtures/client/raw.ts";
import { type Shown, tab } from "../fixtures/client/tab.ts";
import { recordsOf } from "../fixtures/gateway/front.ts";
import { configOf, oidcSite } from "../fixtures/gateway/oidc-site.ts";
import { headingIn, hiddenIn, valueIn } from "../fixtures/html.ts";

const heading = ({ body }: Shown) => headingIn(body) || body;

t.test(
  "an agent opens a page of ours, signs in with the provider, and comes back to that page",
  async (t) => {
    const it = await oidcSite(t);
    const browser = tab();
    const shown = await browser.open(it.at("/.guise/start?q=Nuno"));
    t.equal(shown.status, 200);
    t.equal(shown.url, it.at("/.guise/start?q=Nuno"));
    t.match(shown.body, /You are <bdi>Alice Example<\/bdi>/);
    t.equal(it.idp.logins, 1);
    const page = await browser.open(it.at("/site/1/overview"));
    t.equal(heading(page), "17 at /site/1/overview");
    const cookies = it.app.requests.map(({ headers }) => headers.cookie ?? "");
    t.same(cookies, [""], "the app sees none of our cookies");
    t.match(recordsOf(it.front.data, "impersonation.started"), [
      { user: { id: "alice", effective: { id: "17" } } },
    ]);
  },
);

t.test("customers are never sent to sign in, and the provider never hears of them", async (t) => {
  const it = await oidcSite(t);
  const customer = tab();
  for (const path of ["/", "/site/1/overview", "/site/2", "/nowhere"]) {
    const shown = await customer.open(it.at(path));
    t.same([shown.status, heading(shown)], [200, `a guest at ${path}`]);
    t.same(shown.hops, [it.at(path)]);
    t.notOk(shown.headers["set-cookie"]);
  }
  for (const body of [
    "GET /site/1 HTTP/1.1\r\nHost: x\r\n\r\n",
    "POST /site/1 HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi",
  ]) {
    const line = await raw(t, it.front.port);
    line.send(body);
    await it.app.seen(it.app.requests.length + 1);
  }
  t.same(it.idp.requests, []);
});

t.test("own traffic notices nothing of a provider that is down; an agent is told, on a page", async (t) => {
  const it = await oidcSite(t);
  const agent = tab();
  await agent.open(it.at("/.guise/start"));
  it.idp.down(true);
  const asked = it.idp.requests.length;
  const shown = await tab().open(it.at("/site/1"));
  t.same([shown.status, heading(shown)], [200, "a guest at /site/1"]);
  t.equal(it.idp.requests.length, asked);
  t.equal(heading(await agent.open(it.at("/site/1"))), "17 at /site/1", "who is signed in goes on");
  // What the provider says of itself is known already; who comes back from it can't be asked about.
  const begun = await tab().ask(it.at("/.guise/start"));
  t.equal(begun.status, 303);
});

t.test("where the provider can't be found at all, a page of ours says so, and the app goes on", async (t) => {
  const it = await oidcSite(t);
  it.idp.down(true);
  const agent = tab();
  const shown = await agent.open(it.at("/.guise/start"));
  t.equal(shown.status, 503);
  t.match(shown.body, /identity-unavailable/);
  t.equal(heading(await agent.open(it.at("/site/1"))), "a guest at /site/1");
});

t.test(
  "a browser that was an agent's is asked to sign in on a customer's page, and nobody else's",
  async (t) => {
    const it = await oidcSite(t);
    const browser = tab();
    await browser.open(it.at("/.guise/start"));
    // The sign-in is over; what says that the browser is an agent's is still there.
    await browser.jar.setCookie("guise-sign-in=; Max-Age=0; Path=/", it.at("/"));
    const own = await browser.open(it.at("/mine"));
    t.same([heading(own), own.hops.length], ["a guest at /mine", 1], "a page of nobody's asks for nothing");
    const script = await browser.ask(it.at("/site/1"), {
      headers: { "sec-fetch-dest": "empty", "sec-fetch-mode": "cors" },
    });
    t.equal(script.status, 200, "nor does a script");
    const ahead = await browser.ask(it.at("/site/1"), { headers: { "sec-purpose": "prefetch" } });
    t.equal(ahead.status, 200, "nor what is fetched ahead");
    const shown = await browser.open(it.at("/site/1/x?y=z"));
    t.equal(heading(shown), "17 at /site/1/x?y=z");
    t.ok(shown.hops.some((hop) => hop.startsWith(it.idp.issuer)));
  },
);

t.test("an agent who loses the group is the customer no more, within `refresh`", async (t) => {
  const it = await oidcSite(t, { oidc: ", session: { refresh: 1s }" });
  const browser = tab();
  await browser.open(it.at("/.guise/start"));
  t.equal(heading(await browser.open(it.at("/site/1"))), "17 at /site/1");
  it.idp.people.set("alice", { name: "Alice Example", groups: [] });
  for (;;) {
    const shown = await browser.open(it.at("/site/1"));
    if (shown.status === 200) continue;
    t.equal(shown.status, 409);
    t.match(shown.body, /ended-agent-lost-right/);
    break;
  }
  t.match(recordsOf(it.front.data, "impersonation.ended"), [{ user: { id: "alice" } }]);
});

t.test("who signs out stops, in every browser, and is signed out at the provider", async (t) => {
  const it = await oidcSite(t);
  const [first, second] = [tab(), tab()];
  for (const [browser, site] of [
    [first, "1"],
    [second, "2"],
  ] as const) {
    await browser.open(it.at("/.guise/start"));
    await browser.open(it.at(`/site/${site}`));
  }
  const question = await first.open(it.at("/.guise/oidc/logout"));
  t.equal(heading(question), "Sign out?");
  const forged = await first.send(it.at("/.guise/oidc/logout"), { _csrf: "x" });
  t.equal(forged.status, 403, "no other page signs anybody out");
  const out = await first.send(it.at("/.guise/oidc/logout"), hiddenIn(question.body));
  t.equal(heading(out), "You are signed out");
  const end = String(out.headers.refresh).replace(/^0; url=/, "");
  t.ok(end.startsWith(`${it.idp.issuer}/session/end?`));
  t.ok(new URL(end).searchParams.get("id_token_hint"));
  t.match(
    recordsOf(it.front.data, "impersonation.ended")
      .map(({ user }) => user?.effective?.id)
      .sort(),
    ["17", "23"],
  );
  const left = await first.jar.getCookies(it.at("/"));
  t.same(
    left.map(({ key }) => key).filter((key) => /guise(?:-sign-in|_agent)?$/.test(key)),
    [],
  );
  const there = await first.open(end);
  const back = await first.send(new URL("/session/end/confirm", it.idp.issuer).href, {
    ...hiddenIn(there.body),
    logout: "yes",
  });
  t.equal(back.url.split("?")[0], it.at("/.guise/oidc/signed-out"));
  const logins = it.idp.logins;
  await first.open(it.at("/.guise/start"));
  t.equal(it.idp.logins, logins + 1, "the provider asks anew");
});

t.test("the provider's back channel ends sign-ins and impersonations", async (t) => {
  const it = await oidcSite(t);
  const browser = tab();
  await browser.open(it.at("/.guise/start"));
  await browser.open(it.at("/site/1"));
  // Somebody signs out at the provider itself, or by way of another app of the company's.
  const there = await browser.open(`${it.idp.issuer}/session/end`);
  await browser.send(new URL("/session/end/confirm", it.idp.issuer).href, {
    ...hiddenIn(there.body),
    logout: "yes",
  });
  t.match(recordsOf(it.front.data, "impersonation.ended"), [
    { user: { id: "alice", effective: { id: "17" } }, guise: {} },
  ]);
  let shown = await browser.open(it.at("/site/1/x"));
  // What a gateway read of a sign-in counts for a second at the most.
  while (shown.status === 409) shown = await browser.open(it.at("/site/1/x"));
  t.equal(shown.status, 401);
  t.match(shown.body, /signed-out/);
  t.match(shown.body, /oidc\/login\?to=%2Fsite%2F1%2Fx/, "with the way to sign in");
});

t.test("a step up to write asks for another sign-in, and leads back to the question", async (t) => {
  const it = await oidcSite(t, {
    oidc: ", stepUp: { acr: [phr], maxAge: 10m }",
    grant: "elevate: { for: 10m, stepUp: true }",
  });
  const browser = tab();
  it.idp.acr = "pwd";
  await browser.open(it.at("/.guise/start"));
  await browser.open(it.at("/site/1"));
  const refused = await browser.open(it.at("/.guise/elevate?to=/site/1"));
  t.equal(refused.status, 403);
  t.match(refused.body, /step-up-required/);
  const again = valueIn(refused.body, 'a[href*="oidc/login"]', "href");
  it.idp.acr = "phr";
  const asked = await browser.open(it.at(again));
  t.equal(heading(asked), "Change things as Nuno?");
  const done = await browser.send(it.at("/.guise/elevate"), hiddenIn(asked.body));
  t.equal(heading(done), "17 at /site/1");
  t.equal(recordsOf(it.front.data, "impersonation.elevated").length, 1);
});

t.test("the form of a step up that was seen before the time ran out counts no more", async (t) => {
  const it = await oidcSite(t, {
    oidc: ", stepUp: { acr: [phr], maxAge: 10m }",
    grant: "elevate: { for: 10m, stepUp: true }",
  });
  const browser = tab();
  it.idp.acr = "phr";
  await browser.open(it.at("/.guise/oidc/login?step-up=1&to=/.guise/start"));
  await browser.open(it.at("/site/1"));
  const asked = await browser.open(it.at("/.guise/elevate?to=/site/1"));
  it.idp.acr = "pwd";
  const other = await browser.open(it.at("/.guise/oidc/login?to=/.guise/start"));
  t.equal(other.status, 200);
  // The provider knows alice by what she showed at first; a sign-in of less is made by a new session there.
  for (const { key } of await browser.jar.getCookies(it.idp.issuer))
    await browser.jar.setCookie(`${key}=; Max-Age=0; Path=/`, it.idp.issuer);
  await browser.open(it.at("/.guise/oidc/login?to=/.guise/start"));
  const sent = await browser.send(it.at("/.guise/elevate"), hiddenIn(asked.body));
  t.equal(sent.status, 403);
  t.match(sent.body, /step-up-required/);
  t.same(recordsOf(it.front.data, "impersonation.elevated"), []);
});

t.test(
  "a start that needs a step up is refused until the agent has signed in again, by link and by form",
  async (t) => {
    const it = await oidcSite(t, {
      oidc: ", stepUp: { acr: [phr] }",
      grant: "start: { by: auto, stepUp: true }",
    });
    const browser = tab();
    await browser.open(it.at("/.guise/start"));
    const refused = await browser.open(it.at("/site/1/x"));
    t.equal(refused.status, 403);
    t.match(refused.body, /step-up-required/);
    t.match((await browser.open(it.at("/.guise/as/17?to=/site/1/x"))).body, /step-up-required/);
    t.same(recordsOf(it.front.data, "impersonation.started"), []);
    it.idp.acr = "phr";
    const again = valueIn(refused.body, 'a[href*="oidc/login"]', "href");
    const shown = await browser.open(it.at(again));
    t.equal(heading(shown), "17 at /site/1/x");
  },
);

t.test("two tabs sign in side by side", async (t) => {
  const it = await oidcSite(t);
  const browser = tab();
  const [one, other] = [tab(browser.jar), tab(browser.jar)];
  const first = await one.ask(it.at("/.guise/oidc/login?to=/.guise/start"));
  const second = await other.ask(it.at("/.guise/oidc/login?to=/site/1"));
  const shown = await other.open(second.headers.location ?? "");
  t.equal(heading(shown), "17 at /site/1");
  t.equal((await one.open(first.headers.location ?? "")).url, it.at("/.guise/start"));
});

t.test("a sign-in survives a restart, and a config that names another provider ends it", async (t) => {
  const it = await oidcSite(t);
  const browser = tab();
  await browser.open(it.at("/.guise/start"));
  const yaml = configOf(it.app.url, "http://127.0.0.1:1", {});
  writeFileSync(it.front.config, yaml);
  await it.front.gateway.reload();
  const shown = await browser.open(it.at("/.guise/start"));
  t.equal(shown.status, 503, "the other provider can't be found, and nobody is known by the one before");
  writeFileSync(it.front.config, configOf(it.app.url, it.idp.issuer, {}));
  await it.front.gateway.reload();
  t.equal((await browser.open(it.at("/.guise/start"))).status, 200);
});

t.test("what an entry asks of the sources, and two providers, are problems of the config", async (t) => {
  const { loadText } = await import("../fixtures/gateway/config.ts");
  const oidc = "oidc: { issuer: https://idp.example.com, clientId: guise }";
  const said = (yaml: string) => {
    const loaded = loadText(`upstream: http://127.0.0.1:1\n${yaml}`);
    return loaded.kind === "loaded" ? [] : loaded.problems.map(({ path, message }) => `${path}: ${message}`);
  };
  const agents =
    "agents: [{ groups: [a], mayBe: {}, elevate: { for: 10m, stepUp: true }, start: { by: ask, stepUp: true } }]";
  t.match(said(`identity: [{ ${oidc} }]\n${agents}`), [
    /elevate.stepUp: asks for what no identity source/,
    /start.stepUp/,
  ]);
  t.same(said(`identity: [{ ${oidc.replace(" }", ", stepUp: {} }")} }]\n${agents}`), []);
  t.match(said(`identity: [{ ${oidc} }, { ${oidc} }]`), [/identity\[1\]: is the second `oidc`/]);
});
