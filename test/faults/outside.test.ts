import { execFileSync } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { exportJWK, SignJWT } from "jose";
import t, { type Test } from "tap";
import { liveApp } from "../fixtures/apps/live-app.ts";
import { json, type Service, service, silence, text } from "../fixtures/apps/service.ts";
import { ask, CLICK, cookieOf } from "../fixtures/client/named.ts";
import { frontConfig, frontFolder, impersonating } from "../fixtures/gateway/front.ts";
import { type Serving, serving } from "../fixtures/gateway/serving.ts";
import { folder } from "../fixtures/servers/tunnel-certificate.ts";

const INSIDE = { ...CLICK, "sec-fetch-site": "same-origin" };

async function running(t: Test, listener: Parameters<typeof service>[0]): Promise<Service> {
  const it = await service(listener);
  t.teardown(() => it.close());
  return it;
}

async function gateway(t: Test, origin: string, edit: (yaml: string) => string) {
  return await serving(t, frontFolder(t, edit(frontConfig(origin))));
}

t.test("row 24: the identity provider's keys are down, slow, garbage, or others", async (t) => {
  const pair = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const keys = json({ keys: [{ ...(await exportJWK(pair.publicKey)), kid: "one", alg: "ES256" }] });
  const token = async (sub: string) =>
    await new SignJWT({ groups: ["support"] })
      .setProtectedHeader({ alg: "ES256", kid: "one" })
      .setSubject(sub)
      .setIssuedAt()
      .setExpirationTime("1h")
      .sign(pair.privateKey);
  const provider = await running(t, keys);
  const app = await liveApp(t);
  const it = await gateway(t, app.origin, (yaml) =>
    yaml.replace(
      /- insecureHeader: .*/,
      `- jwt: { header: x-assertion, jwks: "${provider.url}/certs", algorithms: [ES256], user: { id: /sub, groups: /groups } }`,
    ),
  );
  for (const [name, broken] of [
    ["garbage", text("<html>")],
    ["an error", text("", 500)],
    ["no keys", json({ keys: [{ kty: "nonsense" }] })],
  ] as const) {
    provider.answer(broken);
    const before = provider.requests.length;
    const answers = await Promise.all(
      Array.from({ length: 30 }, async (_, n) =>
        ask(`${it.url}/site/1`, { ...CLICK, "x-assertion": await token(`alice-${name}-${n}`) }),
      ),
    );
    t.ok(provider.requests.length - before <= 1, `${name}: no storm`);
    t.same(new Set(answers.map(cookieOf)), new Set([""]), `${name}: nobody begins`);
    t.same(new Set(answers.map(({ status }) => status)), new Set([200]), "and sees the app as the agent");
    t.equal((await ask(`${it.url}/page`)).status, 200, "own traffic is served");
  }

  provider.answer(keys);
  const alice = { "x-assertion": await token("alice") };
  let start = await ask(`${it.url}/site/1`, { ...CLICK, ...alice });
  while (cookieOf(start) === "") {
    await wait(100);
    start = await ask(`${it.url}/site/1`, { ...CLICK, ...alice });
  }
  const impersonated = { ...alice, cookie: cookieOf(start) };
  provider.answer(silence);
  t.match(
    await ask(`${it.url}/page`, { ...INSIDE, ...impersonated }),
    { status: 200, body: /guise-banner/ },
    "runs on",
  );
  const another = { ...impersonated, "x-assertion": await token("alice") };
  t.equal((await ask(`${it.url}/page`, { ...INSIDE, ...another })).status, 200, "with a new token too");
  const other = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const forged = await new SignJWT({ groups: ["support"] })
    .setProtectedHeader({ alg: "ES256", kid: "two" })
    .setSubject("alice")
    .setExpirationTime("1h")
    .sign(other.privateKey);
  const before = provider.requests.length;
  const strange = await Promise.all(
    Array.from({ length: 20 }, () =>
      ask(`${it.url}/page`, { ...INSIDE, ...impersonated, "x-assertion": forged }),
    ),
  );
  for (const { status } of strange)
    t.ok(status === 401 || status === 503, "a key that nobody knows is nobody");
  t.ok(provider.requests.length - before <= 1, "and asks once");
});

/** How many links led to nobody, since it could not be found out whose page it is. */
async function refusals({ adminUrl }: Serving): Promise<number> {
  const line = /^guise_decisions_total\{reason="owner-lookup-failed",kind="forward"\} (\d+)$/m;
  return Number(line.exec((await ask(`${adminUrl}/metrics`)).body)?.[1] ?? 0);
}

t.test("row 25: the services of owners and people are down, or slow", async (t) => {
  const nuno = { id: "17", name: "Nuno", groups: ["customer"] };
  const owners = await running(t, json(nuno));
  const people = await running(t, json(nuno));
  const app = await liveApp(t);
  const it = await gateway(t, app.origin, (yaml) =>
    yaml.replace(
      /owners:\n.*\n/,
      `owners:\n  site: { http: { url: "${owners.url}/{site}" }, cacheFor: 1s }
users: { http: { url: "${people.url}/{id}" }, cacheFor: 1s }
timeouts: { lookup: 1500ms }
`,
    ),
  );
  const support = { "x-user": "alice", "x-groups": "support" };
  const impersonated = await impersonating(it.url);
  t.match(await ask(`${it.url}/page`, { ...INSIDE, ...impersonated }), { status: 200, body: /guise-banner/ });

  for (const [name, broken] of [
    ["down", text("", 500)],
    ["slow", silence],
  ] as const) {
    owners.answer(broken);
    people.answer(broken);
    await wait(1_100);
    const before = owners.requests.length;
    const refused = await refusals(it);
    const views = await Promise.all(
      Array.from({ length: 40 }, (_, n) => ask(`${it.url}/site/${n + 2}`, { ...CLICK, ...support })),
    );
    t.same(new Set(views.map(cookieOf)), new Set([""]), `${name}: nobody begins`);
    t.same(new Set(views.map(({ status }) => status)), new Set([200]), "it is one's own view of the app");
    const more = await Promise.all(
      Array.from({ length: 40 }, (_, n) => ask(`${it.url}/site/${n + 50}`, { ...CLICK, ...support })),
    );
    t.same(new Set(more.map(cookieOf)), new Set([""]));
    t.ok(owners.requests.length - before < 60, "the breaker opens: it is left alone for a while");
    t.equal((await refusals(it)) - refused, 80, "each of them for the reason owner-lookup-failed");
    const asked = await ask(`${it.url}/.guise/as/17`, { ...CLICK, ...support });
    t.match(asked, { status: 503, body: /users-lookup-failed/ }, "who asks for a person is told");
    t.equal(cookieOf(asked), "");
    t.equal(
      cookieOf(await ask(`${it.url}/site/1`, { ...CLICK, ...support })),
      "",
      "no owner of before is believed",
    );
    const page = await ask(`${it.url}/page`, { ...INSIDE, ...impersonated });
    t.match(
      page,
      { status: 503, body: /identity-unavailable/ },
      "somebody who can't be looked up is not impersonated",
    );
    t.equal((await ask(`${it.url}/page`)).status, 200, "own traffic is served");
    owners.answer(json(nuno));
    people.answer(json(nuno));
    let again = await ask(`${it.url}/page`, { ...INSIDE, ...impersonated });
    while (again.status === 503) {
      await wait(200);
      again = await ask(`${it.url}/page`, { ...INSIDE, ...impersonated });
    }
    t.match(again, { status: 200, body: /guise-banner/ }, "back, it goes on");
  }
});

/** Two certificates of the same key for localhost: one that holds, one whose time is over. */
function certificates(t: Test) {
  const place = folder(t);
  const file = (name: string) => join(place, name);
  const openssl = (...words: readonly string[]) => execFileSync("openssl", words, { stdio: "ignore" });
  openssl(
    ...["req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"],
    ...["-keyout", file("key"), "-out", file("request"), "-subj", "/CN=app"],
    ...["-addext", "subjectAltName=DNS:localhost"],
  );
  for (const [name, days] of [
    ["good", "2"],
    ["over", "-1"],
  ] as const)
    openssl(
      ...["x509", "-req", "-in", file("request"), "-signkey", file("key"), "-days", days],
      ...["-copy_extensions", "copyall", "-out", file(name)],
    );
  const read = (name: string) => readFileSync(file(name), "utf8");
  writeFileSync(file("both"), read("good") + read("over"));
  return { key: read("key"), good: read("good"), over: read("over"), both: file("both") };
}

t.test("row 29: the app's certificate runs out while it runs", async (t) => {
  const { key, good, over, both } = certificates(t);
  const app = createServer({ key, cert: good }, (_request, response) => {
    response.setHeader("content-type", "text/html");
    response.end("<!doctype html><body>page");
  });
  app.listen(0, "127.0.0.1");
  await once(app, "listening");
  t.teardown(() => {
    app.closeAllConnections();
    app.close();
  });
  const { port } = app.address() as AddressInfo;
  const it = await gateway(t, "APP", (yaml) =>
    yaml.replace(
      "upstream: APP",
      `upstream: { url: "https://localhost:${port}", ca: { fromFile: "${both}" } }`,
    ),
  );
  const impersonated = await impersonating(it.url);
  const inside = { ...INSIDE, ...impersonated };
  t.equal((await ask(`${it.url}/page`, inside)).status, 200);
  app.setSecureContext({ key, cert: over });
  app.closeAllConnections();
  const failed = async (as: string) =>
    Number(
      new RegExp(
        `^guise_request_seconds_count\\{as="${as}",ending="upstream-unreachable"\\} (\\d+)$`,
        "m",
      ).exec((await ask(`${it.adminUrl}/metrics`)).body)?.[1] ?? 0,
    );
  t.same([await failed("effective"), await failed("self")], [0, 0]);
  for (const headers of [inside, {}]) {
    const answer = await ask(`${it.url}/page`, headers);
    t.equal(answer.status, 502);
    t.notMatch(answer.body, /localhost:\d+|CERT_/, "tells nobody about the app");
  }
  t.match(
    it.log(),
    /upstream-tls.*CERT_HAS_EXPIRED|CERT_HAS_EXPIRED.*upstream-tls/,
    "the log names the cause",
  );
  t.same([await failed("effective"), await failed("self")], [1, 1], "and the metric to alarm on counts it");
  app.setSecureContext({ key, cert: good });
  app.closeAllConnections();
  t.equal((await ask(`${it.url}/page`, inside)).status, 200, "mended, it goes on");
});
