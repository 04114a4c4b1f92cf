import { mock } from "node:test";
import { decodeProtectedHeader } from "jose";
import t from "tap";
import { type Shown, tab } from "../fixtures/client/tab.ts";
import { providerSite } from "../fixtures/gateway/provider-site.ts";
import { headingIn } from "../fixtures/html.ts";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const heading = ({ body }: Shown) => headingIn(body) || body;
const CUSTOMER = "17 (Nuno Almeida) at /site/1";

t.test("keys rotate: apps go on signing people in, before, in between and after", async (t) => {
  const began = Date.now();
  mock.timers.enable({ apis: ["Date"], now: began });
  const monotonic = performance.now.bind(performance);
  let passed = 0;
  performance.now = () => monotonic() + passed;
  t.teardown(() => {
    mock.timers.reset();
    performance.now = monotonic;
  });
  const at = (time: number) => {
    mock.timers.setTime(time);
    passed += HOUR;
  };
  const it = await providerSite(t);
  it.idp.signsIn = "17";
  const published = async () =>
    ((await (await fetch(`${it.issuer}/jwks`)).json()) as { keys: { kid: string }[] }).keys.map(
      ({ kid }) => kid,
    );
  const signedWith = () => decodeProtectedHeader(String(it.app.tokens.at(-1)?.id_token)).kid;
  const signsIn = async () => t.equal(heading(await tab().open(it.at("/site/1"))), CUSTOMER);

  await signsIn();
  const first = signedWith();
  t.same(await published(), [first]);

  at(began + 30 * DAY - HOUR / 2);
  await signsIn();
  t.equal(signedWith(), first, "the next key is shown before it signs");
  t.equal((await published()).length, 2);

  at(began + 30 * DAY + HOUR);
  await signsIn();
  const second = signedWith();
  t.not(second, first, "then it signs");
  t.same(await published(), [second, first], "and the one before counts on");
});

t.test("the real provider is down: who is known goes on, nobody else waits or is let in", async (t) => {
  const it = await providerSite(t);
  it.idp.signsIn = "17";
  const customer = tab();
  t.equal(heading(await customer.open(it.at("/site/1"))), CUSTOMER);
  it.idp.signsIn = "alice";
  const alice = tab();
  await alice.open(it.at("/.guise/start"));

  it.idp.down(true);
  const asked = it.idp.requests.length;
  t.equal(heading(await customer.open(it.at("/"))), "17 (Nuno Almeida)", "own traffic knows nothing of it");
  await customer.jar.setCookie("app_session=; Max-Age=0; Path=/", it.at("/"));
  t.equal(heading(await customer.open(it.at("/site/1"))), CUSTOMER, "a session with us signs in to the app");
  const viewed = await alice.open(it.at("/site/1"));
  t.match(viewed.body, /guise-banner/, "an agent goes on, too");
  t.equal(heading(viewed), CUSTOMER);
  t.equal(it.idp.requests.length, asked, "none of them asked it");

  await t.rejects(tab().open(it.at("/site/2")), /hang up/, "who is new is led to it, and gets no further");
  t.equal(heading(await tab().open(it.at("/"))), "a guest");

  it.idp.down(false);
  it.idp.signsIn = "17";
  t.equal(heading(await tab().open(it.at("/site/1"))), CUSTOMER, "and afterwards all is as before");
});
