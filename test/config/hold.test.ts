import t from "tap";
import { holder } from "../../src/config/hold.ts";
import { MINIMAL, snapshotOf } from "../fixtures/config.ts";

t.test("what was asked for before a swap stays as it was", async (t) => {
  const [first, second] = [snapshotOf(MINIMAL), snapshotOf(`${MINIMAL}prefix: /x`)];
  const held = holder(first);
  const pinned = held.current();
  held.swap(second);
  t.equal(pinned, first);
  t.equal(held.current(), second);
});
