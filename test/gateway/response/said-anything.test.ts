import { buffer } from "node:stream/consumers";
import fc from "fast-check";
import t from "tap";
import type { CustomerCard } from "../../../src/domain/consent/consent.ts";
import { saidPlan } from "../../../src/gateway/response/document.ts";
import { head } from "../../fixtures/apps/plan.ts";
import { helping } from "../../fixtures/gateway/help.ts";
import { CLICK, signed } from "../../fixtures/gateway/stages.ts";
import { testServices } from "../../fixtures/gateway/test-services.ts";

/** Pages for each kind of what is inserted; `GUISE_LONG` makes it ten times as many. */
const PAGES = process.env.GUISE_LONG === undefined ? 1_000 : 10_000;

const CARD: CustomerCard = {
  ...{ kind: "asks", customer: "17", about: "c1", who: "Alice", since: 0, until: 60_000 },
  ...{ why: "T-42: the chart", asksForMore: false, language: null },
};

const markup = fc.constantFrom(
  ...[
    "<!doctype html>",
    "<html>",
    "<html lang=pt>",
    "<head>",
    "</head>",
    "<body>",
    "<body class='a>b'>",
    "</body>",
  ],
  ...[
    "<title>x</title>",
    "<title>",
    "<meta charset=utf-8>",
    "<meta charset=shift_jis>",
    "<meta charset=utf-16>",
  ],
  ...[
    "<script>a='<body>'</script>",
    "<script><!--<script>",
    "<style>p{}</style>",
    "<!-- <body> -->",
    "<!--",
    "-->",
  ],
  ...[
    "<p>",
    "text",
    " ",
    "\r\n",
    "<template>",
    "</template>",
    "<noscript>",
    "<frameset>",
    "<plaintext>",
    "<svg>",
  ],
  ...[
    "<textarea>",
    "<base href=/x>",
    "<![CDATA[",
    "]]>",
    "<?xml version='1.0'?>",
    "&amp",
    "<a b=c d='e\"",
    "</html>",
  ],
);

const bytes = fc.oneof(
  { weight: 8, arbitrary: markup.map((it) => Buffer.from(it)) },
  { weight: 2, arbitrary: fc.uint8Array({ maxLength: 12 }).map((it) => Buffer.from(it)) },
  { weight: 1, arbitrary: fc.string({ unit: "binary", maxLength: 12 }).map((it) => Buffer.from(it)) },
  { weight: 1, arbitrary: markup.map((it) => Buffer.from(it, "utf16le")) },
);

const begin = fc.oneof(
  { weight: 9, arbitrary: fc.constant(Buffer.alloc(0)) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(Buffer.of(0xef, 0xbb, 0xbf), Buffer.of(0xff, 0xfe), Buffer.of(0xfe, 0xff)),
  },
);

const page = fc.record({
  whole: fc
    .tuple(begin, fc.array(bytes, { maxLength: 14 }))
    .map(([mark, rest]) => Buffer.concat([mark, ...rest])),
  sizes: fc.array(fc.integer({ min: 1, max: 40 }), { maxLength: 12 }),
  type: fc.constantFrom(
    ...[
      "text/html",
      "text/html; charset=utf-8",
      "text/html; charset=Shift_JIS",
      "text/html; charset=nonsense",
    ],
    ...["text/html; charset=utf-16le", "text/html; charset=iso-2022-jp", "application/xhtml+xml"],
  ),
});

/** What was put in, and where; null where the two are the same, and undefined where the app's bytes are not all there. */
function inserted(app: Buffer, sent: Buffer): Buffer | null | undefined {
  let from = 0;
  while (from < app.length && app[from] === sent[from]) from += 1;
  let behind = 0;
  while (behind < app.length - from && app.at(-1 - behind) === sent.at(-1 - behind)) behind += 1;
  if (from + behind !== app.length) return undefined;
  return sent.length === app.length ? null : sent.subarray(from, sent.length - behind);
}

for (const [what, own, holds] of [
  ["the button", { card: null, help: true }, /help\.js/],
  ["the card", { card: CARD, help: false }, /guise-banner/],
  ["both", { card: CARD, help: true }, /guise-banner.*help\.js/s],
] as const)
  t.test(`around ${what} every byte of a page is the app's, whatever the page is`, async (t) => {
    process.env.SMTP_URL = "smtp://127.0.0.1:25";
    const it = await testServices(t, helping("{ mail: { to: desk@example.com } }"));
    const request = await signed(it, ["GET /site/1", ...CLICK]);
    let with_ = 0;
    await fc.assert(
      fc.asyncProperty(page, async ({ whole, sizes, type }) => {
        const plan = saidPlan(it.services, request, own, {
          ...head(200, "Content-Type", type),
          transform: null,
        });
        if (plan.transform === null) return;
        const { transform } = plan;
        const all = buffer(transform);
        let from = 0;
        for (const size of sizes) {
          if (from >= whole.length) break;
          transform.write(whole.subarray(from, from + size));
          from += size;
        }
        if (from < whole.length) transform.write(whole.subarray(from));
        transform.end();
        const put = inserted(whole, await all);
        if (put === undefined)
          throw new Error(`the app's ${whole.toString("hex")} came as ${(await all).toString("hex")}`);
        if (put === null) return;
        with_ += 1;
        if (!holds.test(put.toString("latin1")))
          throw new Error(`put in: ${put.toString("latin1").slice(0, 200)}`);
      }),
      { numRuns: PAGES },
    );
    t.ok(with_ > PAGES / 5, `${with_} of ${PAGES} pages have it`);
  });
