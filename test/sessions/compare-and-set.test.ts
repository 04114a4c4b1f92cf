import t from "tap";
import { change } from "../../src/sessions/compare-and-set.ts";
import { fakeClock } from "../fixtures/clock.ts";
import { memoryBackend } from "../fixtures/gateway/memory-store.ts";

const options = (store: Parameters<typeof change>[0]["store"]) => ({
  store,
  key: "n:1",
  read: Number,
  write: String,
  expiresAt: () => 9e15,
});
const FOREVER = { version: null, expiresAt: 9e15 };

t.test("a change that others were faster with is made on what they left", async (t) => {
  const { store } = memoryBackend(fakeClock());
  await store.write("n:1", "1", FOREVER);
  let seen = 0;
  const raced = {
    ...store,
    write: async (
      key: string,
      value: string,
      how: typeof FOREVER | { version: number; expiresAt: number },
    ) => {
      seen += 1;
      if (seen === 1) await store.write(key, "10", how);
      return await store.write(key, value, how);
    },
  };
  const changed = await change(options(raced), (n) => n + 1);
  t.match(changed, { before: 10, after: 11 });
  t.equal((await store.read("n:1"))?.value, "11");
});

t.test("nothing to change is no write, and nothing there is null", async (t) => {
  const { store } = memoryBackend(fakeClock());
  t.equal(await change(options(store), (n) => n + 1), null);
  await store.write("n:1", "1", FOREVER);
  const before = await store.read("n:1");
  t.match(await change(options(store), (n) => n), { before: 1, after: 1 });
  t.strictSame(await store.read("n:1"), before);
});

t.test("who never gets through gives up with a fault", async (t) => {
  const { store } = memoryBackend(fakeClock());
  await store.write("n:1", "1", FOREVER);
  const busy = { ...store, write: async () => false };
  await t.rejects(
    change(options(busy), (n) => n + 1),
    { code: "store-unavailable", detail: /50 times in a row/ },
  );
});
