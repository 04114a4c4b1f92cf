import fc from "fast-check";
import {
  type AnswerPlan,
  asksToClose,
  closesBehind,
  type Plan,
  type RequestPlan,
  type WhoPlan,
} from "./plan.ts";
import type { Field } from "./reader.ts";
import { anyName, anyValue, bodies, field, part, requests, spelled, writes } from "./requests.ts";

const utf8 = (text: string) => Buffer.from(text).toString("latin1");

const ordinary: fc.Arbitrary<Field> = fc.oneof(
  field(
    "Content-Type",
    "text/html; charset=utf-8",
    "application/json",
    "text/event-stream",
    "image/svg+xml",
    "nonsense",
    "",
  ),
  field("Date", "Sat, 28 Nov 2026 10:00:00 GMT"),
  field("Server", "nginx", "Apache/2.4 (Debian)"),
  field("ETag", '"3"', 'W/"a"'),
  field("Last-Modified", "Sat, 28 Nov 2026 09:00:00 GMT"),
  field("Cache-Control", "no-store", "public, max-age=60", "private"),
  field("Expires", "0"),
  field("Pragma", "no-cache"),
  field("Age", "5"),
  field("Vary", "Accept-Encoding", "Cookie", "*"),
  field("Location", "/next", "http://elsewhere.example/", "//app.example/x", ""),
  field("Link", "</style.css>; rel=preload"),
  field(
    "Content-Disposition",
    'attachment; filename="M\xfcller.pdf"',
    `attachment; filename="${utf8("Müller")}.pdf"`,
    "inline",
  ),
  field("Content-Language", "pt"),
  field("Content-Range", "bytes 0-9/100"),
  field("Accept-Ranges", "bytes"),
  field(
    "Set-Cookie",
    "a=1; Path=/",
    "b=2; HttpOnly; Secure; SameSite=Lax",
    "c=; Max-Age=0",
    "d=\xe9",
    "session=x; Domain=app.example",
  ),
  field("WWW-Authenticate", 'Basic realm="x"', "Negotiate"),
  field("Content-Security-Policy", "default-src 'self'", "script-src 'nonce-abc'"),
  field("Strict-Transport-Security", "max-age=1"),
  field("X-Frame-Options", "DENY"),
  field("Access-Control-Allow-Origin", "*"),
  field("Allow", "GET, HEAD"),
  field("Retry-After", "120"),
  field("Refresh", "5; url=/next"),
  field("Alt-Svc", 'h3=":443"'),
  field("X-Powered-By", "PHP/8.2"),
  // Folded, as old servers write, and as long as the policies of large sites.
  field("X-Folded", "a\r\n b", "a\r\n\t b; c"),
  field("X-Long", "x".repeat(18_000)),
  field("Clear-Site-Data", '"cache"'),
);
const between: fc.Arbitrary<Field> = fc.oneof(
  field("Connection", "keep-alive", "X-Ahop"),
  field("Keep-Alive", "timeout=5, max=100"),
  field("X-Ahop", "1"),
  field("Proxy-Connection", "keep-alive"),
);
const fields: fc.Arbitrary<Field[]> = fc.array(
  fc.oneof(
    { weight: 12, arbitrary: ordinary },
    { weight: 4, arbitrary: fc.tuple(spelled(anyName), anyValue) },
    { weight: 1, arbitrary: between },
  ),
  { maxLength: 10, size: "max" },
);

const status = fc.oneof(
  { weight: 8, arbitrary: fc.constant(200) },
  {
    weight: 6,
    arbitrary: fc.constantFrom(
      201,
      202,
      203,
      204,
      205,
      206,
      226,
      299,
      300,
      301,
      302,
      303,
      304,
      307,
      308,
      400,
      401,
      403,
      404,
      405,
      409,
      410,
      412,
      413,
      416,
      418,
      422,
      429,
      451,
      499,
      500,
      501,
      502,
      503,
      504,
      599,
      600,
      999,
    ),
  },
);
const reason = fc.oneof(
  { weight: 5, arbitrary: fc.constantFrom("OK", "Not Found", "Whatever it is") },
  { weight: 1, arbitrary: fc.constantFrom("", "Fa\xe7ade", utf8("né"), "tab\tinside", "two  spaces") },
);
const begin = fc.oneof(
  { weight: 12, arbitrary: fc.constant({ kind: "end" as const }) },
  { weight: 1, arbitrary: fc.constant({ kind: "head" as const }) },
  { weight: 1, arbitrary: part.map((it) => ({ kind: "bytes" as const, part: it })) },
);
const ending = fc.oneof(
  { weight: 12, arbitrary: fc.constant({ kind: "keep" as const }) },
  { weight: 2, arbitrary: fc.constant({ kind: "close" as const }) },
  { weight: 1, arbitrary: fc.constant({ kind: "drop" as const }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("cut" as const),
      // Never behind the last byte: nobody would know of that end.
      part: part.map((it) => it * 0.999),
      how: fc.constantFrom("end" as const, "reset" as const),
    }),
  },
);
const interim = fc.oneof(
  { weight: 10, arbitrary: fc.constant([]) },
  {
    weight: 1,
    arbitrary: fc.array(
      fc.record({
        status: fc.constantFrom(100, 102, 103, 199),
        fields: fc.array(field("Link", "</a.css>; rel=preload"), { maxLength: 2 }),
      }),
      { minLength: 1, maxLength: 3 },
    ),
  },
);

const answers: fc.Arbitrary<AnswerPlan> = fc.record({
  begin,
  interim,
  version: fc.oneof(
    { weight: 9, arbitrary: fc.constant("1.1" as const) },
    { weight: 1, arbitrary: fc.constant("1.0" as const) },
  ),
  status,
  reason,
  fields,
  framingAt: fc.nat({ max: 12 }),
  body: bodies({ weight: 5, kind: "length" }, { weight: 4, kind: "chunked" }, { weight: 1, kind: "none" }),
  coding: fc.oneof(
    { weight: 8, arbitrary: fc.constant("none" as const) },
    { weight: 1, arbitrary: fc.constantFrom("gzip" as const, "br" as const) },
  ),
  lines: fc.oneof(
    { weight: 20, arbitrary: fc.constant("\r\n" as const) },
    { weight: 1, arbitrary: fc.constant("\n" as const) },
  ),
  writes,
  ending,
});

const who: fc.Arbitrary<WhoPlan> = fc.record({
  answer: fc.constantFrom("known", "guest", "error", "closed"),
  delay: fc.oneof(
    { weight: 9, arbitrary: fc.constantFrom("none" as const, "immediate" as const, "millisecond" as const) },
    { weight: 1, arbitrary: fc.constant("long" as const) },
  ),
});

type Exchange = Plan["exchanges"][number];

/** One connection with one to four exchanges. */
export const plans: fc.Arbitrary<Plan> = fc
  .record({
    pipelined: fc.oneof(
      { weight: 7, arbitrary: fc.constant(false) },
      { weight: 1, arbitrary: fc.constant(true) },
    ),
    halfCloses: fc.oneof(
      { weight: 7, arbitrary: fc.constant(false) },
      { weight: 1, arbitrary: fc.constant(true) },
    ),
    who,
    exchanges: fc.oneof(
      {
        weight: 3,
        arbitrary: fc.array(fc.record({ request: requests, answer: answers }), {
          minLength: 1,
          maxLength: 1,
        }),
      },
      {
        weight: 1,
        arbitrary: fc.array(fc.record({ request: requests, answer: answers }), {
          minLength: 2,
          maxLength: 4,
        }),
      },
    ),
  })
  .map((plan) => ({
    ...plan,
    exchanges: plan.exchanges.map((exchange, nth) => {
      const last = nth === plan.exchanges.length - 1;
      const sensible = sane(exchange, last);
      return plan.pipelined ? inOneGo(sensible, nth, last) : sensible;
    }),
  }));

/** What no app would answer is made into what one would. */
function sane({ request, answer }: Exchange, last: boolean): Exchange {
  const old = request.version === "1.0" || answer.version === "1.0";
  const kind = answer.body.kind === "chunked" && old ? "none" : answer.body.kind;
  const size = answer.status === 205 ? 0 : answer.body.size;
  const body = { ...answer.body, kind, size };
  const coded = answer.coding === "none" ? [] : [["Content-Encoding", answer.coding] as const];
  const early = answer.begin.kind !== "end";
  const whole = request.body.kind === "none" || request.body.size === 0;
  const ending = endingOf(answer, early && !whole, last);
  const made: AnswerPlan = {
    ...answer,
    body,
    ending,
    begin: whole ? { kind: "end" } : beginOf(answer, request),
    interim: request.version === "1.0" ? [] : answer.interim,
    fields: [...answer.fields, ...coded],
  };
  if (!closesBehind({ request, answer: made })) return { request, answer: made };
  // It doesn't say that it stays open.
  const honest = made.fields.filter(([name, value]) => !isConnection(name) || value !== "keep-alive");
  return {
    request,
    answer: { ...made, fields: honest.filter(([name]) => name.toLowerCase() !== "keep-alive") },
  };
}

const isConnection = (name: string) => name.toLowerCase() === "connection";

/** Only of a length is a part known, and who waits to be told sends no part of it. */
function beginOf({ begin }: AnswerPlan, { body, expects }: RequestPlan): AnswerPlan["begin"] {
  if (begin.kind !== "bytes" || (body.kind === "length" && !expects)) return begin;
  return { kind: "head" };
}

/** Nobody can send anything behind an end that wasn't announced, and a cut would race with an upload that still comes. */
function endingOf({ ending }: AnswerPlan, early: boolean, last: boolean): AnswerPlan["ending"] {
  if (ending.kind === "drop" && !last) return { kind: "keep" };
  return ending.kind === "cut" && early ? { kind: "close" } : ending;
}

/** Behind one that is still unanswered comes only what can't change how that one goes. */
function inOneGo({ request, answer }: Exchange, nth: number, last: boolean): Exchange {
  const quiet = (it: AnswerPlan["writes"]) => ({
    ...it,
    pause: it.pause === "turns" ? ("none" as const) : it.pause,
  });
  const { kind } = answer.body;
  const named = request.fields.some(([name]) => name.toLowerCase() === "host");
  const asked: RequestPlan = {
    ...request,
    version: "1.1",
    target: `/${nth}${request.target.startsWith("/") ? request.target : "/"}`,
    expects: false,
    fields: [
      ...(named ? [] : [["Host", "app.example"] as const]),
      ...request.fields.filter(
        ([name]) => name.toLowerCase() !== "expect" && (last || name.toLowerCase() !== "connection"),
      ),
    ],
    writes: quiet(request.writes),
  };
  return {
    request: asked,
    answer: {
      ...answer,
      begin: { kind: "end" },
      interim: [],
      version: "1.1",
      body: { ...answer.body, kind: kind === "none" && !last ? "length" : kind },
      ending: last && !asksToClose(asked) ? answer.ending : { kind: "keep" },
      writes: quiet(answer.writes),
    },
  };
}
