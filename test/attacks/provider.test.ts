import t, { type Test } from "tap";
import { APP } from "../fixtures/apps/oidc-app.ts";
import { type Shown, type Tab, tab } from "../fixtures/client/tab.ts";
import { recordsOf } from "../fixtures/gateway/front.ts";
import { APART, type ProviderSite, providerSite } from "../fixtures/gateway/provider-site.ts";
import { headingIn } from "../fixtures/html.ts";

const heading = ({ body }: Shown) => headingIn(body) || body;
const BASIC = `Basic ${Buffer.from(`${APP.id}:${APP.secret}`).toString("base64")}`;

/** An agent who opens a customer's page is about to follow this to our provider, with a handle. */
async function sentToUs(it: ProviderSite, agent: Tab, path = "/site/1"): Promise<URL> {
  const shown = await agent.ask(it.at(path));
  const to = new URL(shown.headers.location ?? "", it.at("/"));
  if (to.pathname !== "/.guise/op/auth") throw new Error(`it leads to ${to.href}`);
  return to;
}

async function agentOf(it: ProviderSite): Promise<Tab> {
  const agent = tab();
  await agent.open(it.at("/.guise/start"));
  return agent;
}

const changed = (url: URL, fields: Readonly<Record<string, string | null>>): string => {
  const other = new URL(url);
  for (const [name, value] of Object.entries(fields))
    if (value === null) other.searchParams.delete(name);
    else other.searchParams.set(name, value);
  return other.href;
};

async function redeem(it: ProviderSite, fields: Readonly<Record<string, string>>, authorization = BASIC) {
  const answer = await fetch(`${it.issuer}/token`, {
    method: "POST",
    headers: { "content-type": "application/x-www-form-urlencoded", authorization },
    body: new URLSearchParams({ grant_type: "authorization_code", ...fields }).toString(),
  });
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
}

t.test(
  "OP-01: nobody is signed in as who is viewed by a request that no answer of theirs has sent",
  async (t) => {
    const it = await providerSite(t);
    const agent = await agentOf(it);
    const good = await sentToUs(it, agent);
    const other = await agentOf(it);
    const foreign = await sentToUs(it, other, "/site/2");
    const bare = changed(good, { guise_handle: null });
    for (const [what, address] of Object.entries({
      "without a handle": bare,
      "with one that was made up": changed(good, { guise_handle: "x".repeat(43) }),
      "with another impersonation's, for another state": changed(good, {
        guise_handle: foreign.searchParams.get("guise_handle"),
      }),
      "for another redirect address": changed(good, { redirect_uri: `${it.front.url}/elsewhere` }),
    })) {
      const shown = await agent.ask(address);
      t.equal(shown.status, 409, what);
      t.match(shown.body, /account-linking/, what);
      t.notOk(shown.headers.location, what);
    }
    t.match(recordsOf(it.front.data, "impersonation.denied"), [
      { user: { id: "alice", effective: { id: "17" } } },
    ]);
    t.same(it.app.claims, []);
  },
);

t.test("OP-02: a handle is for one request of one app, by one agent, once", async (t) => {
  const it = await providerSite(t);
  for (const fields of [
    { state: "another" },
    { nonce: "another" },
    { scope: "openid groups" },
    { client_id: "another" },
    { code_challenge: "x".repeat(43) },
    { code_challenge: null, code_challenge_method: null },
    { prompt: "none" },
  ]) {
    const agent = await agentOf(it);
    const shown = await agent.ask(changed(await sentToUs(it, agent), fields));
    t.equal(shown.status, 409, JSON.stringify(fields));
  }
  const agent = await agentOf(it);
  const good = await sentToUs(it, agent);
  it.idp.signsIn = "bob";
  const bob = await agentOf(it);
  t.equal((await bob.ask(good.href)).status, 409, "another agent");
  t.equal((await agent.ask(good.href)).status, 409, "and so it is used up");
  it.idp.signsIn = "alice";
  const again = await agentOf(it);
  const twice = await sentToUs(it, again);
  const answers = await Promise.all([1, 2, 3].map(() => tab(again.jar).ask(twice.href)));
  t.equal(answers.filter(({ status }) => status === 303).length, 1, "of several at once one counts");
  const over = await agentOf(it);
  const late = await sentToUs(it, over);
  await over.send(it.at("/.guise/stop"), {});
  t.equal((await over.ask(late.href)).status, 409, "after the end none");
});

t.test("OP-03: an app that asks for more, or in another way, gets nothing of who is viewed", async (t) => {
  for (const asks of [
    { response_type: "code id_token" },
    { response_mode: "form_post" },
    { redirect_uri: "http://evil.test/back" },
    { scope: "profile" },
    { request: "a.b.c" },
    { claims: '{"id_token":{"email":{"essential":true}}}' },
    { code_challenge_method: "plain" },
  ]) {
    const it = await providerSite(t);
    it.app.asks = asks;
    const agent = await agentOf(it);
    const shown = await agent.ask((await sentToUs(it, agent)).href);
    t.equal(shown.status, 409, JSON.stringify(asks));
    t.notOk(shown.headers.location);
  }
});

async function codeOf(it: ProviderSite, agent: Tab): Promise<{ code: string; asked: URLSearchParams }> {
  const asked = await sentToUs(it, agent);
  const back = await agent.ask(asked.href);
  return {
    code: new URL(back.headers.location ?? "").searchParams.get("code") ?? "",
    asked: asked.searchParams,
  };
}

t.test(
  "OP-04: a code is of use to its app alone, once, with its secret, redirect address and verifier",
  async (t) => {
    const it = await providerSite(t);
    const redirect_uri = `${it.front.url}/oidc/back`;
    const code_verifier = "v".repeat(43);
    const refusals = async (t: Test, fields: Record<string, string>, status: number, by = BASIC) => {
      const { code } = await codeOf(it, await agentOf(it));
      const answer = await redeem(it, { code, redirect_uri, code_verifier, ...fields }, by);
      t.same([answer.status, "access_token" in answer.body], [status, false], JSON.stringify(fields));
    };
    await refusals(t, {}, 400);
    await refusals(t, { redirect_uri: `${it.front.url}/other` }, 400);
    await refusals(t, { code: "x".repeat(43) }, 400);
    await refusals(t, {}, 401, `Basic ${Buffer.from(`${APP.id}:wrong`).toString("base64")}`);
    await refusals(t, {}, 401, `Basic ${Buffer.from(`other:${APP.secret}`).toString("base64")}`);
    await refusals(t, {}, 400, "");
    const agent = await agentOf(it);
    const asked = await sentToUs(it, agent);
    const back = (await agent.ask(asked.href)).headers.location ?? "";
    t.equal((await agent.ask(back)).status, 302, "the app redeems it");
    const code = new URL(back).searchParams.get("code") ?? "";
    const replayed = await redeem(it, { code, redirect_uri, code_verifier });
    t.equal(replayed.status, 400, "nobody does after that");
  },
);

t.test("OP-05: an agent's code and a customer's never change places", async (t) => {
  const it = await providerSite(t);
  const agent = await agentOf(it);
  await agent.open(it.at("/mine"));
  t.equal(it.app.claims.at(-1)?.sub, "alice");
  // The customer's page asks to be tied to another account, whatever it is called.
  await agent.open(it.at("/site/1"));
  t.match(it.app.claims.at(-1), { sub: "17", act: { sub: "alice" } });
  const link = await agent.open(it.at("/link"));
  t.match(it.app.claims.at(-1), { sub: "17", act: { sub: "alice" } }, "to none but their own");
  t.match(heading(link), /^17 /);
  const direct = new URL(`${it.issuer}/auth`);
  direct.search = new URLSearchParams({
    client_id: APP.id,
    redirect_uri: `${it.front.url}/oidc/back`,
    response_type: "code",
    scope: "openid",
    state: "s",
  }).toString();
  t.equal(
    (await agent.ask(direct.href)).status,
    409,
    "a script of the customer's page can't fetch the agent's",
  );
  await agent.send(it.at("/.guise/stop"), {});
  const own = await agent.ask(direct.href);
  t.ok(own.status < 400, "after Stop the agent is who asks");
});

t.test("OP-06: the broker is bound to one browser and one request, as every sign-in", async (t) => {
  const it = await providerSite(t);
  const [mallory, victim] = [tab(), tab()];
  it.idp.signsIn = "bob";
  let shown = await mallory.ask(it.at("/mine"));
  while (new URL(shown.headers.location ?? "", shown.url).pathname !== "/.guise/op/callback")
    shown = await mallory.ask(new URL(shown.headers.location ?? "", shown.url).href);
  const pushed = shown.headers.location ?? "";
  t.equal((await victim.ask(pushed)).status, 403, "pushed onto another browser");
  t.equal((await mallory.ask(pushed.replace("code=", "code=x"))).status, 403, "with another code");
  t.equal((await mallory.ask(pushed)).status, 403, "and an attempt counts once");
  const login = shown.hops.find((hop) => hop.includes("/op/login/")) ?? it.at("/.guise/op/login/nothing");
  t.ok((await victim.ask(login)).status >= 400, "another's request for a sign-in");
  t.same(it.app.claims, []);
});

t.test("OP-07: on every other host, and by any other name, there is no provider", async (t) => {
  const it = await providerSite(t);
  for (const host of ["evil.test", `127.0.0.1:${it.front.port}`]) {
    const answer = await tab().ask(
      `http://127.0.0.1:${it.front.port}/.guise/op/.well-known/openid-configuration`,
      {
        headers: { host },
      },
    );
    t.equal(answer.status, 404, host);
  }
  const found = await fetch(`${it.issuer}/.well-known/openid-configuration`, {
    headers: { "x-forwarded-host": "evil.test", "x-forwarded-proto": "https" },
  });
  const text = await found.text();
  t.notMatch(text, /evil\.test|https:/);
  t.match(JSON.parse(text), { issuer: it.issuer, token_endpoint: `${it.issuer}/token` });
});

/** What an app would ask for that wants to know who is there. */
function askedBy(it: ProviderSite): string {
  const redirect_uri = `${it.front.url}/oidc/back`;
  const asked = { client_id: APP.id, redirect_uri, response_type: "code", scope: "openid", state: "s" };
  return new URLSearchParams(asked).toString();
}

t.test("OP-08: no other spelling and no other method names the agent while somebody is viewed", async (t) => {
  const it = await providerSite(t);
  const agent = await agentOf(it);
  await agent.open(it.at("/mine"));
  await agent.open(it.at("/site/1"));
  const query = askedBy(it);
  for (const path of ["AUTH", "Auth", "auth/", "%61uth", "/auth", "./auth", "x/../auth", "auth;x", "auth/x"])
    for (const site of ["same-origin", "cross-site"]) {
      const shown = await agent.ask(`${it.issuer}/${path}?${query}`, { site });
      t.ok(shown.status >= 400, `${path}: ${shown.status}`);
      t.notOk(shown.headers.location, path);
    }
  for (const [method, body] of [
    ["POST", query],
    ["HEAD", ""],
  ] as const) {
    const address = method === "HEAD" ? `${it.issuer}/auth?${query}` : `${it.issuer}/auth`;
    const shown = await agent.ask(address, { method, body, site: "same-origin" });
    t.same([shown.status >= 400, shown.headers.location], [true, undefined], method);
  }
  for (const path of ["session/end", "login/x?ticket=y", "callback?code=x&state=y"]) {
    const shown = await agent.ask(`${it.issuer}/${path}`, { site: "same-origin" });
    t.match(shown, { status: 409, body: /account-linking/ }, path);
  }
  const found = await fetch(`${it.issuer}/request`, { method: "POST", headers: { authorization: BASIC } });
  t.equal(found.status, 404, "nothing is asked for beside the address");
  await agent.send(it.at("/.guise/stop"), {});
  t.equal((await agent.ask(`${it.issuer}/auth?${query}`)).status, 303, "after Stop the agent is who asks");
});

t.test("OP-09: a page on an impersonation's host gets nothing of the agent of our provider", async (t) => {
  const it = await providerSite(t, APART);
  const agent = tab();
  await agent.open(it.at("/.guise/oidc/login?to=/mine"));
  const viewed = await agent.open(it.at("/site/1"));
  const label = new URL(viewed.url).origin;
  t.match(label, /view\.localhost/);
  const claims = it.app.claims.length;
  for (const headers of [{ referer: `${label}/` }, { origin: label }]) {
    const shown = await agent.ask(`${it.issuer}/auth?${askedBy(it)}`, { headers });
    t.match(shown, { status: 409, body: /account-linking/ });
  }
  t.match(recordsOf(it.front.data, "impersonation.denied"), [
    { user: { id: "alice", effective: { id: "17" } } },
  ]);
  t.equal((await agent.ask(`${it.issuer}/session/end`, { headers: { referer: `${label}/` } })).status, 409);
  for (const path of ["/.guise/op/auth", "/.guise/op/AUTH"])
    t.notMatch((await agent.ask(`${label}${path}?${askedBy(it)}`)).headers.location ?? "", /code=/, path);
  // Brought along by hand, as if the page had got it.
  const own = await agent.ask(`${it.issuer}/auth?${askedBy(it)}`);
  const brought = await agent.ask(own.headers.location ?? "", { headers: { referer: `${label}/` } });
  t.equal(brought.status, 307, "it is led back to that host");
  t.match(await agent.ask(brought.headers.location ?? ""), { status: 409, body: /account-linking/ });
  t.equal(it.app.claims.length, claims, "and the app hears nothing of it");
});

t.test("OP-10: an agent's code is not redeemed for who is viewed, whenever it was made", async (t) => {
  const it = await providerSite(t);
  const agent = await agentOf(it);
  await agent.open(it.at("/mine"));
  await agent.jar.setCookie("app_session=; Max-Age=0; Path=/", it.at("/"));
  const asks = await agent.ask(it.at("/mine"));
  const code = (await agent.ask(asks.headers.location ?? "")).headers.location ?? "";
  t.match(code, /\/oidc\/back\?code=/);
  await agent.open(it.at("/site/1"));
  const claims = it.app.claims.length;
  for (const address of [
    code,
    code.replace("code=", "c%6Fde="),
    `${code}&code=x`,
    code.replace("/back", "/b%61ck"),
  ])
    t.match(
      await agent.ask(address, { site: "same-origin" }),
      { status: 409, body: /account-linking/ },
      address,
    );
  t.equal(it.app.claims.length, claims);
  t.match(heading(await agent.open(it.at("/site/1"))), /^17 /);
  t.match((await agent.ask(it.at("/?code=of-the-apps-own"), { site: "same-origin" })).body, /17 \(Nuno/);
  await agent.send(it.at("/.guise/stop"), {});
  t.equal((await agent.ask(code)).status, 302, "it is the agent's own, and counts for them");
  t.match(it.app.claims.at(-1), { sub: "alice" });
});
