import { createHmac, createPublicKey } from "node:crypto";
import t, { type Test } from "tap";
import { type Tab, tab } from "../fixtures/client/tab.ts";
import { type OidcSite, oidcSite } from "../fixtures/gateway/oidc-site.ts";
import { CLIENT, identityProvider } from "../fixtures/servers/identity-provider.ts";

const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
const seconds = () => Math.floor(Date.now() / 1_000);

/** Goes to the provider and comes back to our door, which isn't opened. */
async function comeBack(it: OidcSite, browser: Tab): Promise<URL> {
  let shown = await browser.ask(it.at("/.guise/oidc/login?to=/.guise/start"));
  for (;;) {
    const to = new URL(shown.headers.location ?? "", shown.url);
    if (to.pathname === "/.guise/oidc/callback") return to;
    shown = await browser.ask(to.href);
  }
}

async function isSignedIn(it: OidcSite, browser: Tab): Promise<boolean> {
  return (await browser.ask(it.at("/.guise/start"))).status === 200;
}

const changed = (url: URL, fields: Readonly<Record<string, string | null>>): string => {
  const other = new URL(url);
  for (const [name, value] of Object.entries(fields))
    if (value === null) other.searchParams.delete(name);
    else other.searchParams.set(name, value);
  return other.href;
};

async function refused(t: Test, it: OidcSite, browser: Tab, address: string, what: string): Promise<void> {
  const shown = await browser.ask(address);
  t.ok(shown.status === 403 || shown.status === 404, `${what}: ${shown.status}`);
  t.notMatch(String(shown.headers["set-cookie"]), /guise-sign-in=[\w-]{43}/, what);
  t.notOk(await isSignedIn(it, browser), what);
}

t.test(
  "OIDC-01: a code, a state, an issuer or a redirect that isn't this attempt's signs nobody in",
  async (t) => {
    const it = await oidcSite(t);
    const tampered: Readonly<Record<string, (url: URL) => string>> = {
      "another code": (url) => changed(url, { code: "x".repeat(43) }),
      "no code": (url) => changed(url, { code: null }),
      "two codes": (url) => `${url.href}&code=second`,
      "another state": (url) => changed(url, { state: "y".repeat(43) }),
      "no state": (url) => changed(url, { state: null }),
      "two states": (url) => `${url.href}&state=second`,
      "an error": (url) => changed(url, { code: null, error: "access_denied" }),
      "tokens in the query": (url) => changed(url, { code: null, id_token: "a.b.c", access_token: "x" }),
      "another address": (url) => url.href.replace("/oidc/callback", "/oidc/callback/x"),
      "another host": (url) => url.href.replace("localhost", "127.0.0.1"),
    };
    for (const [what, tamper] of Object.entries(tampered)) {
      const browser = tab();
      await refused(t, it, browser, tamper(await comeBack(it, browser)), what);
    }
    const honest = tab();
    t.equal((await honest.ask((await comeBack(it, honest)).href)).status, 303, "as it came, it counts");
    t.ok(await isSignedIn(it, honest));
  },
);

t.test("OIDC-02: an answer counts once, and for the browser that asked", async (t) => {
  const it = await oidcSite(t);
  const [mallory, victim] = [tab(), tab()];
  it.idp.signsIn = "bob";
  const pushed = await comeBack(it, mallory);
  await refused(t, it, victim, pushed.href, "pushed onto a browser without an attempt");
  await victim.ask(it.at("/.guise/oidc/login?to=/.guise/start"));
  await refused(t, it, victim, pushed.href, "onto one with an attempt of its own");
  // The victim's own attempt under the name of Mallory's.
  const [own] = (await victim.jar.getCookies(it.at("/"))).filter(({ key }) =>
    key.startsWith("guise-sign-in-"),
  );
  const [theirs] = (await mallory.jar.getCookies(it.at("/"))).filter(({ key }) =>
    key.startsWith("guise-sign-in-"),
  );
  await victim.jar.setCookie(`${theirs?.key}=${own?.value}; Path=/`, it.at("/"));
  await refused(t, it, victim, pushed.href, "nor with its attempt renamed");
  const answers = await Promise.all([1, 2, 3, 4].map(() => tab(mallory.jar).ask(pushed.href)));
  t.equal(answers.filter(({ status }) => status === 303).length, 1, "of several at once one counts");
  await mallory.jar.removeAllCookies();
  await mallory.jar.setCookie(`${theirs?.key}=${theirs?.value}; Path=/`, it.at("/"));
  await refused(t, it, mallory, pushed.href, "and not once more");
});

t.test("OIDC-03: a mix-up with another issuer is seen before a code is sent anywhere", async (t) => {
  const it = await oidcSite(t);
  const evil = await identityProvider(t);
  for (const [what, iss] of [
    ["another issuer", evil.issuer],
    ["none, of one that always names itself", null],
    ["with a slash more", `${it.idp.issuer}/`],
  ] as const) {
    const browser = tab();
    const back = await comeBack(it, browser);
    const asked = it.idp.requests.filter((line) => line === "POST /token").length;
    await refused(t, it, browser, changed(back, { iss }), what);
    t.equal(
      it.idp.requests.filter((line) => line === "POST /token").length,
      asked,
      `${what}: no code went out`,
    );
  }
  t.same(evil.requests, []);
});

t.test("OIDC-04: an ID token that the provider did not sign for this attempt signs nobody in", async (t) => {
  const it = await oidcSite(t);
  const jwks = (await (await fetch(`${it.idp.issuer}/jwks`)).json()) as { keys: Record<string, string>[] };
  const pem = createPublicKey({ key: jwks.keys[0] as never, format: "jwk" }).export({
    type: "spki",
    format: "pem",
  });
  const claims = (nonce: string) => ({
    iss: it.idp.issuer,
    aud: CLIENT.id,
    sub: "alice",
    nonce,
    iat: seconds(),
    exp: seconds() + 600,
  });
  const other = await identityProvider(t);
  const forged: Readonly<Record<string, (nonce: string) => Promise<string> | string>> = {
    "alg none": (nonce) => `${part({ alg: "none" })}.${part(claims(nonce))}.`,
    "HS256 with the public key": (nonce) => hs256(pem, claims(nonce)),
    "HS256 with the client's secret": (nonce) => hs256(CLIENT.secret, claims(nonce)),
    "another key": (nonce) => other.sign(claims(nonce)),
    "another nonce": () => it.idp.sign(claims("other")),
    "no nonce": () => it.idp.sign({ ...claims(""), nonce: undefined }),
    "another client": (nonce) => it.idp.sign({ ...claims(nonce), aud: "wiki" }),
    "several clients, of which another asked": (nonce) =>
      it.idp.sign({ ...claims(nonce), aud: [CLIENT.id, "wiki"], azp: "wiki" }),
    "another issuer": (nonce) => it.idp.sign({ ...claims(nonce), iss: other.issuer }),
    "too old": (nonce) => it.idp.sign({ ...claims(nonce), exp: seconds() - 60 }),
    "no subject": (nonce) => it.idp.sign({ ...claims(nonce), sub: undefined }),
  };
  for (const [what, forge] of Object.entries(forged)) {
    const browser = tab();
    const begun = await browser.ask(it.at("/.guise/oidc/login"));
    const asked = new URL(begun.headers.location ?? "").searchParams;
    const idToken = await forge(asked.get("nonce") ?? "");
    it.idp.instead = (request, response) => {
      if (request.url !== "/token") return false;
      response.writeHead(200, { "content-type": "application/json" });
      response.end(JSON.stringify({ access_token: "x", token_type: "Bearer", id_token: idToken }));
      return true;
    };
    const back = `/.guise/oidc/callback?code=c&state=${asked.get("state")}&iss=${encodeURIComponent(it.idp.issuer)}`;
    await refused(t, it, browser, it.at(back), what);
    it.idp.instead = null;
  }
});

const hs256 = (key: string | Buffer, claims: object) => {
  const text = `${part({ alg: "HS256" })}.${part(claims)}`;
  return `${text}.${createHmac("sha256", key).update(text).digest("base64url")}`;
};

t.test("OIDC-05: what userinfo says of somebody else signs nobody in", async (t) => {
  const it = await oidcSite(t);
  it.idp.instead = (request, response) => {
    if (request.url !== "/me") return false;
    response.writeHead(200, { "content-type": "application/json" });
    response.end(JSON.stringify({ sub: "bob", groups: ["support", "admin"] }));
    return true;
  };
  const browser = tab();
  await refused(t, it, browser, (await comeBack(it, browser)).href, "userinfo of bob");
});

t.test(
  "OIDC-06: a session that was planted before counts for nobody, and one from before a sign-in ends with it",
  async (t) => {
    const it = await oidcSite(t);
    const browser = tab();
    await browser.jar.setCookie(`guise-sign-in=${"A".repeat(43)}; Path=/`, it.at("/"));
    t.notOk(await isSignedIn(it, browser));
    await browser.open(it.at("/.guise/start"));
    const secretIn = async () =>
      (await browser.jar.getCookies(it.at("/"))).find(({ key }) => key === "guise-sign-in")?.value ?? "";
    const first = await secretIn();
    t.not(first, "A".repeat(43));
    await browser.open(it.at("/.guise/oidc/login?to=/.guise/start"));
    t.not(await secretIn(), first);
    const old = tab();
    await old.jar.setCookie(`guise-sign-in=${first}; Path=/`, it.at("/"));
    // What a gateway read of it counts for a second at the most.
    while (await isSignedIn(it, old));
    t.notOk(await isSignedIn(it, old), "the one before is over");
    const two = await browser.ask(it.at("/.guise/start"), {
      headers: { cookie: `guise-sign-in=${await secretIn()}; guise-sign-in=${"B".repeat(43)}` },
    });
    t.equal(two.status, 303, "of two nobody knows which is ours");
  },
);

t.test("OIDC-07: a logout token that the provider did not make for this ends nothing", async (t) => {
  const it = await oidcSite(t);
  const browser = tab();
  await browser.open(it.at("/.guise/start"));
  const events = { "http://schemas.openid.net/event/backchannel-logout": {} };
  const good = {
    iss: it.idp.issuer,
    aud: CLIENT.id,
    sub: "alice",
    iat: seconds(),
    exp: seconds() + 120,
    events,
  };
  const other = await identityProvider(t);
  const forged: Readonly<Record<string, string>> = {
    nothing: "",
    nonsense: "a.b.c",
    "alg none": `${part({ alg: "none" })}.${part({ ...good, jti: "1" })}.`,
    "HS256 with the client's secret": hs256(CLIENT.secret, { ...good, jti: "2" }),
    "another key": await other.sign({ ...good, jti: "3" }),
    "another issuer": await it.idp.sign({ ...good, iss: other.issuer, jti: "4" }),
    "another client": await it.idp.sign({ ...good, aud: "wiki", jti: "5" }),
    "no event": await it.idp.sign({ ...good, events: {}, jti: "6" }),
    "an ID token": await it.idp.sign({ ...good, nonce: "n", jti: "7" }),
    "no id": await it.idp.sign(good),
    "nobody's": await it.idp.sign({ ...good, sub: undefined, jti: "8" }),
    "an old one": await it.idp.sign({ ...good, iat: seconds() - 3_600, jti: "9" }),
    "one that is too old": await it.idp.sign({ ...good, exp: seconds() - 60, jti: "10" }),
  };
  const tell = async (token: string) =>
    await tab().ask(it.at("/.guise/oidc/backchannel"), {
      method: "POST",
      body: new URLSearchParams({ logout_token: token }).toString(),
    });
  for (const [what, token] of Object.entries(forged)) {
    const { status, body } = await tell(token);
    t.same([status, body], [400, '{"error":"invalid_request"}'], what);
    t.ok(await isSignedIn(it, browser), what);
  }
  const real = await it.idp.sign({ ...good, jti: "11" });
  t.equal((await tell(real)).status, 200);
  while (await isSignedIn(it, browser));
  await browser.open(it.at("/.guise/start"));
  t.equal((await tell(real)).status, 400, "a token counts once");
  t.ok(await isSignedIn(it, browser));
});

t.test("OIDC-08: a sign-in leads back into this app, and nowhere else", async (t) => {
  const it = await oidcSite(t);
  for (const to of [
    "https://evil.test/",
    "//evil.test/",
    "/\\evil.test/",
    "\\\\evil.test",
    "/%2e%2e//evil.test",
    "javascript:alert(1)",
    "/.guise/stop",
    "/.guise/oidc/logout",
    "/.guise/oidc/login?to=/",
    "/.guise/me",
    "/x\r\nSet-Cookie: a=b",
    `/${"x".repeat(5_000)}`,
  ]) {
    const browser = tab();
    let shown = await browser.ask(it.at(`/.guise/oidc/login?to=${encodeURIComponent(to)}`));
    while (new URL(shown.url).pathname !== "/.guise/oidc/callback")
      shown = await browser.ask(new URL(shown.headers.location ?? "", shown.url).href);
    t.match(shown.headers.location, /^\/(?:x%0D%0ASet-Cookie:%20a=b)?$/, to.slice(0, 40));
    t.ok(await isSignedIn(it, browser));
  }
});

t.test(
  "OIDC-09: no script, frame or prefetch signs anybody in or out, and the app never sees by what one is",
  async (t) => {
    const it = await oidcSite(t);
    const browser = tab();
    const back = await comeBack(it, browser);
    const script = { "sec-fetch-dest": "empty", "sec-fetch-mode": "cors" };
    const frame = { "sec-fetch-dest": "iframe" };
    const ahead = { "sec-purpose": "prefetch" };
    for (const [what, headers] of Object.entries({ script, frame, ahead })) {
      for (const address of [back.href, it.at("/.guise/oidc/login"), it.at("/.guise/oidc/logout")]) {
        const shown = await browser.ask(address, { headers });
        t.ok(shown.status === 403 || shown.status === 503, `${what} ${new URL(address).pathname}`);
        t.notOk(shown.headers["set-cookie"]);
      }
      const out = await browser.ask(it.at("/.guise/oidc/logout"), {
        method: "POST",
        site: "same-origin",
        headers,
      });
      t.ok(out.status === 403 || out.status === 503, `${what} POST`);
    }
    await browser.ask(back.href);
    t.ok(await isSignedIn(it, browser));
    await browser.jar.setCookie("theirs=1; Path=/", it.at("/"));
    for (const path of ["/", "/site/1", "/site/1/more"]) await browser.open(it.at(path));
    t.same(
      it.app.requests.map(({ headers }) => headers.cookie ?? "").filter((cookie) => /guise/.test(cookie)),
      [],
    );
    t.equal(it.app.requests[0]?.headers.cookie, "theirs=1");
    t.notMatch(
      JSON.stringify(it.app.requests.map(({ rawHeaders }) => rawHeaders)),
      /eyJ[\w-]+\.eyJ[^"]*a-secret/,
    );
  },
);
