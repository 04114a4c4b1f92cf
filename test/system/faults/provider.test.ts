// Needs: libfaketime
import { generateKeyPairSync } from "node:crypto";
import { exportJWK, SignJWT } from "jose";
import t, { type Test } from "tap";
import { liveApp } from "../../fixtures/apps/live-app.ts";
import { json, type Service, service, silence, text } from "../../fixtures/apps/service.ts";
import { ask, CLICK, cookieOf } from "../../fixtures/client/named.ts";
import { frontConfig, frontFolder } from "../../fixtures/gateway/front.ts";
import { serving } from "../../fixtures/gateway/serving.ts";
import { fakeClock } from "../../fixtures/servers/faketime.ts";

// The clock's jumps end connections that nobody used for long.
const ONCE = { connection: "close" };
const LINK = { ...ONCE, ...CLICK };
const INSIDE = { ...LINK, "sec-fetch-site": "same-origin" };

/** A key of an identity provider: what it publishes of it, and tokens for Alice, each another one. */
async function issuer(kid: string) {
  const pair = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const published = { ...(await exportJWK(pair.publicKey)), kid, alg: "ES256" };
  let tokens = 0;
  const alice = async () => ({
    "x-assertion": await new SignJWT({ groups: ["support"], jti: String(++tokens) })
      .setProtectedHeader({ alg: "ES256", kid })
      .setSubject("alice")
      .setExpirationTime("8h")
      .sign(pair.privateKey),
  });
  return { published, alice };
}

/** A gateway that believes the keys of this provider. */
async function stand(t: Test, provider: Service) {
  t.teardown(() => provider.close());
  const app = await liveApp(t);
  const folder = frontFolder(
    t,
    frontConfig(app.origin).replace(
      /- insecureHeader: .*/,
      `- jwt: { header: x-assertion, jwks: "${provider.url}/certs", algorithms: [ES256], user: { id: /sub, groups: /groups } }`,
    ),
  );
  const { env, step } = fakeClock(folder.data, { monotonic: true });
  return { app, step, it: await serving(t, { ...folder, env }) };
}

t.test(
  "row 24: a slow provider of which nothing is known yet: nobody begins, and own traffic goes on",
  async (t) => {
    const one = await issuer("one");
    const provider = await service(silence);
    const { it, step } = await stand(t, provider);
    const pending = new Set<Promise<unknown>>();
    const links = Promise.all(
      Array.from({ length: 20 }, async () => {
        const link = ask(`${it.url}/site/1`, { ...LINK, ...(await one.alice()) });
        pending.add(link);
        return link.finally(() => pending.delete(link));
      }),
    );
    await provider.seen(1);
    t.equal((await ask(`${it.url}/page`)).status, 200, "who comes without a token is served");
    t.ok(pending.size > 0, "while the others wait for an answer about theirs");
    for (const link of await links) {
      t.equal(cookieOf(link), "", "nobody begins");
      t.equal(link.status, 200, "a link is one's own view of the app");
      t.notMatch(link.body, /guise-banner/);
    }
    t.ok(provider.requests.length <= 2, "one question was open at a time");
    const login = await ask(`${it.url}/.guise/start`, { ...LINK, ...(await one.alice()) });
    t.match(login, { status: 503, body: /identity-unavailable/ }, "a page of ours needs to know who asks");
    const script = await ask(`${it.url}/.guise/me`, { ...ONCE, ...(await one.alice()) });
    t.match(JSON.parse(script.body), { status: 503, code: "identity-unavailable" });
    t.ok(provider.requests.length <= 2, "and it is left alone for a while");
    t.match(
      (await ask(`${it.adminUrl}/metrics`)).body,
      /reason="identity-unavailable",kind="forward"\} 20$/m,
    );

    provider.answer(json({ keys: [one.published] }));
    step("+6s");
    t.match(
      cookieOf(await ask(`${it.url}/site/1`, { ...LINK, ...(await one.alice()) })),
      /^guise=/,
      "well again",
    );
  },
);

t.test(
  "row 24: a new key counts; keys that can't be had any more do for ten minutes, then nobody is believed",
  async (t) => {
    const [one, two] = [await issuer("one"), await issuer("two")];
    const provider = await service(json({ keys: [one.published] }));
    const { it, step } = await stand(t, provider);
    const cookie = cookieOf(await ask(`${it.url}/site/1`, { ...LINK, ...(await one.alice()) }));
    t.match(cookie, /^guise=/);
    const page = async ({ alice }: typeof one) =>
      ask(`${it.url}/page`, { ...INSIDE, cookie, ...(await alice()) });
    t.match(await page(one), { status: 200, body: /guise-banner/ });

    provider.answer(json({ keys: [one.published, two.published] }));
    step("+11s");
    const known = provider.requests.length;
    t.match(await page(two), { status: 200, body: /guise-banner/ }, "a key that was rotated in");
    t.match(await page(one), { status: 200, body: /guise-banner/ }, "beside the old one");
    provider.answer(json({ keys: [two.published] }));
    step("+400s");
    t.match(await page(two), { status: 200, body: /guise-banner/ });
    await provider.seen(known + 2);
    step("+420s");
    t.match(
      await page(one),
      { status: 401, body: /signed-out/ },
      "and the old one rotated out counts no more",
    );

    provider.answer(text("", 500));
    step("+900s");
    t.match(await page(two), { status: 200, body: /guise-banner/ }, "down: what is known still counts");
    step("+1100s");
    for (const headers of [INSIDE, ONCE]) {
      const answer = await ask(`${it.url}/page`, { ...headers, cookie, ...(await two.alice()) });
      t.match(answer, { status: 503, body: /identity-unavailable/ }, "after ten minutes nobody is believed");
    }
    const link = await ask(`${it.url}/site/2`, { ...LINK, ...(await two.alice()) });
    t.match([link.status, cookieOf(link)], [200, ""], "nobody begins");
    t.equal((await ask(`${it.url}/page`, ONCE)).status, 200, "own traffic is served");

    provider.answer(json({ keys: [two.published] }));
    step("+1110s");
    t.match(await page(two), { status: 200, body: /guise-banner/ }, "back, it goes on where it was");
  },
);
