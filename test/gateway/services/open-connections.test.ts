import t from "tap";
import { type CutReason, Sockets } from "../../../src/gateway/services/open-connections.ts";

const ONE = "i-1";
const OTHER = "i-3";

const TUNNEL = { tunnel: true, lifted: false, ask: null };

/** A cut that writes down what it was told. */
function heard(): { readonly words: CutReason[]; readonly cut: (why: CutReason) => void } {
  const words: CutReason[] = [];
  return { words, cut: (why) => words.push(why) };
}

t.test("ending an impersonation cuts all of its sockets and no other", async (t) => {
  const registry = new Sockets();
  const [one, two, other] = [heard(), heard(), heard()];
  registry.add(ONE, one.cut);
  registry.add(ONE, two.cut);
  registry.add(OTHER, other.cut);
  t.equal(registry.cut("i-1", "ended-by-agent"), 2);
  t.same(one.words, ["ended-by-agent"]);
  t.same(two.words, ["ended-by-agent"]);
  t.same(other.words, []);
  t.equal(registry.count(), 1);
});

t.test("a socket is cut once, however often its impersonation ends", async (t) => {
  const registry = new Sockets();
  const one = heard();
  registry.add(ONE, one.cut);
  registry.cut("i-1", "ended-idle");
  t.equal(registry.cut("i-1", "ended-revoked"), 0);
  t.equal(registry.cutImpersonated("going-away"), 0);
  t.same(one.words, ["ended-idle"]);
});

t.test("a socket that ended by itself is forgotten, and forgetting twice does no harm", async (t) => {
  const registry = new Sockets();
  const [one, two] = [heard(), heard()];
  const forget = registry.add(ONE, one.cut);
  registry.add(ONE, two.cut);
  forget();
  forget();
  t.equal(registry.count(), 1);
  t.equal(registry.cut("i-1", "ended-by-agent"), 1);
  t.same(one.words, []);
});

t.test("switching off cuts everything under an impersonation, and no own traffic", async (t) => {
  const registry = new Sockets();
  const [one, other, own] = [heard(), heard(), heard()];
  registry.add(ONE, one.cut);
  registry.add(OTHER, other.cut, TUNNEL);
  registry.add(null, own.cut, TUNNEL);
  t.equal(registry.impersonated().length, 2);
  t.equal(registry.cutImpersonated("ended-revoked"), 2);
  t.same([one.words, other.words, own.words], [["ended-revoked"], ["ended-revoked"], []]);
  t.same(registry.impersonated(), []);
});

t.test("going down cuts tunnels, whosever they are, and lets requests finish", async (t) => {
  const registry = new Sockets();
  const [own, impersonated, request] = [heard(), heard(), heard()];
  registry.add(null, own.cut, TUNNEL);
  registry.add(ONE, impersonated.cut, TUNNEL);
  registry.add(ONE, request.cut);
  registry.cut("i-3", "ended-by-agent");
  t.equal(registry.cutTunnels("going-away"), 2);
  t.same([own.words, impersonated.words, request.words], [["going-away"], ["going-away"], []]);
  t.equal(registry.cut("i-1", "ended-revoked"), 1, "and what is left can still be cut");
});

t.test("a tunnel that was still being decided when all were told to go is told so as well", async (t) => {
  const registry = new Sockets();
  const [own, impersonated, request] = [heard(), heard(), heard()];
  registry.cutTunnels("going-away");
  registry.add(null, own.cut, TUNNEL);
  registry.add(ONE, impersonated.cut, TUNNEL);
  registry.add(ONE, request.cut);
  t.same([own.words, impersonated.words, request.words], [["going-away"], ["going-away"], []]);
  t.equal(registry.count(), 1);
});

t.test("back in mode read, the tunnels that were lifted to write are cut, and no other", async (t) => {
  const registry = new Sockets();
  const [lifted, listening, other] = [heard(), heard(), heard()];
  registry.add(ONE, lifted.cut, { ...TUNNEL, lifted: true });
  registry.add(ONE, listening.cut, TUNNEL);
  registry.add(OTHER, other.cut, { ...TUNNEL, lifted: true });
  t.equal(registry.cutLifted("i-1"), 1);
  t.same([lifted.words, listening.words, other.words], [["read-only"], [], []]);
  registry.add(ONE, lifted.cut, TUNNEL);
  t.equal(registry.count(), 3, "the impersonation goes on");
});

t.test("one alone can be cut, once", async (t) => {
  const registry = new Sockets();
  const [one, other] = [heard(), heard()];
  registry.add(ONE, one.cut);
  registry.add(ONE, other.cut);
  const [first] = registry.impersonated();
  if (first === undefined) throw new Error("nothing is open");
  registry.cutOne(first, "signed-out");
  registry.cutOne(first, "signed-out");
  t.same([one.words, other.words], [["signed-out"], []]);
  t.equal(registry.count(), 1);
});

t.test("a socket that arrives after its impersonation ended is cut at once", async (t) => {
  const registry = new Sockets();
  registry.cut("i-1", "ended-revoked");
  const late = heard();
  const forget = registry.add(ONE, late.cut);
  t.same(late.words, ["ended-revoked"]);
  t.equal(registry.count(), 0);
  forget();
  t.equal(registry.count(), 0);
});

t.test("the memory of ended impersonations is bounded, oldest out first", async (t) => {
  const registry = new Sockets();
  for (let n = 0; n <= 10_000; n += 1) registry.cut(`gone-${n}`, "ended-expired");
  const [oldest, newest] = [heard(), heard()];
  registry.add("gone-0", oldest.cut);
  registry.add("gone-10000", newest.cut);
  t.same(oldest.words, []);
  t.same(newest.words, ["ended-expired"]);
});

t.test("one that can't be cut doesn't save the others, and is told of", async (t) => {
  const registry = new Sockets();
  const other = heard();
  registry.add(ONE, () => {
    throw new Error("stuck");
  });
  registry.add(ONE, other.cut);
  t.throws(() => registry.cut("i-1", "ended-by-agent"), { name: "AggregateError" });
  t.same(other.words, ["ended-by-agent"]);
  t.equal(registry.count(), 0);
});

t.test("what ends by itself while the cutting goes on is not cut any more", async (t) => {
  const registry = new Sockets();
  const forgets: (() => void)[] = [];
  for (let n = 0; n < 10; n += 1) {
    forgets.push(
      registry.add(ONE, () => {
        for (const forget of forgets) forget();
      }),
    );
  }
  t.equal(registry.cut("i-1", "ended-by-agent"), 1);
  t.equal(registry.count(), 0);
});

t.test("ten thousand sockets are entered, found and cut by their owners", async (t) => {
  const registry = new Sockets();
  let cuts = 0;
  for (let n = 0; n < 10_000; n += 1) {
    registry.add(`i-${n % 100}`, () => {
      cuts += 1;
    });
  }
  t.equal(registry.cut("i-7", "ended-by-agent"), 100);
  t.equal(registry.cutImpersonated("going-away"), 9_900);
  t.equal(cuts, 10_000);
});
