import { EventEmitter, once } from "node:events";
import t from "tap";
import { ConnectionLost, Pool, type Pooled } from "../../../src/clients/sql/pool.ts";

const NEVER = new AbortController().signal;

/** A connection that does what a test says. */
class Fake extends EventEmitter implements Pooled {
  usable = true;
  destroy(): void {
    if (!this.usable) return;
    this.usable = false;
    this.emit("closed");
  }
  whenClosed(heard: () => void): void {
    this.once("closed", heard);
  }
}

function fakes(most: number, idle = 60_000) {
  const made: Fake[] = [];
  const connect = async () => {
    const one = new Fake();
    made.push(one);
    return one;
  };
  return { made, shared: new Pool({ connect, most, idle }) };
}

t.test(
  "work is done side by side by as many connections as there may be, and they are used again",
  async (t) => {
    const { made, shared } = fakes(2);
    t.teardown(() => shared.close());
    const gate = Promise.withResolvers<void>();
    let running = 0;
    let most = 0;
    const all = Array.from({ length: 6 }, () =>
      shared.use(async () => {
        running += 1;
        most = Math.max(most, running);
        await gate.promise;
        running -= 1;
      }, NEVER),
    );
    gate.resolve();
    await Promise.all(all);
    t.equal(most, 2);
    t.equal(made.length, 2);
  },
);

t.test("who leaves in the middle ends the connection, and the next has another", async (t) => {
  const { made, shared } = fakes(1);
  t.teardown(() => shared.close());
  const leaving = new AbortController();
  const begun = Promise.withResolvers<void>();
  const hanging = shared.use(() => {
    begun.resolve();
    return new Promise(() => undefined);
  }, leaving.signal);
  await begun.promise;
  const waiting = shared.use(async (connection) => connection, NEVER);
  leaving.abort(new Error("gone"));
  await t.rejects(hanging, { message: "gone" });
  t.equal(await waiting, made[1]);
  t.notOk(made[0]?.usable);
});

t.test("who leaves while a connection opens leaves it to the next", async (t) => {
  const { made, shared } = fakes(1);
  t.teardown(() => shared.close());
  const leaving = new AbortController();
  const left = shared.use(async () => "left", leaving.signal);
  leaving.abort(new Error("gone"));
  await t.rejects(left, { message: "gone" });
  t.equal(await shared.use(async (connection) => connection, NEVER), made[0]);
  t.equal(made.length, 1);
});

t.test("who leaves while waiting takes nobody's turn", async (t) => {
  const { made, shared } = fakes(1);
  t.teardown(() => shared.close());
  const gate = Promise.withResolvers<void>();
  const first = shared.use(() => gate.promise, NEVER);
  const leaving = new AbortController();
  const left = shared.use(async () => "left", leaving.signal);
  const stayed = shared.use(async () => "stayed", NEVER);
  leaving.abort(new Error("gone"));
  await t.rejects(left, { message: "gone" });
  gate.resolve();
  await first;
  t.equal(await stayed, "stayed");
  t.equal(made.length, 1);
});

t.test(
  "a connection that died while nobody used it is replaced, once, and so are its neighbours",
  async (t) => {
    const { made, shared } = fakes(2);
    t.teardown(() => shared.close());
    const gate = Promise.withResolvers<void>();
    const both = [1, 2].map(() => shared.use(() => gate.promise, NEVER));
    gate.resolve();
    await Promise.all(both);
    t.equal(made.length, 2);
    const work = async (connection: Fake) => {
      if (made.indexOf(connection) < 2) throw new ConnectionLost("reset");
      return "done";
    };
    t.equal(await shared.use(work, NEVER), "done");
    t.strictSame(
      made.map(({ usable }) => usable),
      [false, false, true],
    );
    const fails = async () => {
      throw new ConnectionLost("again");
    };
    await t.rejects(
      shared.use(fails, NEVER),
      { message: "again" },
      "a new one too is lost: that is an outage",
    );
  },
);

t.test("what the server refuses is not tried twice", async (t) => {
  const { shared } = fakes(1);
  t.teardown(() => shared.close());
  let tries = 0;
  const refused = async () => {
    tries += 1;
    throw new Error("no such table");
  };
  await shared.use(async () => undefined, NEVER);
  await t.rejects(shared.use(refused, NEVER), { message: "no such table" });
  t.equal(tries, 1);
});

t.test("who can't connect is told, and the place is free again", async (t) => {
  let tries = 0;
  const shared = new Pool<Fake>({
    connect: async () => {
      tries += 1;
      if (tries === 1) throw new Error("refused");
      return new Fake();
    },
    most: 1,
    idle: 60_000,
  });
  t.teardown(() => shared.close());
  await t.rejects(
    shared.use(async () => undefined, NEVER),
    { message: "refused" },
  );
  t.equal(await shared.use(async () => "served", NEVER), "served");
});

t.test("a connection that nobody uses for its time is closed", async (t) => {
  const { made, shared } = fakes(1, 5);
  // The pool's own timer keeps no process.
  const keeping = setInterval(() => undefined, 1_000);
  t.teardown(() => clearInterval(keeping));
  await shared.use(async () => undefined, NEVER);
  const [only] = made;
  if (only?.usable) await once(only, "closed");
  t.notOk(only?.usable);
  await shared.use(async () => undefined, NEVER);
  t.equal(made.length, 2);
  shared.close();
});

t.test("closed, it ends what is under way and takes no more", async (t) => {
  const { made, shared } = fakes(1);
  await shared.use(async () => undefined, NEVER);
  shared.close();
  t.notOk(made[0]?.usable);
  await t.rejects(
    shared.use(async () => undefined, NEVER),
    { message: /closed/ },
  );
});
