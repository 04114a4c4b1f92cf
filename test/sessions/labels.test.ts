import { randomBytes } from "node:crypto";
import t from "tap";
import { isLabel, labels } from "../../src/sessions/labels.ts";
import { fakeClock } from "../fixtures/clock.ts";
import { memoryBackend, memoryHub } from "../fixtures/gateway/memory-store.ts";

type LabelOrder = Parameters<ReturnType<typeof labels>["create"]>[0];

const APP = { origin: "https://app.example.com", authority: "app.example.com", host: "app.example.com" };

function at() {
  const clock = fakeClock();
  const { store } = memoryBackend(clock, memoryHub());
  const sealKey = randomBytes(32);
  const order: LabelOrder = {
    impersonation: "i-1",
    agent: "alice",
    secret: "SECRET-OF-THE-IMPERSONATION",
    app: APP,
    credentials: { headers: {}, cookies: { app: "COOKIE-OF-ALICE" }, peer: "127.0.0.1" },
    until: clock.now() + 3_600_000,
  };
  return {
    clock,
    store,
    order,
    labels: () => labels({ store, clock, sealKey, remember: () => 86_400_000, cacheFor: () => 1_000 }),
  };
}

t.test("a label is random, a name for a host, and bound to impersonation, agent and app host", async (t) => {
  const it = at();
  const made = await it.labels().create(it.order);
  t.ok(isLabel(made.name));
  t.match(made, { ...it.order, kind: "open" });
  t.match(await it.labels().read(made.name), made, "every gateway of the store knows it");
  const other = await it.labels().create({ ...it.order, app: { ...APP, host: "api.example.com" } });
  t.not(other.name, made.name);
  t.not(other.session, made.session, "and the cookie of one opens nothing on another");
  t.same(
    (await it.labels().of("i-1")).map(({ name }) => name).toSorted(),
    [made.name, other.name].toSorted(),
  );
  t.equal(await it.labels().read("a".repeat(32)), null);
  for (const name of ["", "www", "A".repeat(32), `${"a".repeat(31)}1`]) t.notOk(isLabel(name), name);
});

t.test("what it holds is sealed, and destroyed at the end", async (t) => {
  const it = at();
  const { name, session } = await it.labels().create(it.order);
  const key = `label:${name}`;
  const stored = () => it.store.read(key).then((found) => found?.value ?? "");
  t.notMatch(await stored(), /SECRET-OF|COOKIE-OF/);
  const before = await stored();
  await it.labels().end("i-1");
  t.match(await it.labels().read(name), { kind: "ended", app: APP });
  t.ok((await stored()).length < before.length / 2, "neither secret nor credentials are in it any more");
  t.notMatch(await stored(), session);
  t.same(await it.labels().of("i-1"), []);
});

t.test("credentials are renewed while it is open, and not after", async (t) => {
  const it = at();
  const label = await it.labels().create(it.order);
  const fresh = { headers: { "x-jwt": ["two"] }, cookies: {}, peer: "::1" };
  await it.labels().renew(label, fresh);
  t.match(await it.labels().read(label.name), { credentials: fresh });
  await it.labels().end("i-1");
  await it.labels().renew(label, fresh);
  t.match(await it.labels().read(label.name), { kind: "ended" });
});
