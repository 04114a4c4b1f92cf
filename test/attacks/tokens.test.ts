import { createHmac, createPublicKey } from "node:crypto";
import t from "tap";
import { saying, usual } from "../fixtures/apps/attack-app.ts";
import { service } from "../fixtures/apps/service.ts";
import { allSenders, fire, lines, post } from "../fixtures/client/attack-requests.ts";
import {
  AS,
  CLICK,
  CONFIG,
  HOST,
  INSIDE,
  impersonate,
  request,
  send,
  stand,
  values,
} from "../fixtures/gateway/attack-stand.ts";
import { fieldIn } from "../fixtures/html.ts";

const it = await stand(t);
const upstreams = await allSenders(t, it);
const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");

async function tokenFor(fields: readonly string[]): Promise<string> {
  await send(t, it.port, request("GET /x", fields));
  return lines(it.app.arrived.at(-1), "X-Guise-Assertion")[0]?.slice("X-Guise-Assertion: ".length) ?? "";
}

const claimsIn = (token: string) =>
  JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString());

t.test("TOK-01: as a source of identity no forged token counts", async (t) => {
  const jwks = await service((_incoming, response) => {
    fetch(`http://127.0.0.1:${it.port}/.guise/jwks.json`).then(async (keys) =>
      response.end(await keys.text()),
    );
  });
  t.teardown(() => jwks.close());
  const other = await stand(t, {
    config: CONFIG.replace(
      /^identity:[\s\S]*?^agents:/m,
      `identity: [{ jwt: { header: X-Id, jwks: "${jwks.url}", algorithms: [ES256], issuer: guise, audience: "http://127.0.0.1:${it.app.port}", user: { id: /sub } } }]\nagents:`,
    ),
  });
  const good = await tokenFor(AS.alice);
  const [head = "", body = "", signature = ""] = good.split(".");
  const { kid } = JSON.parse(Buffer.from(head, "base64url").toString());
  const keys = (await (await fetch(`http://127.0.0.1:${it.port}/.guise/jwks.json`)).json()) as {
    keys: object[];
  };
  const pem = createPublicKey({ key: keys.keys[0] as never, format: "jwk" }).export({
    type: "spki",
    format: "pem",
  });
  const root = part({ ...claimsIn(good), sub: "root" });
  const hs = `${part({ alg: "HS256", typ: "JWT", kid })}.${root}`;
  const forged = {
    "alg none": `${part({ alg: "none" })}.${root}.`,
    "alg None": `${part({ alg: "None", kid })}.${root}.`,
    "HS256 with the public key": `${hs}.${createHmac("sha256", pem).update(hs).digest("base64url")}`,
    "an unknown key": `${part({ alg: "ES256", kid: "other" })}.${body}.${signature}`,
    "other claims": `${head}.${root}.${signature}`,
    "an empty signature": `${head}.${body}.`,
    "a key of its own": `${part({ alg: "ES256", jwk: keys.keys[0], jku: "http://evil.test" })}.${root}.${signature}`,
    JWE: "a.b.c.d.e",
    PBES2: `${part({ alg: "PBES2-HS256+A128KW", enc: "A128GCM", p2c: 2_000_000_000 })}.a.b.c.d`,
  };
  await send(t, other.port, request("GET /x", [`X-Id: ${good}`]));
  t.same(lines(other.app.arrived.at(-1), "X-Guise-User"), ["X-Guise-User: alice"], "the good one counts");
  for (const [what, token] of Object.entries(forged)) {
    await send(t, other.port, request("GET /x", [`X-Id: ${token}`]));
    t.same(lines(other.app.arrived.at(-1), "X-Guise-"), [], what);
  }
});

t.test("TOK-02: a token is for this app and this minute, and the browser never sees one", async (t) => {
  const cookie = await impersonate(t, it);
  for (const fields of [AS.alice, [...AS.alice, cookie]]) {
    const claims = claimsIn(await tokenFor(fields));
    t.equal(claims.aud, `http://127.0.0.1:${it.app.port}`);
    t.ok(claims.exp - claims.iat <= 60, "a minute at the most");
    t.match(claims.jti, /^[0-9a-f-]{36}$/);
  }
  it.app.answer = (arrived) => {
    const echo = arrived.fields.filter((field) => /^x-guise-assertion/i.test(field));
    const loud = [...echo, ...echo.map((field) => field.toLowerCase().replace(/:.*/, ": eyJ.eyJ."))];
    const [head = "", ...rest] = usual(arrived).split("\r\n");
    return [head, ...loud, "X-Stays: 1", ...rest].join("\r\n");
  };
  for (const sender of upstreams) {
    const { reply } = await fire(t, it, sender);
    t.equal(reply.status, sender.socket ? 101 : 200, sender.name);
    t.match(reply.head, /^X-Stays: 1\r$/m);
    t.notMatch(
      reply.text,
      /eyJ|assertion/i,
      `${sender.name}: an app that echoes it tells the browser nothing`,
    );
  }
  it.app.answer = usual;
});

t.test("TOK-03: both people or none, told apart by exact ids", async (t) => {
  for (const sender of upstreams) {
    const { arrived } = await fire(t, it, sender);
    const token = lines(arrived[0], "X-Guise-Assertion")[0]?.slice(19);
    if (token === undefined) continue;
    const claims = claimsIn(token);
    if (sender.impersonating) {
      t.match(claims, { sub: "17", act: { sub: "alice" }, guise: { mode: "read" } });
      t.equal(claims.act.act, undefined);
      t.not(claims.act.sub, claims.sub);
    } else {
      t.equal(claims.act, undefined);
      t.equal(claims.guise, undefined);
      t.equal(claims.sub, "alice");
    }
  }
  for (const id of ["Alice", "ALICE", "alice ", "alice@x@y", "a\u0301lice"]) {
    const cookie = await impersonate(t, it);
    const { reply, arrived } = await fire(t, it, {
      name: id,
      impersonating: true,
      socket: false,
      fields: [`X-User: ${Buffer.from(id).toString("latin1")}x`, "X-Groups: support", cookie],
    });
    t.match(`${reply.status}`, /^4(?:01|09)$/, `${id} is not alice`);
    t.same(arrived, [], id);
  }
});

t.test("TOK-04: nothing of ours leads to another site", async (t) => {
  const token = async () => {
    const asked = await send(
      t,
      it.port,
      request("GET /site/1/x", [...AS.alice, ...INSIDE.filter((line) => !line.startsWith("Sec-Fetch-User"))]),
    );
    return fieldIn(asked.body, "_csrf");
  };
  const away = [
    "//evil.test",
    "/\\evil.test",
    "/%09/evil.test",
    "https:evil.test",
    "https://evil.test",
    "\\\\evil.test",
    "/\t/evil.test",
    "///evil.test",
    "////evil.test",
    "/.//evil.test",
    "/..//evil.test",
    "javascript:alert(1)",
    "data:text/html,x",
    "//evil.test@app.example",
    "/%5cevil.test",
    "/\u2215evil.test",
    "%2f%2fevil.test",
    "/%2f/evil.test",
    "http:/evil.test",
    "?//evil.test",
    "@evil.test",
    ".evil.test",
    " //evil.test",
    "/%00//evil.test",
    "/\r\nLocation: //evil.test",
  ];
  for (const to of away) {
    const form = { _csrf: await token(), user: "17", to, from: to };
    const reply = await post(t, it, "/.guise/start", form, [
      ...AS.alice,
      ...INSIDE,
      `Origin: http://${HOST}`,
    ]);
    t.equal(reply.status, 303, JSON.stringify(to));
    const [location = ""] = values(reply.head, "Location");
    const url = new URL(location, `http://${HOST}/`);
    t.equal(url.origin, `http://${HOST}`, `${JSON.stringify(to)} leads to ${location}`);
    t.notMatch(location, /^(?:\/\/|\/\\|[a-z]+:)/i);
  }
});

t.test("TOK-05: our own addresses and tokens can't be made by others", async (t) => {
  const cookie = await impersonate(t, it);
  const forged = ["x", "", `${Buffer.from("evil").toString("base64url")}.zzzzzz.x`];
  for (const notice of forged) {
    it.app.answer = () => saying("<!doctype html><body>x", "Content-Type: text/html");
    const reply = await send(
      t,
      it.port,
      request("GET /x", [...AS.alice, ...INSIDE, `Cookie: guise-notice=${notice}`]),
    );
    t.notMatch(reply.body, /evil|guise-notice/, "a notice that is not ours is not shown");
  }
  it.app.answer = usual;
  const deep = await send(
    t,
    it.port,
    request("GET /.guise/as/23?to=//evil.test&reason=%3Cb%3E&ticket=%22%3E", [...AS.alice, ...CLICK, cookie]),
  );
  t.notMatch(deep.body, /evil\.test|<b>|value="">/, "a deep link fills in text, and starts nothing");
  t.notMatch(deep.head, /^Set-Cookie/m);
});
