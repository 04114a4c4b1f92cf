import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from "jose";
import t from "tap";
import { startDemo } from "../../demo/server.ts";
import { createVisitor, demoFor, signedIn } from "./visitor.ts";

type Teardown = Parameters<typeof demoFor>[0];

/** A stand-in for the gateway: public keys to fetch, and tokens signed with the private one. */
async function issuerFor(t: Teardown) {
  const { publicKey, privateKey } = await generateKeyPair("ES256");
  const keys = [{ ...(await exportJWK(publicKey)), kid: "one", alg: "ES256", use: "sig" }];
  const server = createServer((_request, response) => {
    response.setHeader("content-type", "application/json").end(JSON.stringify({ keys }));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.teardown(async () => {
    server.close();
    server.closeAllConnections();
  });
  const { port } = server.address() as AddressInfo;

  async function sign(claims: JWTPayload, key: CryptoKey = privateKey): Promise<string> {
    return new SignJWT({ iss: "guise", aud: "demo-app", ...claims })
      .setProtectedHeader({ alg: "ES256", kid: "one" })
      .setIssuedAt()
      .setExpirationTime(claims.exp ?? "5m")
      .sign(key);
  }
  return { jwks: `http://127.0.0.1:${port}/jwks.json`, sign };
}

const withToken = (token: string) => ({ "x-guise-assertion": token });

t.test("a good token makes its subject the current user for this request", async (t) => {
  const issuer = await issuerFor(t);
  const demo = await demoFor(t, issuer.jwks);
  const visitor = createVisitor(demo.url);
  const token = await issuer.sign({ sub: "17", act: { sub: "1", name: "Alice Support" } });
  const page = await visitor.get("/site/9421/overview", withToken(token));
  t.equal(page.status, 200);
  const text = await page.text();
  t.match(text, "Nuno Almeida");
  t.notMatch(text, "Alice", "who acts is shown nowhere");
});

t.test(
  "with a token the app opens a session of that user, as apps do, and keeps it from then on",
  async (t) => {
    const issuer = await issuerFor(t);
    const demo = await demoFor(t, issuer.jwks);
    const alice = await signedIn(demo.url, "alice@demo.test");
    const [own, before] = [alice.cookies.get("demo_session"), alice.cookieHeader()];
    const token = await issuer.sign({ sub: "17", act: { sub: "1", name: "Alice Support" } });
    await alice.get("/", withToken(token));
    const given = alice.cookies.get("demo_session");
    t.not(given, own, "the cookie was overwritten");
    await alice.get("/sites", withToken(token));
    t.equal(alice.cookies.get("demo_session"), given, "the same session goes on");
    const me = await fetch(`${demo.url}/api/me`, { headers: { cookie: before } });
    t.match(await me.json(), { id: "1" }, "the old session still runs under its own cookie");
  },
);

t.test("what somebody does for a customer says so in the customer's record", async (t) => {
  const issuer = await issuerFor(t);
  const demo = await demoFor(t, issuer.jwks);
  const visitor = createVisitor(demo.url);
  const headers = withToken(await issuer.sign({ sub: "17", act: { sub: "1", name: "Alice Support" } }));
  await visitor.get("/site/9421/settings", headers);
  const saved = await visitor.post("/site/9421/settings", { notify: "a@nuno.example" }, { headers });
  t.equal(saved.status, 303);
  const nuno = await signedIn(demo.url, "nuno@example.com");
  const record = await (await nuno.get("/activity")).text();
  t.match(record, /Changed the settings of nuno\.example <span class="by">\(by Alice Support\)/);
});

t.test("a token that isn't good is refused on every kind of page", async (t) => {
  const issuer = await issuerFor(t);
  const demo = await demoFor(t, issuer.jwks);
  const stranger = await generateKeyPair("ES256");
  const now = Math.floor(Date.now() / 1000);
  const bad = {
    garbage: "not.a.token",
    empty: " ",
    "another issuer": await issuer.sign({ sub: "17", iss: "other" }),
    "another audience": await issuer.sign({ sub: "17", aud: "other-app" }),
    expired: await issuer.sign({ sub: "17", exp: now - 60 }),
    "another key": await issuer.sign({ sub: "17" }, stranger.privateKey),
    "an unknown person": await issuer.sign({ sub: "4711" }),
    "no subject": await issuer.sign({}),
    unsigned: `${btoa('{"alg":"none"}')}.${btoa('{"iss":"guise","aud":"demo-app","sub":"17","exp":9999999999}')}.`,
  };
  const alice = await signedIn(demo.url, "alice@demo.test");
  for (const [name, token] of Object.entries(bad)) {
    const page = await alice.get("/sites", withToken(token));
    t.equal(page.status, 401, name);
    t.strictSame(page.headers.getSetCookie(), [], name);
  }
  const headers = { ...withToken("x.y.z"), accept: "application/json" };
  t.equal((await alice.get("/api/sites", headers)).status, 401);
  t.equal((await alice.get("/nothing", headers)).status, 401);
});

t.test("keys that can't be fetched are a 503, not a quiet sign-in as somebody else", async (t) => {
  const issuer = await issuerFor(t);
  const gone = await startDemo({ port: 0 });
  await gone.close();
  const demo = await demoFor(t, `${gone.url}/jwks.json`);
  const alice = await signedIn(demo.url, "alice@demo.test");
  const page = await alice.get("/sites", withToken(await issuer.sign({ sub: "17" })));
  t.equal(page.status, 503);
});

t.test("without a gateway the header means nothing", async (t) => {
  const issuer = await issuerFor(t);
  const demo = await demoFor(t);
  const alice = await signedIn(demo.url, "alice@demo.test");
  const page = await alice.get("/sites", withToken(await issuer.sign({ sub: "17" })));
  t.match(await page.text(), "sample.demo.test");
});

t.test("/api/me looks at the app's own session and never at the token", async (t) => {
  const issuer = await issuerFor(t);
  const demo = await demoFor(t, issuer.jwks);
  const token = await issuer.sign({ sub: "17" });
  const signedOut = await fetch(`${demo.url}/api/me`, { headers: withToken(token) });
  t.equal(signedOut.status, 401);
  t.match(signedOut.headers.get("content-type"), /^application\/json/);
  t.strictSame(signedOut.headers.getSetCookie(), []);
  const alice = await signedIn(demo.url, "alice@demo.test");
  const expected = { id: "1", name: "Alice Support", email: "alice@demo.test", roles: ["support"] };
  for (const headers of [{}, withToken(token), withToken("x.y.z")]) {
    t.strictSame(await (await alice.get("/api/me", headers)).json(), expected);
  }
});
