import { readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createRemoteJWKSet, decodeProtectedHeader, jwtVerify } from "jose";
import t from "tap";
import { keys } from "../../../src/cli/keys.ts";
import { httpApp } from "../../fixtures/apps/upstream.ts";
import { ask } from "../../fixtures/client/named.ts";
import { front, frontConfig, frontFolder, impersonating, SUPPORT } from "../../fixtures/gateway/front.ts";
import { refusesToServe, serving } from "../../fixtures/gateway/serving.ts";
import { freePort } from "../../fixtures/servers/port.ts";

const TOKEN = "token: { audience: app }\n";

/** An app that checks every token against the keys that the gateway publishes, fetched anew when it sees a new one. */
async function checkingApp(t: Parameters<typeof httpApp>[0], gateway: () => string) {
  const kids: string[] = [];
  let jwks: ReturnType<typeof createRemoteJWKSet> | null = null;
  const app = await httpApp(t, async (request, response) => {
    jwks ??= createRemoteJWKSet(new URL(`${gateway()}/.guise/jwks.json`), { cooldownDuration: 0 });
    const token = String(request.headers["x-guise-assertion"] ?? "");
    try {
      const { payload } = await jwtVerify(token, jwks, { audience: "app", issuer: "guise" });
      kids.push(decodeProtectedHeader(token).kid ?? "");
      response.end(payload.sub);
    } catch (error) {
      response.writeHead(401).end(String(error));
    }
  });
  return { app, kids };
}

const quiet = { out: () => undefined, err: () => undefined, env: {} };

t.test("row 22: the signing key is replaced under load, and no request fails", async (t) => {
  let url = "";
  const { app, kids } = await checkingApp(t, () => url);
  const it = await front(t, app.origin, TOKEN);
  url = it.url;
  const alice = await impersonating(it.url);
  const failures: string[] = [];
  let asked = 0;
  let over = false;
  const load = async () => {
    while (!over) {
      const { status, body } = await ask(`${it.url}/page`, alice);
      asked += 1;
      if (status !== 200 || body !== "17") failures.push(`${status} ${body}`);
    }
  };
  const kidsOf = async (): Promise<readonly string[]> => {
    const { body } = await ask(`${it.url}/.guise/jwks.json`);
    return JSON.parse(body).keys.map((key: { readonly kid: string }) => key.kid);
  };
  const loads = [load(), load(), load(), load()];
  const [old = "", ...none] = await kidsOf();
  t.same(none, []);
  t.equal(await keys.run(["rotate", "--now", "--data", it.data], quiet), 0);
  await it.gateway.reload();
  const both = await kidsOf();
  t.equal(both.length, 2, "both are published");
  t.ok(both.includes(old));
  const [fresh = ""] = both.filter((kid) => kid !== old);
  while (kids.at(-1) !== fresh) await new Promise((resolve) => setTimeout(resolve, 20));

  // Withdrawn in a hurry: the file of the old key is taken away.
  const folder = join(it.data, "keys");
  const [first = ""] = readdirSync(folder)
    .filter((name) => name.startsWith("token."))
    .sort();
  rmSync(join(folder, first));
  await it.gateway.reload();
  const seen = kids.length;
  while (kids.length < seen + 20) await new Promise((resolve) => setTimeout(resolve, 20));
  t.same([...new Set(kids.slice(seen))], [fresh]);
  over = true;
  await Promise.all(loads);
  t.same(failures.slice(0, 3), [], `${asked} requests were asked`);
  t.same([...new Set(kids)], [old, fresh], "first the one, then the other");
});

t.test(
  "row 22: a key file that can't be read any more keeps the old key in use, and is told of",
  async (t) => {
    let url = "";
    const { app, kids } = await checkingApp(t, () => url);
    const { data, config } = frontFolder(t, frontConfig(app.origin, TOKEN));
    const it = await serving(t, { config, data });
    url = it.url;
    const alice = await impersonating(it.url);
    t.equal((await ask(`${it.url}/page`, alice)).status, 200);
    const folder = join(data, "keys");
    const name = readdirSync(folder).find((file) => file.startsWith("token."));
    writeFileSync(join(folder, name ?? ""), "not a key");
    it.child.kill("SIGHUP");
    await it.logged("keys: can not be read again, the old ones stay in use");
    t.match(await ask(`${it.url}/page`, alice), { status: 200, body: "17" });
    t.equal(new Set(kids).size, 1);
    it.child.kill("SIGTERM");
    t.equal(await it.exited, 0);

    const { code, said } = await refusesToServe(t, { config, data, port: await freePort() });
    t.equal(code, 1, "but none at the start is no start");
    t.match(said, /the token key can not be read or made: .*\n?.*Check the file and its mode/);
  },
);

t.test("row 22: without any token key that can be read nothing is signed by chance", async (t) => {
  const { config, data } = frontFolder(
    t,
    frontConfig("http://127.0.0.1:1", 'keys: { token: [{ fromFile: "gone.pem" }] }\n'),
  );
  const { code, said } = await refusesToServe(t, { config, data });
  t.equal(code, 1);
  t.match(said, /gone\.pem/);
  t.notMatch(said, /guise is listening/);
  t.equal(SUPPORT["x-user"], "alice");
});
