import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import t, { type Test } from "tap";
import { guise } from "../../examples/express/guise.ts";
import { openKeyring } from "../../src/keys/keyring.ts";
import { tokens as tokensFrom } from "../../src/keys/token.ts";
import { fakeLog } from "../fixtures/log.ts";
import { freePort } from "../fixtures/servers/port.ts";
import { AUDIENCE, keyServer, makeTokens } from "./tokens.ts";

const tokens = await makeTokens();

/** An app with the middleware and one page, which says who is there. */
async function appFor(t: Test, jwks: string): Promise<string> {
  const middleware = guise({ jwks, audience: AUDIENCE });
  const server = createServer((request, response) => {
    void middleware(request, response, () => {
      const { sub = "session", act } = request.guise ?? {};
      response.end(JSON.stringify({ sub, by: act?.sub ?? null }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.teardown(() => new Promise((resolve) => server.close(resolve).closeAllConnections()));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

const withToken = (token: string) => ({ headers: { "x-guise-assertion": token } });

t.test("a good token says whom to show the page for, and who is really there", async (t) => {
  const keys = await keyServer(tokens.jwks);
  t.teardown(() => keys.close());
  const app = await appFor(t, keys.url);
  for (const _ of [1, 2, 3]) {
    t.same(await (await fetch(app, withToken(tokens.good.own))).json(), { sub: "17", by: null });
    t.same(await (await fetch(app, withToken(tokens.good.impersonated))).json(), { sub: "17", by: "4" });
  }
  t.equal(keys.count(), 1, "the keys are fetched once");
});

t.test("what the gateway itself signs is a good token", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "guise-example-"));
  const clock = { now: () => Date.now(), monotonic: () => performance.now() };
  const keyring = await openKeyring({ folder, clock, log: fakeLog(), reloadEvery: 0 });
  const keys = await keyServer(keyring.jwks());
  t.teardown(async () => {
    await keys.close();
    await keyring.close();
    await rm(folder, { recursive: true, force: true });
  });
  const [agent, customer] = ["4", "17"].map((id) => ({ id, name: null, email: null, groups: null }));
  if (agent === undefined || customer === undefined) throw new Error("two people are needed");
  const token = await tokensFrom(keyring, clock).sign(
    {
      principal: { trueUser: agent, effectiveUser: customer },
      impersonation: { id: "i", mode: "read", reason: null, ticket: null, until: Date.now() + 60_000 },
      issuer: "guise",
      audience: AUDIENCE,
      lifetime: 60_000,
    },
    clock.now(),
  );
  const answer = await fetch(await appFor(t, keys.url), withToken(token));
  t.same(await answer.json(), { sub: "17", by: "4" });
});

t.test("without a token the app's own session counts", async (t) => {
  const app = await appFor(t, `http://127.0.0.1:${await freePort()}/`);
  t.same(await (await fetch(app)).json(), { sub: "session", by: null });
});

for (const [name, token] of Object.entries(tokens.bad)) {
  t.test(`TOK-01: refused: a token ${name}`, async (t) => {
    const keys = await keyServer(tokens.jwks);
    t.teardown(() => keys.close());
    const answer = await fetch(await appFor(t, keys.url), withToken(token));
    t.equal(answer.status, 401);
    t.notMatch(await answer.text(), "session");
    t.ok(keys.count() <= 1, "no token makes it ask twice");
  });
}

t.test("where the keys can't be had nobody's page is shown", async (t) => {
  const app = await appFor(t, `http://127.0.0.1:${await freePort()}/`);
  t.equal((await fetch(app, withToken(tokens.good.own))).status, 503);
  const broken = await keyServer({ nothing: true });
  t.teardown(() => broken.close());
  t.equal((await fetch(await appFor(t, broken.url), withToken(tokens.good.own))).status, 503);
});
