import { randomBytes } from "node:crypto";
import t from "tap";
import { consoleVisits } from "../../src/sessions/console-visits.ts";
import { fakeClock } from "../fixtures/clock.ts";
import { memoryBackend, memoryHub } from "../fixtures/gateway/memory-store.ts";

const VISIT = {
  agent: "alice",
  app: { origin: "https://app.example.com", authority: "app.example.com", host: "app.example.com" },
  credentials: { headers: {}, cookies: { app: "COOKIE-OF-ALICE" }, peer: "127.0.0.1" },
};

t.test("a visit is known by its secret alone, sealed, and for its time", async (t) => {
  const clock = fakeClock();
  const { store } = memoryBackend(clock, memoryHub());
  const sealKey = randomBytes(32);
  const visits = () => consoleVisits({ store, clock, sealKey, cacheFor: () => 1_000 });
  const secret = await visits().open(VISIT, 60_000);
  const other = await visits().open(VISIT, 60_000);
  t.not(secret, other);
  t.match(await visits().read(secret), { ...VISIT, at: clock.now() }, "every gateway of the store knows it");
  for (const key of await store.list("console:")) {
    t.notMatch((await store.read(key))?.value, /COOKIE-OF|alice/);
    t.notMatch(key, secret);
  }
  for (const none of ["", "x", "x".repeat(43)]) t.equal(await visits().read(none), null);
  clock.pass(60_001);
  t.equal(await visits().read(secret), null);
});
