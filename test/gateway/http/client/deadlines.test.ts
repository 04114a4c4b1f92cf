import { EventEmitter, once } from "node:events";
import t from "tap";
import { Deadlines } from "../../../../src/gateway/http/client/deadlines.ts";
import { LinkedList } from "../../../../src/gateway/http/client/linked-list.ts";
import { Streams } from "../../../../src/gateway/http/client/streams.ts";

t.test("who is late is told in the order in which they came, who is done is not", async (t) => {
  const late: string[] = [];
  const news = new EventEmitter();
  const deadlines = new Deadlines<string>(30, (item) => {
    late.push(item);
    news.emit(item);
  });
  // Its timer keeps no process alive, so that somebody else has to.
  const alive = setInterval(() => undefined, 1_000);
  t.teardown(() => clearInterval(alive));
  deadlines.add("a");
  const b = deadlines.add("b");
  deadlines.add("c");
  t.equal(deadlines.delete(b), true);
  t.equal(deadlines.delete(b), false);
  t.equal(deadlines.size, 2);
  await once(news, "c");
  const last = once(news, "d");
  deadlines.add("d");
  await last;
  t.same(late, ["a", "c", "d"]);
  t.equal(deadlines.size, 0);
});

t.test("a list keeps its order, whatever is taken out", async (t) => {
  const list = new LinkedList<number>();
  const links = [1, 2, 3, 4, 5].map((n) => list.push(n));
  const all = () => {
    const items: number[] = [];
    for (let link = list.first; link !== null; link = link.after) items.push(link.item);
    return items;
  };
  for (const [at, rest] of [
    [2, [1, 2, 4, 5]],
    [0, [2, 4, 5]],
    [4, [2, 4]],
    [4, [2, 4]],
    [1, [4]],
    [3, []],
  ] as const) {
    const link = links[at];
    if (link !== undefined) list.remove(link);
    t.same(all(), rest);
    t.equal(list.size, rest.length);
  }
  list.push(6);
  t.same(all(), [6]);
});

t.test("streams are counted of everybody and of each client", async (t) => {
  const streams = new Streams();
  const limits = { streams: 3, streamsPerClient: 2 };
  t.same(
    ["a", "a", "a", "b", "c"].map((address) => streams.enter(address, limits)),
    [true, true, false, true, false],
  );
  streams.leave("nobody");
  streams.leave("a");
  t.equal(streams.count, 2);
  t.same([streams.enter("c", limits), streams.enter("a", limits)], [true, false]);
});
