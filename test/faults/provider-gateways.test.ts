import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { type IncomingMessage, request } from "node:http";
import { join } from "node:path";
import { mock } from "node:test";
import { setImmediate } from "node:timers/promises";
import { decodeProtectedHeader } from "jose";
import t, { type Test } from "tap";
import { app as gatewayApp } from "../../src/app.ts";
import { APP, oidcApp } from "../fixtures/apps/oidc-app.ts";
import { type Shown, tab } from "../fixtures/client/tab.ts";
import { frontFolder, recordsOf } from "../fixtures/gateway/front.ts";
import { APART, providerConfig } from "../fixtures/gateway/provider-site.ts";
import { fakeLog } from "../fixtures/log.ts";
import { balancer } from "../fixtures/servers/balancer.ts";
import { CLIENT, identityProvider } from "../fixtures/servers/identity-provider.ts";
import { redisServer } from "../fixtures/servers/redis.ts";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const [ONE, OTHER] = [0, 1];
const heading = ({ body }: Shown) => /<h1>(.*?)<\/h1>/.exec(body)?.[1] ?? body;
const SHARED = `store: { redis: { url: { fromEnv: FAULTS_STORE } } }
keys: { data: { fromFile: data.key } }
`;

/** Two gateways with one Redis in front of an app whose provider they are. `to` says which of them is asked from then on, by the app too. */
async function pair(t: Test, more: (port: number) => string = () => "") {
  process.env.OIDC_SECRET = CLIENT.secret;
  process.env.APP_SECRET = APP.secret;
  const idp = await identityProvider(t);
  idp.people.set("17", { name: "Nuno Almeida", groups: ["customer"] });
  const app = await oidcApp(t);
  const redis = await redisServer();
  t.teardown(() => redis.stop());
  const ports: number[] = [];
  const front = await balancer(t, ports);
  const port = Number(new URL(front.url).port);
  const backChannel = `, backChannel: "${app.url}/oidc/signed-out"`;
  const yaml = providerConfig(app.url, idp.issuer, port, SHARED + more(port), backChannel);
  const key = randomBytes(32).toString("hex");
  const folders = [ONE, OTHER].map(() => frontFolder(t, yaml));
  const env = { ...process.env, FAULTS_STORE: redis.url };
  for (const { data, config } of folders) {
    writeFileSync(join(data, "data.key"), key);
    const options = { config, data, env, port: 0, host: "127.0.0.1", adminPort: 0, log: fakeLog() };
    const one = await gatewayApp(options);
    t.teardown(() => one.close());
    ports.push(Number(new URL(one.url).port));
  }
  const issuer = `${front.url}/.guise/op`;
  idp.register(front.url, {
    redirect_uris: [`${front.url}/.guise/oidc/callback`, `${issuer}/callback`],
  });
  app.connect(issuer, front.url);
  const at = (path: string) => `${front.url}${path}`;
  const kids = async () =>
    ((await (await fetch(`${issuer}/jwks`)).json()) as { keys: { kid: string }[] }).keys.map(
      ({ kid }) => kid,
    );
  return { idp, app, front, ports, issuer, at, kids, to: front.to, data: folders.map(({ data }) => data) };
}

const lead = ({ headers, url }: Shown) => new URL(headers.location ?? "", url).href;

t.test(
  "a customer's sign-in begun at one gateway goes on at the other, and so does their session",
  async (t) => {
    const it = await pair(t);
    await it.to(ONE);
    const [mine] = await it.kids();
    await it.to(OTHER);
    t.same(await it.kids(), [mine], "both sign with the same key");
    it.idp.signsIn = "17";
    const customer = tab();
    let shown = await customer.ask(it.at("/site/1"));
    // Each step comes to the other one in turn: to us, to the real provider, back, and the app's redemption of the code.
    for (let step = 0; shown.headers.location !== undefined; step += 1) {
      await it.to(step % 2);
      shown = await customer.ask(lead(shown));
    }
    t.equal(heading(shown), "17 (Nuno Almeida) at /site/1");
    await customer.jar.setCookie("app_session=; Max-Age=0; Path=/", it.at("/"));
    await it.to(OTHER);
    t.equal(heading(await customer.open(it.at("/site/1"))), "17 (Nuno Almeida) at /site/1");
    t.equal(it.idp.logins, 1, "who is known at one is known at the other");
  },
);

t.test("of a code that is redeemed at both at once one alone gets something", async (t) => {
  const it = await pair(t);
  it.idp.signsIn = "17";
  const customer = tab();
  await it.to(ONE);
  await customer.open(it.at("/site/1"));
  const redirect_uri = it.at("/oidc/back");
  const asked = { client_id: APP.id, redirect_uri, response_type: "code", scope: "openid", state: "s" };
  const authorization = `Basic ${Buffer.from(`${APP.id}:${APP.secret}`).toString("base64")}`;
  const redeem = async (port: number | undefined, code: string) => {
    const form = new URLSearchParams({ grant_type: "authorization_code", code, redirect_uri }).toString();
    const asking = request(`http://127.0.0.1:${port}/.guise/op/token`, {
      method: "POST",
      headers: {
        ...{ host: new URL(it.front.url).host, authorization, connection: "close" },
        ...{ "content-type": "application/x-www-form-urlencoded", "content-length": form.length },
      },
    });
    const [answer] = (await once(asking.end(form), "response")) as [IncomingMessage];
    return { status: answer.statusCode, body: (await answer.toArray()).join("") };
  };
  for (let round = 0; round < 5; round += 1) {
    await it.to(round % 2);
    const back = await customer.ask(`${it.issuer}/auth?${new URLSearchParams(asked)}`);
    const code = new URL(lead(back)).searchParams.get("code") ?? "";
    const answers = await Promise.all([...it.ports, ...it.ports].map((port) => redeem(port, code)));
    const told = answers.map(({ status, body }) => (status === 200 ? "tokens" : JSON.parse(body).error));
    t.same(told.toSorted(), ["invalid_grant", "invalid_grant", "invalid_grant", "tokens"]);
  }
});

t.test("keys that were rotated by one gateway are used by the other", async (t) => {
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
  const it = await pair(t);
  it.idp.signsIn = "17";
  const signedWith = async (nth: number) => {
    await it.to(nth);
    t.equal(heading(await tab().open(it.at("/site/1"))), "17 (Nuno Almeida) at /site/1");
    return decodeProtectedHeader(String(it.app.tokens.at(-1)?.id_token)).kid;
  };
  const first = await signedWith(ONE);
  t.equal(await signedWith(OTHER), first);
  at(began + 30 * DAY - HOUR / 2);
  t.equal(await signedWith(ONE), first, "the next key is made");
  await it.to(OTHER);
  const [, next] = await it.kids();
  t.equal((await it.kids()).length, 2, "and published by the other one too");
  at(began + 30 * DAY + HOUR);
  t.equal(await signedWith(OTHER), next, "which is the first to sign with it");
  await it.to(ONE);
  t.same(await it.kids(), [next, first]);
  t.equal(await signedWith(ONE), next);
});

t.test(
  "an impersonation begun at one gateway, the app's callback at the other, and the end at either",
  async (t) => {
    const it = await pair(t);
    for (const [begins, redeems] of [
      [ONE, OTHER],
      [OTHER, ONE],
    ] as const) {
      it.idp.signsIn = "alice";
      const agent = tab();
      await it.to(begins);
      await agent.open(it.at("/.guise/start"));
      await agent.open(it.at("/mine"));
      const sent = await agent.ask(it.at("/site/1"));
      t.match(lead(sent), /\/\.guise\/op\/auth\?.*guise_handle=/);
      const [code] = [lead(await agent.ask(lead(sent)))];
      await it.to(redeems);
      t.equal((await agent.ask(lead(sent))).status, 409, "the handle counts at neither once more");
      t.equal((await agent.ask(code)).status, 302, "the app redeems it there");
      t.match(it.app.claims.at(-1), { sub: "17", act: { sub: "alice" } });
      t.equal(heading(await agent.open(it.at("/site/1"))), "17 (Nuno Almeida) at /site/1");
      const access = String(it.app.tokens.at(-1)?.access_token);
      const seenAt = async (nth: number) => {
        await it.to(nth);
        const answer = await fetch(`${it.issuer}/me`, { headers: { authorization: `Bearer ${access}` } });
        await answer.text();
        return answer.status;
      };
      t.same([await seenAt(ONE), await seenAt(OTHER)], [200, 200]);
      await it.to(begins);
      const before = it.app.signedOut.length;
      await agent.send(it.at("/.guise/stop"), {});
      while (it.app.sessions().includes("17")) await setImmediate();
      t.equal(it.app.signedOut.length, before + 1, "the app was told once, by one of them");
      for (const nth of [ONE, OTHER]) t.equal(await seenAt(nth), 401, "and its token counts at neither");
      await it.to(redeems);
      t.equal(heading(await agent.open(it.at("/mine"))), "alice (Alice Example) at /mine");
    }
    for (const data of it.data) t.equal(recordsOf(data, "sign-in.performed").length, 1);
  },
);

t.test("the same with a host for each impersonation", async (t) => {
  const it = await pair(t, APART);
  it.idp.signsIn = "alice";
  const agent = tab();
  await it.to(ONE);
  await agent.open(it.at("/.guise/oidc/login?to=/mine"));
  let shown = await agent.ask(it.at("/site/1"));
  for (let step = 1; shown.headers.location !== undefined; step += 1) {
    await it.to(step % 2);
    shown = await agent.ask(lead(shown));
  }
  t.match(new URL(shown.url).hostname, /\.view\.localhost$/);
  t.equal(heading(shown), "17 (Nuno Almeida) at /site/1");
  t.same(it.app.sessions(), ["alice", "17"]);
  await it.to(OTHER);
  t.equal(
    heading(await agent.open(`${new URL(shown.url).origin}/site/1/x`)),
    "17 (Nuno Almeida) at /site/1/x",
  );
});
