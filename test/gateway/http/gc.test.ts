import { PerformanceObserver } from "node:perf_hooks";
import { setImmediate } from "node:timers/promises";
import t from "tap";
import { passed } from "../../../src/gateway/http/gc.ts";

const MB = 1024 ** 2;

t.test("eight megabytes of a long body bring a collection, any number of short bodies none", async (t) => {
  let collections = 0;
  const observer = new PerformanceObserver((list) => {
    collections += list.getEntries().length;
  });
  observer.observe({ entryTypes: ["gc"] });
  t.teardown(() => observer.disconnect());
  for (let nth = 0; nth < 64; nth += 1) passed(MB - 1, 0);
  await setImmediate();
  const before = collections;
  for (let nth = 0; nth < 8; nth += 1) passed(MB, 2 * MB);
  for (let turn = 0; turn < 10 && collections === before; turn += 1) await setImmediate();
  t.ok(collections > before);
});
