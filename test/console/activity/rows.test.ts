import t from "tap";
import type { Written } from "../../../src/audit/record/parse.ts";
import { whatOf } from "../../../src/console/activity/rows.ts";

const STARTED: Written = {
  "@timestamp": "2026-05-28T20:26:40.000Z",
  event: {
    sequence: 1,
    id: "e1",
    action: "impersonation.started",
    reference: "T-1042",
    reason: "Can not publish",
  },
  guise: {},
} as Written;

t.test("what happened to an impersonation is told with its ticket and its reason", async (t) => {
  t.equal(
    whatOf(STARTED).text,
    '<strong>Started</strong> <span class="faint">T-1042 · Can not publish</span>',
  );
  t.equal(
    whatOf({ ...STARTED, event: { ...STARTED.event, reference: "<b>", reason: "" } }).text.includes("<b>"),
    false,
  );
});
