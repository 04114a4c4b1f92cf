import { EventEmitter } from "node:events";
import t from "tap";
import { rateLimits } from "../../../src/gateway/services/rate-limits.ts";

t.test("so many requests are open for one impersonation, and no more until one of them closes", async (t) => {
  const all = rateLimits();
  const [one, two, three] = [new EventEmitter(), new EventEmitter(), new EventEmitter()];
  all.take("a", 2, one);
  all.take("a", 2, two);
  t.throws(() => all.take("a", 2, three), { code: "overloaded", status: 503 });
  t.equal(all.count("a"), 2);
  one.emit("close");
  all.take("a", 2, three);
  t.equal(all.count("a"), 2);
});

t.test("one impersonation takes no seat of another", async (t) => {
  const all = rateLimits();
  all.take("a", 1, new EventEmitter());
  all.take("b", 1, new EventEmitter());
  t.same([all.count("a"), all.count("b")], [1, 1]);
});

t.test("a seat that was refused is none that could be given back", async (t) => {
  const all = rateLimits();
  const [one, refused] = [new EventEmitter(), new EventEmitter()];
  all.take("a", 1, one);
  t.throws(() => all.take("a", 1, refused));
  refused.emit("close");
  t.equal(all.count("a"), 1);
  one.emit("close");
  one.emit("close");
  t.equal(all.count("a"), 0);
});
