import t from "tap";
import { app } from "../../src/app.ts";
import { type Shown, tab } from "../fixtures/client/tab.ts";
import { providerSite } from "../fixtures/gateway/provider-site.ts";
import { headingIn } from "../fixtures/html.ts";
import { fakeLog } from "../fixtures/log.ts";

const heading = ({ body }: Shown) => headingIn(body) || body;

t.test("a customer signs in to the app, by way of us, as themselves", async (t) => {
  const it = await providerSite(t);
  it.idp.signsIn = "17";
  const customer = tab();
  const shown = await customer.open(it.at("/site/1/x"));
  t.equal(heading(shown), "17 (Nuno Almeida) at /site/1/x", shown.hops.join("\n"));
  const [claims = {}] = it.app.claims;
  t.match(claims, { iss: it.issuer, sub: "17" });
  t.notOk("act" in claims);
  t.equal(heading(await customer.open(it.at("/"))), "17 (Nuno Almeida)");
  t.same(
    it.app.requests.filter(({ cookie }) =>
      /guise|_session=.*_session|op/.test(cookie.replace("app_session", "")),
    ),
    [],
    "the app sees no cookie of ours",
  );
});

t.test(
  "an agent opens a customer's page: the app signs the customer in, inside the jar, and hears of both",
  async (t) => {
    const it = await providerSite(t);
    const agent = tab();
    await agent.open(it.at("/.guise/start"));
    const own = await agent.open(it.at("/mine"));
    t.equal(heading(own), "alice (Alice Example) at /mine", "the agent's own session in the app");
    const before = (await agent.jar.getCookies(it.at("/"))).find(({ key }) => key === "app_session")?.value;
    const shown = await agent.open(it.at("/site/1/x"));
    t.equal(heading(shown), "17 (Nuno Almeida) at /site/1/x", shown.hops.join("\n"));
    t.match(shown.body, /guise-banner/);
    const claims = it.app.claims.at(-1) ?? {};
    t.match(claims, { sub: "17", act: { sub: "alice", name: "Alice Example" } });
    t.notOk(
      "auth_time" in claims || "acr" in claims || "amr" in claims,
      "nothing says that the customer signed in",
    );
    t.ok(Number(claims.exp) - Number(claims.iat) <= 120);
    t.notOk("refresh_token" in (it.app.tokens.at(-1) ?? {}));
    t.equal(it.idp.logins, 1, "the provider was asked for the agent alone");
    const stopped = await agent.send(it.at("/.guise/stop"), {});
    t.ok(stopped.status < 400);
    t.equal(heading(await agent.open(it.at("/mine"))), "alice (Alice Example) at /mine");
    const after = (await agent.jar.getCookies(it.at("/"))).find(({ key }) => key === "app_session")?.value;
    t.equal(after, before, "and it is the same session as before");
    const sent = it.app.requests.filter(({ cookie }) => cookie.includes(String(before)));
    t.same(
      sent.filter(({ url }) => url.startsWith("/site/1")),
      [],
      "none of it in a request of the customer's",
    );
  },
);

t.test("what the app got of the customer is of no use after the end", async (t) => {
  const it = await providerSite(t);
  const agent = tab();
  await agent.open(it.at("/.guise/start"));
  await agent.open(it.at("/site/1"));
  const access = String(it.app.tokens.at(-1)?.access_token);
  const info = async () => await fetch(`${it.issuer}/me`, { headers: { authorization: `Bearer ${access}` } });
  const good = await info();
  t.match(await good.json(), { sub: "17", act: { sub: "alice" } });
  await agent.send(it.at("/.guise/stop"), {});
  let left = await info();
  while (left.status === 200) left = await info();
  t.equal(left.status, 401);
});

t.test("a customer's session with us survives a restart, and the keys do", async (t) => {
  const it = await providerSite(t);
  it.idp.signsIn = "17";
  const customer = tab();
  await customer.open(it.at("/site/1"));
  const kids = async () =>
    ((await (await fetch(`${it.issuer}/jwks`)).json()) as { keys: { kid: string }[] }).keys.map(
      ({ kid }) => kid,
    );
  const [kid] = await kids();
  await it.front.close();
  const { config, data, port } = it.front;
  const { env } = process;
  const log = fakeLog();
  const again = await app({ config, data, port, host: "127.0.0.1", adminPort: 0, env, log });
  t.teardown(() => again.close());
  t.equal((await kids())[0], kid);
  await customer.jar.setCookie("app_session=; Max-Age=0; Path=/", it.at("/"));
  const shown = await customer.open(it.at("/site/1"));
  t.equal(heading(shown), "17 (Nuno Almeida) at /site/1");
  t.equal(it.idp.logins, 1, "they were not asked again");
});

t.test(
  "what the app wants of the sign-in, and what the provider answers instead, are passed on",
  async (t) => {
    const it = await providerSite(t);
    it.idp.signsIn = "17";
    it.app.asks = { prompt: "login", acr_values: "phr", max_age: "60" };
    const customer = tab();
    const shown = await customer.open(it.at("/site/1"));
    t.equal(shown.status, 200, shown.body);
    const upstream = shown.hops.find((hop) => hop.startsWith(`${it.idp.issuer}/auth?`)) ?? "";
    t.match(Object.fromEntries(new URL(upstream).searchParams), {
      prompt: "login",
      acr_values: "phr",
      max_age: "60",
    });
    it.app.asks = { prompt: "none" };
    const nobody = tab();
    const refused = await nobody.open(it.at("/site/1"));
    t.match(refused.hops.at(-1), /\/oidc\/back\?error=login_required/);
  },
);

t.test("what an app got of a customer counts on when they sign in to it once more", async (t) => {
  const it = await providerSite(t);
  it.idp.signsIn = "17";
  const customer = tab();
  const sees = async (token: unknown) =>
    (await fetch(`${it.issuer}/me`, { headers: { authorization: `Bearer ${String(token)}` } })).status;
  await customer.open(it.at("/site/1"));
  await customer.jar.setCookie("app_session=; Max-Age=0; Path=/", it.at("/"));
  await customer.open(it.at("/site/1"));
  const [first, second] = it.app.tokens;
  t.same([await sees(first?.access_token), await sees(second?.access_token)], [200, 200]);
});
