import t from "tap";
import { app } from "../../src/app.ts";
import { type Shown, type Tab, tab } from "../fixtures/client/tab.ts";
import { type ProviderSite, providerSite } from "../fixtures/gateway/provider-site.ts";
import { recorded } from "../fixtures/gateway/signed-in-front.ts";
import { headingIn } from "../fixtures/html.ts";
import { fakeLog } from "../fixtures/log.ts";

const heading = ({ body }: Shown) => headingIn(body) || body;
const BACK_CHANNEL = (app: string) => `, backChannel: "${app}/oidc/signed-out"`;
const BY_STEPS = () => ", end: [ { get: /logout, expect: { status: [204] } } ]";

/** Nuno has signed in himself, and Alice views him. */
async function viewed(it: ProviderSite): Promise<{ readonly nuno: Tab; readonly alice: Tab }> {
  it.idp.signsIn = "17";
  const nuno = tab();
  await nuno.open(it.at("/site/1"));
  it.idp.signsIn = "alice";
  const alice = tab();
  await alice.open(it.at("/.guise/start"));
  await alice.open(it.at("/site/1/x"));
  return { nuno, alice };
}

async function startedAnew(t: { teardown(fn: () => Promise<void>): void }, it: ProviderSite): Promise<void> {
  const { config, data, port } = it.front;
  const options = { config, data, port, host: "127.0.0.1", adminPort: 0, env: process.env, log: fakeLog() };
  const again = await app(options);
  t.teardown(() => again.close());
}

for (const [how, client] of Object.entries({ "by its back channel": BACK_CHANNEL, "by steps": BY_STEPS }))
  t.test(`after Stop the customer has no session of the impersonation left in the app, ${how}`, async (t) => {
    const it = await providerSite(t, "", client);
    const { nuno, alice } = await viewed(it);
    t.same(it.app.sessions(), ["17", "17"]);
    await alice.send(it.at("/.guise/stop"), {});
    const [ended] = await recorded(it.front.data, "sign-in.ended");
    t.match(ended, { event: { outcome: "success" } });
    t.same(it.app.sessions(), ["17"]);
    t.equal(heading(await nuno.open(it.at("/site/1"))), "17 (Nuno Almeida) at /site/1", "their own goes on");
    t.equal(it.idp.logins, 2);
    t.notOk(
      it.app.signedOut.some((token) => "sub" in token),
      "nobody is named, so no other session ends",
    );
  });

t.test("a switch ends the session of the one, and leaves the other's", async (t) => {
  const it = await providerSite(t, "", BACK_CHANNEL);
  const { alice } = await viewed(it);
  await alice.open(it.at("/site/2"));
  await recorded(it.front.data, "sign-in.ended");
  t.same(it.app.sessions(), ["17", "23"]);
});

t.test("an app that is down at the end is told later, by a gateway that was started anew", async (t) => {
  const it = await providerSite(t, "", BACK_CHANNEL);
  const { alice } = await viewed(it);
  it.app.isDown = true;
  await alice.send(it.at("/.guise/stop"), {});
  await recorded(it.front.data, "impersonation.ended");
  await it.front.close();
  t.same(it.app.sessions(), ["17", "17"]);
  it.app.isDown = false;
  await startedAnew(t, it);
  await recorded(it.front.data, "sign-in.ended");
  t.same(it.app.sessions(), ["17"]);
});

t.test("so is one whose impersonation ran out while no gateway was there", async (t) => {
  const it = await providerSite(t, "", BY_STEPS, "2s");
  await viewed(it);
  await it.front.close();
  t.same(it.app.sessions(), ["17", "17"]);
  await startedAnew(t, it);
  await recorded(it.front.data, "sign-in.ended");
  t.same(it.app.sessions(), ["17"]);
});

t.test("that an app may have a session of the customer's is on record", async (t) => {
  const it = await providerSite(t);
  await viewed(it);
  const [performed] = await recorded(it.front.data, "sign-in.performed");
  t.match(performed, { message: "OpenID Connect, the-app", user: { effective: { id: "17" } } });
});
