import { join } from "node:path";
import t, { type Test } from "tap";
import { openImpersonations } from "../../src/sessions/impersonations.ts";
import { redisBackend } from "../../src/sessions/stores/redis.ts";
import { sqliteBackend } from "../../src/sessions/stores/sqlite.ts";
import type { StoreBackend } from "../../src/sessions/stores/store.ts";
import { stayAlive } from "../fixtures/alive.ts";
import { fakeLog } from "../fixtures/log.ts";
import { redisServer } from "../fixtures/servers/redis.ts";
import { testFolder } from "../fixtures/test-folder.ts";
import { order, SEAL_KEY } from "./orders.ts";

type OpenImpersonations = ReturnType<typeof openImpersonations>;

const clock = { now: () => Date.now(), monotonic: () => performance.now() };

function gateway(t: Test, backend: StoreBackend): OpenImpersonations {
  const it = openImpersonations({ ...backend, clock, log: fakeLog(), sealKey: SEAL_KEY });
  t.teardown(async () => {
    await it.shut();
    await backend.close();
  });
  return it;
}

async function overRedis(t: Test): Promise<readonly [OpenImpersonations, OpenImpersonations]> {
  const server = await redisServer();
  t.teardown(() => server.stop());
  const open = () => redisBackend({ url: server.url, prefix: "test", clock, log: fakeLog() });
  return [gateway(t, open()), gateway(t, open())];
}

async function overSqlite(t: Test): Promise<readonly [OpenImpersonations, OpenImpersonations]> {
  const file = join(testFolder(t), "guise.db");
  const open = () => sqliteBackend({ file, clock, log: fakeLog() });
  return [gateway(t, open()), gateway(t, open())];
}

for (const [name, pair] of Object.entries({ Redis: overRedis, SQLite: overSqlite })) {
  t.test(`two gateways over one ${name}`, async (t) => {
    stayAlive(t);
    const [here, there] = await pair(t);

    t.test("one that is ended here is over there", async (t) => {
      const { impersonation, secret } = await here.open(order(clock.now()));
      t.match(await there.recall(secret), { kind: "found", impersonation: { end: null } });
      const told = Promise.withResolvers<string>();
      t.teardown(there.onEnded((it) => told.resolve(`${it.id} ${it.end.why}`)));
      await here.close(impersonation.id, "ended-revoked");
      t.equal(await told.promise, `${impersonation.id} ended-revoked`);
      t.match(await there.recall(secret), { impersonation: { end: { why: "ended-revoked" } } });
    });

    t.test("answers to both that rewrite the session cookie at the same time lose nothing", async (t) => {
      const { impersonation } = await here.open(order(clock.now()));
      const scope = { host: "app.example.com", path: "/", secure: true, now: clock.now() };
      await Promise.all(
        Array.from({ length: 80 }, (_, n) =>
          (n % 2 ? here : there).receive(
            impersonation.id,
            [`sid=${n}; HttpOnly`, `c${n}=1; HttpOnly`],
            scope,
            null,
          ),
        ),
      );
      const { cookies } = await there.jar(impersonation.id);
      t.equal(cookies.length, 81);
      t.strictSame(await here.jar(impersonation.id), await there.jar(impersonation.id));
    });

    t.test("of many ends one is the first, and all is listed and ended from either side", async (t) => {
      const { impersonation } = await here.open(order(clock.now()));
      const ends = [here, there, here, there].map((it) => it.close(impersonation.id, "ended-by-agent"));
      t.equal((await Promise.all(ends)).filter(({ first }) => first).length, 1);
      await there.open(order(clock.now()));
      const listed = await here.list();
      t.strictSame(
        (await there.endAll("ended-revoked")).map(({ id }) => id),
        listed.map(({ id }) => id),
      );
      t.strictSame(await here.list(), []);
    });
  });
}
