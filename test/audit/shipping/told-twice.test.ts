import t from "tap";
import { toldTwice } from "../../../src/audit/shipping/told-twice.ts";
import { AUDIT_ACTIONS } from "../../../src/domain/audit-event.ts";

const hook = (url: string, more: { readonly format?: string; readonly events?: readonly string[] } = {}) => ({
  ...{ url, format: "json" },
  ...more,
});
const found = (...hooks: readonly ReturnType<typeof hook>[]) => toldTwice(hooks).map(({ at }) => at);

t.test("two of the same address, format and events are one, however each is written", async (t) => {
  t.same(found(hook("https://a/x"), hook("https://a/x")), [1]);
  t.same(found(hook("https://a"), hook("https://me:secret@A:443/#x"), hook("https://a/")), [1, 2]);
  const [one, two] = ["impersonation.started", "impersonation.ended"];
  t.same(
    found(hook("https://a", { events: [one, two] }), hook("https://a", { events: [two, one, one] })),
    [1],
  );
  t.same(found(hook("https://a"), hook("https://a", { events: [...AUDIT_ACTIONS].toReversed() })), [1]);
  t.match(toldTwice([hook("https://b"), hook("https://a"), hook("https://a")]), [
    { at: 2, message: /webhooks\[1\].*told twice; write one entry/ },
  ]);
});

t.test("an address may be told of other things, or in another way", async (t) => {
  t.same(
    found(
      hook("https://a"),
      hook("https://a", { format: "slack" }),
      hook("https://a", { events: ["impersonation.started"] }),
      hook("https://a", { events: ["impersonation.ended"] }),
      hook("https://a/x"),
      hook("https://a/?x"),
      hook("http://a"),
    ),
    [],
  );
});
