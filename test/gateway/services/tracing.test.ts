import t from "tap";
import { traceParent } from "../../../src/gateway/services/tracing.ts";

const TRACE = "0af7651916cd43dd8448eb211c80319c";
const SPAN = "b7ad6b7169203331";

t.test("a traceparent says its trace, its span and its flags", (t) => {
  t.same(traceParent(`00-${TRACE}-${SPAN}-01`), { traceId: TRACE, spanId: SPAN, flags: 1 });
  t.same(traceParent(` 00-${TRACE}-${SPAN}-00 `), { traceId: TRACE, spanId: SPAN, flags: 0 });
  t.same(traceParent(`cc-${TRACE}-${SPAN}-01-what-the-future-brings`), {
    traceId: TRACE,
    spanId: SPAN,
    flags: 1,
  });
  t.end();
});

t.test("what the standard leaves aside says nothing", (t) => {
  const wrong = [
    undefined,
    "",
    "nonsense",
    `ff-${TRACE}-${SPAN}-01`,
    `00-${TRACE}-${SPAN}-01-more`,
    `00-${"0".repeat(32)}-${SPAN}-01`,
    `00-${TRACE}-${"0".repeat(16)}-01`,
    `00-${TRACE.toUpperCase()}-${SPAN}-01`,
    `00-${TRACE}-${SPAN}`,
    [`00-${TRACE}-${SPAN}-01`],
  ];
  for (const header of wrong) t.equal(traceParent(header), null, String(header));
  t.end();
});
