import t, { type Test } from "tap";
import type { StoreBackend } from "../../src/sessions/stores/store.ts";

/** What a kind of store brings along to be put through the suite. */
export interface StoreUnderTest {
  /** Another gateway over the same store; `stop` ends it. */
  open(): Promise<StoreBackend>;
  /** Now, by the clock that the store goes by, in ms. */
  now(): number;
  /** Comes back when a value that was written to live `ms` from now on has expired. */
  pass(ms: number): Promise<void>;
  stop(): Promise<void>;
}

const FOREVER = 3_600_000;
const HELLO = "hello:there";

/** The promises of Store and Bulletin; every kind runs them. `begin` makes an empty store. */
export function storeContract(name: string, begin: () => Promise<StoreUnderTest>): void {
  t.test(`${name} keeps the promises of a store`, async (t) => {
    const under = await begin();
    const backend = await under.open();
    const { store } = backend;
    // What waits for news doesn't keep a process alive by itself.
    const alive = setInterval(() => undefined, 1_000);
    t.teardown(async () => {
      clearInterval(alive);
      await backend.close();
      await under.stop();
    });
    const expiresAt = () => under.now() + FOREVER;
    const create = (key: string, value: string) =>
      store.write(key, value, { version: null, expiresAt: expiresAt() });

    const opened: Opened = { under, backend, store, expiresAt, create };
    versions(t, opened);
    lifetimes(t, opened);
    keysAndValues(t, opened);
    news(t, opened);
    closing(t, opened);
  });
}

/** A store of the suite, and what all tests of it do. */
interface Opened {
  readonly under: StoreUnderTest;
  readonly backend: StoreBackend;
  readonly store: StoreBackend["store"];
  /** A time that no test waits for. */
  readonly expiresAt: () => number;
  readonly create: (key: string, value: string) => Promise<boolean>;
}

/** What is written, and for which version. */
function versions(t: Test, { create, expiresAt, store, under }: Opened): void {
  t.test("what was written is read, with a version", async (t) => {
    t.equal(await store.read("a:none"), null);
    t.equal(await create("a:1", "one"), true);
    const first = await store.read("a:1");
    t.equal(first?.value, "one");
    t.equal(
      await store.write("a:1", "two", { version: first?.version ?? null, expiresAt: expiresAt() }),
      true,
    );
    const second = await store.read("a:1");
    t.equal(second?.value, "two");
    t.not(second?.version, first?.version);
  });

  t.test("a key without a kind in front of a colon is a mistake with every kind of store", async (t) => {
    await t.rejects(create("nothing", "x"), { name: "TypeError", message: /no kind in front of a colon/ });
  });

  t.test("a write for another version than the present one changes nothing", async (t) => {
    await create("cas:1", "first");
    t.equal(await create("cas:1", "again"), false, "it is there already");
    const seen = await store.read("cas:1");
    const options = { version: seen?.version ?? null, expiresAt: expiresAt() };
    t.equal(await store.write("cas:1", "second", options), true);
    t.equal(await store.write("cas:1", "late", options), false);
    t.equal(
      await store.write("cas:none", "x", { version: 1, expiresAt: expiresAt() }),
      false,
      "it isn't there",
    );
    t.equal((await store.read("cas:1"))?.value, "second");
    t.equal(await store.read("cas:none"), null);
  });

  t.test("of many writes at the same time one wins, also between two gateways", async (t) => {
    const other = await under.open();
    t.teardown(() => other.close());
    const created = await Promise.all(
      Array.from({ length: 20 }, (_, n) =>
        (n % 2 ? store : other.store).write("race:1", `${n}`, { version: null, expiresAt: expiresAt() }),
      ),
    );
    t.equal(created.filter((won) => won).length, 1);
    const { version = null, value } = (await store.read("race:1")) ?? {};
    t.equal(value, `${created.indexOf(true)}`);
    const replaced = await Promise.all(
      Array.from({ length: 20 }, (_, n) =>
        (n % 2 ? store : other.store).write("race:1", `r${n}`, { version, expiresAt: expiresAt() }),
      ),
    );
    t.equal(replaced.filter((won) => won).length, 1);
    t.equal((await other.store.read("race:1"))?.value, `r${replaced.indexOf(true)}`);
  });

  t.test("twenty counters that add up by compare-and-set lose nothing", async (t) => {
    await create("sum:1", "0");
    const add = async (): Promise<void> => {
      const seen = await store.read("sum:1");
      const next = String(Number(seen?.value) + 1);
      const options = { version: seen?.version ?? null, expiresAt: expiresAt() };
      if (!(await store.write("sum:1", next, options))) await add();
    };
    await Promise.all(Array.from({ length: 20 }, add));
    t.equal((await store.read("sum:1"))?.value, "20");
  });
}

/** What expires or is removed. */
function lifetimes(t: Test, { create, expiresAt, store, under }: Opened): void {
  t.test("a value expires, is then not listed, and can be created again", async (t) => {
    await store.write("gone:1", "x", { version: null, expiresAt: under.now() + 200 });
    await create("gone:2", "y");
    const before = await store.read("gone:1");
    await under.pass(200);
    t.equal(await store.read("gone:1"), null);
    t.strictSame(await store.list("gone:"), ["gone:2"]);
    const late = { version: before?.version ?? null, expiresAt: expiresAt() };
    t.equal(await store.write("gone:1", "late", late), false);
    t.equal(await create("gone:1", "new"), true);
    t.equal(await store.write("gone:1", "late", late), false, "an old version doesn't fit a new value");
  });

  t.test("every write gives the value its new time to live", async (t) => {
    await store.write("life:1", "x", { version: null, expiresAt: under.now() + 200 });
    const seen = await store.read("life:1");
    await store.write("life:1", "x", { version: seen?.version ?? null, expiresAt: expiresAt() });
    await store.write("life:2", "x", { version: null, expiresAt: under.now() + 200 });
    await under.pass(200);
    t.strictSame(await store.list("life:"), ["life:1"]);
    const kept = await store.read("life:1");
    t.equal(
      await store.write("life:1", "y", { version: kept?.version ?? null, expiresAt: under.now() - 1 }),
      true,
    );
    t.equal(await store.read("life:1"), null, "written to be over");
  });

  t.test("removing takes it away, and may be done twice", async (t) => {
    await create("rm:1", "x");
    await store.remove("rm:1");
    await store.remove("rm:1");
    t.equal(await store.read("rm:1"), null);
    t.strictSame(await store.list("rm:"), []);
  });
}

/** Which keys are listed, and what values come back. */
function keysAndValues(t: Test, { create, store }: Opened): void {
  t.test("the list holds the keys that begin so, and no others", async (t) => {
    for (const key of ["list:a", "list:b%", "list:b_c", "lisp:a", "list2:a", "LIST:a"])
      await create(key, "x");
    t.strictSame([...(await store.list("list:"))].sort(), ["list:a", "list:b%", "list:b_c"]);
    t.strictSame(await store.list("list:b_"), ["list:b_c"]);
    t.strictSame(await store.list("list:b%"), ["list:b%"]);
    t.strictSame(await store.list("nothing:"), []);
  });

  t.test("large values and every character come back as they were", async (t) => {
    const large = "0123456789abcdef".repeat(65_536);
    await create("big:1", large);
    t.equal((await store.read("big:1"))?.value, large);
    const odd = "Zoë 💳 \u0000 \u2028 \r\n '\"; drop table -- \ufffd";
    await create(`odd:${odd}`, odd);
    t.equal((await store.read(`odd:${odd}`))?.value, odd);
    t.strictSame(await store.list("odd:"), [`odd:${odd}`]);
    await create("odd2:", "");
    t.equal((await store.read("odd2:"))?.value, "");
  });
}

/** What one gateway tells another. */
function news(t: Test, { backend, under }: Opened): void {
  t.test("a gateway hears what another told, not what it told itself", async (t) => {
    const other = await under.open();
    t.teardown(() => other.close());
    const own: (string | null)[] = [];
    const [heardAll, all] = collector(2);
    const stopOwn = backend.bulletin.listen((key) => own.push(key));
    const stop = other.bulletin.listen(heardAll);
    t.teardown(() => {
      stopOwn();
      stop();
    });
    await inTouch(backend, other);
    await inTouch(other, backend);
    await backend.bulletin.tell("news:1");
    await backend.bulletin.tell("news:ë2");
    t.strictSame(await all, ["news:1", "news:ë2"]);
    const [heardOwn, answer] = collector(1);
    t.teardown(backend.bulletin.listen(heardOwn));
    await other.bulletin.tell("news:3");
    t.strictSame(await answer, ["news:3"]);
    t.notOk(own.includes("news:1"));
  });

  t.test("who stopped listening hears no more", async (t) => {
    const other = await under.open();
    t.teardown(() => other.close());
    const silent: (string | null)[] = [];
    other.bulletin.listen((key) => silent.push(key))();
    const [heard, all] = collector(1);
    t.teardown(other.bulletin.listen(heard));
    await inTouch(backend, other);
    await backend.bulletin.tell("quiet:1");
    t.strictSame(await all, ["quiet:1"]);
    t.strictSame(silent, []);
  });
}

/** What comes of a store that was closed. */
function closing(t: Test, { expiresAt, store, under }: Opened): void {
  t.test("a closed store says so and takes nothing", async (t) => {
    const closed = await under.open();
    await closed.close();
    await closed.close();
    const fault = { code: "store-unavailable" };
    await t.rejects(closed.store.read("a:1"), fault);
    await t.rejects(closed.store.write("a:9", "x", { version: null, expiresAt: expiresAt() }), fault);
    await t.rejects(closed.store.remove("a:1"), fault);
    await t.rejects(closed.store.list("a:"), fault);
    await t.rejects(closed.bulletin.tell("a:1"), fault);
    t.equal((await store.read("a:1"))?.value, "two", "others go on");
  });
}

/** A gateway that has just begun may not hear yet: comes back when it does. */
async function inTouch(teller: StoreBackend, listener: StoreBackend): Promise<void> {
  let heard = false;
  const stop = listener.bulletin.listen((key) => {
    heard ||= key === HELLO;
  });
  while (!heard) {
    await teller.bulletin.tell(HELLO);
    await new Promise((resolve) => setImmediate(resolve));
  }
  stop();
}

/** A listener, and the first `count` keys that it hears; greetings and "may have missed some" are not counted. */
function collector(count: number): [(key: string | null) => void, Promise<readonly string[]>] {
  const keys: string[] = [];
  const { promise, resolve } = Promise.withResolvers<readonly string[]>();
  const heard = (key: string | null) => {
    if (key !== null && key !== HELLO) keys.push(key);
    if (keys.length === count) resolve(keys);
  };
  return [heard, promise];
}
