import t from "tap";
import { breaker } from "../../src/clients/breaker.ts";
import { fakeClock } from "../fixtures/clock.ts";

t.test("C25: rests after failures in a row, then lets one try through", async (t) => {
  const clock = fakeClock();
  const guard = breaker(clock, { failures: 2, rest: 100 });
  guard.failed();
  t.ok(guard.allows());
  guard.failed();
  t.notOk(guard.allows());
  clock.pass(100);
  t.ok(guard.allows(), "one may try");
  t.notOk(guard.allows(), "the others wait for what came of it");
  guard.failed();
  clock.pass(99);
  t.notOk(guard.allows());
  clock.pass(1);
  t.ok(guard.allows());
  guard.succeeded();
  t.ok(guard.allows());
  t.ok(guard.allows());
});

t.test("a success in between begins the count anew", async (t) => {
  const guard = breaker(fakeClock(), { failures: 2, rest: 100 });
  for (let n = 0; n < 5; n += 1) {
    guard.failed();
    guard.succeeded();
  }
  t.ok(guard.allows());
});
