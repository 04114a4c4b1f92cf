import t from "tap";
import { holder } from "../../src/config/hold.ts";
import { MINIMAL, snapshotOf } from "../fixtures/gateway/config.ts";

t.test("what was asked for before a swap stays as it was", async (t) => {
  const [first, second] = [snapshotOf(MINIMAL), snapshotOf(`${MINIMAL}trustedProxies: [127.0.0.1]`)];
  const held = holder(first);
  const pinned = held.current();
  held.swap(second);
  t.equal(pinned, first);
  t.same(held.current(), second);
});

t.test("the prefix stays, because the pages below it do", async (t) => {
  const held = holder(snapshotOf(`${MINIMAL}publicUrl: https://b.example`));
  held.swap(snapshotOf(`${MINIMAL}prefix: /x\npublicUrl: https://a.example`));
  t.equal(held.current().settings.prefix, "/.guise");
  t.equal(held.current().settings.publicUrl, "https://a.example");
});

t.test("what names our cookie stays, because browsers have it", async (t) => {
  const held = holder(snapshotOf(MINIMAL));
  held.swap(snapshotOf(`${MINIMAL}cookie: { name: other }\npublicUrl: https://a.example`));
  t.equal(held.current().settings.cookie.name, "guise");
  t.equal(held.current().settings.publicUrl, null);
  held.swap(snapshotOf(`${MINIMAL}trustedProxies: [127.0.0.1]`));
  t.same(held.current().settings.trustedProxies, ["127.0.0.1"]);
});
