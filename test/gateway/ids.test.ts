import t from "tap";
import { timeOrderedId } from "../../src/gateway/ids.ts";

t.test("an id is a UUID of version 7 that says when it was made", async (t) => {
  const id = timeOrderedId(1_700_000_000_000);
  t.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  t.equal(Number.parseInt(id.replace("-", "").slice(0, 12), 16), 1_700_000_000_000);
});

t.test("ids of later milliseconds sort behind those of earlier ones", async (t) => {
  const times = [0, 1, 255, 256, 1_700_000_000_000, 1_700_000_000_001, 2 ** 48 - 1];
  const ids = times.map(timeOrderedId);
  t.same(ids.toSorted(), ids);
});

t.test("no two of one millisecond are the same", async (t) => {
  t.equal(new Set(Array.from({ length: 1000 }, () => timeOrderedId(5))).size, 1000);
});
