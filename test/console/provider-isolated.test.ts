import t from "tap";
import { type Shown, type Tab, tab } from "../fixtures/client/tab.ts";
import { APART, type ProviderSite, providerSite } from "../fixtures/gateway/provider-site.ts";
import { recorded } from "../fixtures/gateway/signed-in-front.ts";
import { headingIn } from "../fixtures/html.ts";

const heading = ({ body }: Shown) => headingIn(body) || body;
const BACK_CHANNEL = (app: string) => `, backChannel: "${app}/oidc/signed-out"`;

/** Alice is signed in to the gateway and to the app, on the app's own host. */
async function agentOf(it: ProviderSite): Promise<Tab> {
  it.idp.signsIn = "alice";
  const agent = tab();
  const own = await agent.open(it.at("/.guise/oidc/login?to=/mine"));
  if (heading(own) !== "alice (Alice Example) at /mine") throw new Error(own.hops.join("\n"));
  return agent;
}

const sessionAt = async ({ jar }: Tab, address: string) =>
  (await jar.getCookies(address)).find(({ key }) => key === "app_session")?.value;

t.test("on a host of its own the app signs the customer in, and the agent stays who they are", async (t) => {
  const it = await providerSite(t, APART, BACK_CHANNEL);
  it.idp.signsIn = "17";
  const customer = tab();
  await customer.open(it.at("/site/1"));
  const agent = await agentOf(it);
  const mine = await sessionAt(agent, it.at("/"));
  const before = it.app.requests.length;

  const nuno = await agent.open(it.at("/site/1/x"));
  const label = new URL(nuno.url).origin;
  t.match(label, /^http:\/\/[a-z2-7]{32}\.view\.localhost:/);
  t.equal(heading(nuno), "17 (Nuno Almeida) at /site/1/x", nuno.hops.join("\n"));
  t.match(nuno.body, /guise-banner/);
  t.match(it.app.claims.at(-1), { sub: "17", act: { sub: "alice" } });
  t.match(nuno.hops.at(-2), `${label}/oidc/back?`, "the code's way back leads to that host");
  t.equal(await sessionAt(agent, label), undefined, "the customer's session is in no browser");

  const mia = await agent.open(it.at("/site/2"));
  t.match(mia.body, /<h1>23 \(Mia\) at \/site\/2/, "another customer, beside them");
  t.equal(heading(await agent.open(`${label}/site/1/y`)), "17 (Nuno Almeida) at /site/1/y");
  const asCustomers = it.app.requests.slice(before).filter(({ url }) => /^\/(?:site|oidc\/back)/.test(url));
  t.ok(asCustomers.length >= 5);
  t.notMatch(asCustomers.map(({ cookie }) => cookie).join("\n"), String(mine), "none has the agent's cookie");
  t.equal(heading(await agent.open(it.at("/mine"))), "alice (Alice Example) at /mine");
  t.same(it.app.sessions().toSorted(), ["17", "17", "23", "alice"]);

  await agent.send(`${label}/.guise/stop`, {});
  await recorded(it.front.data, "sign-in.ended");
  t.same(it.app.sessions().toSorted(), ["17", "23", "alice"], "the one that is over has none left");
  t.equal((await agent.ask(`${label}/site/1`)).status, 410);
  t.match((await agent.open(`${new URL(mia.url).origin}/site/2/z`)).body, /<h1>23 /, "the other goes on");
  t.equal(await sessionAt(agent, it.at("/")), mine, "the agent's own session is untouched");
  t.equal(heading(await customer.open(it.at("/site/1"))), "17 (Nuno Almeida) at /site/1");
  t.equal(it.idp.logins, 2, "each of them signed in once with the company's provider");
});

t.test(
  "an agent who comes from the console signs in there and on the app's host, and nowhere as another",
  async (t) => {
    const it = await providerSite(t, APART);
    it.idp.signsIn = "alice";
    const agent = tab();
    const open = `http://guise.localhost:${it.front.port}/.guise/open?url=${encodeURIComponent(it.at("/site/1/x"))}`;
    const shown = await agent.open(open);
    t.match(new URL(shown.url).hostname, /\.view\.localhost$/, shown.hops.join("\n"));
    t.equal(heading(shown), "17 (Nuno Almeida) at /site/1/x");
    t.match(it.app.claims, [{ sub: "17", act: { sub: "alice" } }]);
    t.same(it.app.sessions(), ["17"], "the agent has no account in the app");
  },
);

async function handleOn(it: ProviderSite, agent: Tab, site: string): Promise<{ to: string; label: string }> {
  const first = await agent.ask(it.at(site));
  const label = new URL(first.headers.location ?? "").origin;
  let shown = first;
  while (new URL(shown.headers.location ?? "", shown.url).pathname !== "/.guise/op/auth")
    shown = await agent.ask(new URL(shown.headers.location ?? "", shown.url).href);
  return { to: shown.headers.location ?? "", label };
}

t.test(
  "a handle of one impersonation's host is of no use for another's, and neither is its code",
  async (t) => {
    const it = await providerSite(t, APART);
    const agent = await agentOf(it);
    const [nuno, mia] = [await handleOn(it, agent, "/site/1"), await handleOn(it, agent, "/site/2")];
    const swapped = new URL(nuno.to);
    swapped.searchParams.set("guise_handle", new URL(mia.to).searchParams.get("guise_handle") ?? "");
    t.equal((await agent.ask(swapped.href)).status, 409);
    const back = (await agent.ask(nuno.to)).headers.location ?? "";
    t.match(back, `${nuno.label}/oidc/back?`);
    const other = back.replace(nuno.label, mia.label);
    t.match(await agent.ask(other), { status: 409, body: /account-linking/ }, "Nuno's code on Mia's host");
    t.equal(it.app.claims.filter(({ sub }) => sub !== "alice").length, 0);
    t.equal((await agent.ask(back)).status, 302, "on its own host it counts");
  },
);
