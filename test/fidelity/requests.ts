import fc from "fast-check";
import type { Body, RequestPlan, Writes } from "./plan.ts";
import type { Field } from "./reader.ts";
import { SESSION } from "./site.ts";

/** Text as the bytes of its UTF-8, each one a character. */
const utf8 = (text: string) => Buffer.from(text).toString("latin1");

export const sizes = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 0, max: 300 }) },
  { weight: 4, arbitrary: fc.integer({ min: 0, max: 20_000 }) },
  // Where buffers, packets and limits end.
  {
    weight: 4,
    arbitrary: fc.constantFrom(
      1,
      1_448,
      4_344,
      16_383,
      16_384,
      16_385,
      65_500,
      65_535,
      65_536,
      65_537,
      131_072,
    ),
  },
  { weight: 1, arbitrary: fc.integer({ min: 65_536, max: 400_000 }) },
);
const longSizes = fc.integer({ min: 1_000_000, max: 3_500_000 });
export const anySize = fc.oneof({ weight: 60, arbitrary: sizes }, { weight: 1, arbitrary: longSizes });

/** A part of a whole. */
export const part = fc.integer({ min: 0, max: 1_000 }).map((it) => it / 1_000);
export const parts = fc.array(part, { maxLength: 6 });

export const writes: fc.Arbitrary<Writes> = fc.record({
  cuts: parts,
  headFirst: fc.boolean(),
  pause: fc.oneof(
    { weight: 8, arbitrary: fc.constantFrom("none" as const, "immediate" as const, "millisecond" as const) },
    { weight: 1, arbitrary: fc.constant("turns" as const) },
  ),
});

const visible = fc.string({
  unit: fc.integer({ min: 0x21, max: 0x7e }).map((it) => String.fromCharCode(it)),
  maxLength: 12,
});
const highBytes = fc
  .array(fc.integer({ min: 0x80, max: 0xff }), { minLength: 1, maxLength: 6 })
  .map((bytes) => String.fromCharCode(...bytes));
/** Values of any header: plain, with white space inside, raw Latin-1, UTF-8 and other bytes. */
export const anyValue = fc
  .oneof(
    { weight: 5, arbitrary: visible },
    {
      weight: 2,
      arbitrary: fc.tuple(visible, fc.constantFrom(" ", "  ", "\t", ", "), visible).map((it) => it.join("")),
    },
    { weight: 1, arbitrary: fc.tuple(visible, highBytes).map((it) => it.join("")) },
    { weight: 1, arbitrary: fc.constantFrom("é", "名前", "🦊", "Müller").map(utf8) },
    { weight: 1, arbitrary: fc.constantFrom("M\xfcller", "\x83e\x83X\x83g", '"quoted, comma"', "a;b=c") },
  )
  .map((text) => text.replace(/^[ \t]+|[ \t]+$/g, ""));

/** The same name as somebody else would write it. */
export function spelled(name: fc.Arbitrary<string>): fc.Arbitrary<string> {
  const spellings = [
    (it: string) => it,
    (it: string) => it,
    (it: string) => it.toLowerCase(),
    (it: string) => it.toUpperCase(),
    (it: string) =>
      [...it].map((letter, at) => (at % 2 === 0 ? letter.toLowerCase() : letter.toUpperCase())).join(""),
  ];
  return fc.tuple(name, fc.constantFrom(...spellings)).map(([it, spelling]) => spelling(it));
}

export const anyName = fc
  .string({ unit: fc.constantFrom(..."abcdefghijklmnopqrstuvwxyz0123456789-_"), minLength: 1, maxLength: 10 })
  .map((it) => `X-A${it}`);

/** A header of one of these names with one of its values. */
export function field(name: string, ...values: readonly string[]): fc.Arbitrary<Field> {
  return fc.tuple(spelled(fc.constant(name)), fc.constantFrom(...values));
}

const ordinary: fc.Arbitrary<Field> = fc.oneof(
  field("Accept", "*/*", "text/html,application/xhtml+xml;q=0.9", "application/json"),
  field("Accept-Encoding", "gzip, deflate, br", "identity", "zstd"),
  field("Accept-Language", "de-DE,de;q=0.9", "pt"),
  field("Authorization", "Basic dXNlcjpwYXNz", "Bearer abc.def.ghi", "Negotiate YII="),
  field("Cache-Control", "no-cache", "max-age=0"),
  field(
    "Content-Type",
    "application/json",
    "text/plain; charset=utf-8",
    "multipart/form-data; boundary=x",
    "nonsense",
    "",
  ),
  field("Content-Encoding", "gzip", "br"),
  field("Origin", "http://app.example", "null"),
  field("Referer", "http://app.example/a?b=c"),
  field("User-Agent", "Mozilla/5.0 (X11)", "curl/8.0", ""),
  field("X-Requested-With", "XMLHttpRequest"),
  field("X-CSRF-Token", "abc"),
  field("X-HTTP-Method-Override", "PUT", "DELETE"),
  field("Priority", "u=1, i"),
  field("DNT", "1"),
  field("Destination", "http://app.example/b"),
  field("Depth", "0", "infinity"),
  field("Tus-Resumable", "1.0.0"),
  field("Sec-Fetch-Site", "same-origin", "cross-site", "none"),
  field("Sec-Fetch-Mode", "cors", "no-cors"),
  field("Sec-Fetch-Dest", "empty", "image", "script"),
  field("Via", "1.1 proxy"),
  field("Max-Forwards", "10"),
  field("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
  field("tracestate", "rojo=00f067aa0ba902b7,congo=t61rcWkgMzE"),
  field("baggage", "userId=alice,serverNode=DF%2028;isProduction"),
);
const conditional: fc.Arbitrary<Field> = fc.oneof(
  field("If-None-Match", '"a"', 'W/"a", "b"', "*"),
  field("If-Match", '"2"'),
  field("If-Modified-Since", "Sat, 28 Nov 2026 10:00:00 GMT"),
  field("If-Unmodified-Since", "Sat, 28 Nov 2026 10:00:00 GMT"),
  field("If-Range", '"v1"'),
  field("Range", "bytes=500-", "bytes=0-0,-1", "items=1-2"),
);
const between: fc.Arbitrary<Field> = fc.oneof(
  field("Connection", "keep-alive", "close", "keep-alive, X-Ahop"),
  field("Keep-Alive", "timeout=5"),
  field("TE", "trailers"),
  field("Proxy-Connection", "keep-alive"),
  field("Proxy-Authorization", "Basic eDp5"),
  field("X-Ahop", "1"),
);
/** What proxies say of a request, and names that only proxies may use. */
const ofProxies: fc.Arbitrary<Field> = fc.oneof(
  field("X-Forwarded-For", "203.0.113.7"),
  field("X-Forwarded-Proto", "https"),
  field("X-Forwarded-Host", "other.example"),
  field("Forwarded", "for=203.0.113.7"),
  field("X-Real-IP", "203.0.113.7"),
  field("X-Original-URL", "/admin"),
  field("Remote-User", "root"),
  field("X-Guise-User", "root"),
  field("X-Guise-Assertion", "forged"),
  field("X-Auth-Request-Email", "a@example.com"),
);
/** One of the gateway's own cookies; beside another one of such a name it would be somebody's trick, which is refused. */
const OURS = /;guise-before=W10\.0\.zz/;
const pair = fc.oneof(
  fc.constantFrom(
    "a=1",
    "b=2; c=3",
    "token=x.y.z",
    'q="quoted"',
    "flag",
    "=empty",
    "a=1;b=2",
    "e=",
    "guise_x=1",
    "guise=looks-like-ours",
    "guise-notice=1",
    "a=1;guise-before=W10.0.zz; b=2",
    "guise-worn=1",
    "__Host-guise-worn=1; a=1",
    "__Host-guise=1",
    "theme=dark; lang=pt ",
  ),
  fc
    .tuple(fc.constantFrom("k", "n", "z"), fc.oneof(visible, highBytes))
    .map(([name, value]) => `${name}=${value}`),
  fc.nat({ max: 0xff_ff_ff }).map((id) => `${SESSION}=s${id.toString(16)}`),
);
const cookie: fc.Arbitrary<Field> = fc.tuple(
  spelled(fc.constant("Cookie")),
  fc.array(pair, { minLength: 1, maxLength: 4 }).map((all) => all.join("; ").trim()),
);
const person = field("X-User", "17", "23");

const some: fc.Arbitrary<Field[]> = fc.array(
  fc.oneof(
    { weight: 10, arbitrary: ordinary },
    { weight: 5, arbitrary: fc.tuple(spelled(anyName), anyValue) },
    { weight: 2, arbitrary: conditional },
    { weight: 2, arbitrary: cookie },
    { weight: 1, arbitrary: between },
    { weight: 1, arbitrary: ofProxies },
    { weight: 1, arbitrary: person },
  ),
  { maxLength: 10, size: "max" },
);
/** Very many lines, and very long ones, below the 32 kB of `limits.headers`. */
const bulk: fc.Arbitrary<Field[]> = fc.oneof(
  { weight: 60, arbitrary: fc.constant<Field[]>([]) },
  {
    weight: 1,
    arbitrary: fc.integer({ min: 900, max: 2_500 }).map((count) => new Array<Field>(count).fill(["X-B", ""])),
  },
  {
    weight: 1,
    arbitrary: fc.integer({ min: 4_000, max: 20_000 }).map((size): Field[] => [["X-C", "c".repeat(size)]]),
  },
);
const fields = fc.tuple(bulk, some).map((both) => both.flat());

const segment = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.string({
      unit: fc.constantFrom(..."abcdefghijklmnopqrstuvwxyz0123456789-_"),
      minLength: 1,
      maxLength: 8,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.constantFrom(
      ..."a%2Fb caf%C3%A9 caf%E9 %e8 %7Ea %61 a[1] http: .. . %2e%2e ..;x a;b=c ~ a|b a^b a`b {a} a\"b a<b> a\\b % %zz %0a %00 a'b a@b a:b a$b a+b a*b a,b (a) a!b a=b &".split(
        " ",
      ),
      "",
      utf8("café"),
      "caf\xe9",
      "s".repeat(2_101),
      "site",
      "1",
    ),
  },
);
const query = fc.oneof(
  { weight: 3, arbitrary: fc.constant("") },
  {
    weight: 2,
    arbitrary: fc.constantFrom(
      "?",
      "?a=1",
      "?a=1&a=2",
      "?q=%20%zz",
      "?q=caf\xe9",
      `?q=${utf8("é")}`,
      '?a[]=1&b={c}|d^e`f"',
      "??",
      "?a=b#c",
      "?next=http://x/y?z",
    ),
  },
);
/** Addresses of every spelling that servers get. */
const target = fc.oneof(
  {
    weight: 12,
    arbitrary: fc
      .tuple(fc.array(segment, { maxLength: 4 }), query)
      .map(([all, rest]) => `/${all.join("/")}${rest}`),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      "*",
      "http://app.example/abs?x=1",
      "/site/1/a",
      "/unsafe/300x200/https://img.example/a.png",
    ),
  },
);

export const extension = fc.oneof(
  { weight: 6, arbitrary: fc.constant("") },
  { weight: 1, arbitrary: fc.constantFrom(";a=b", ";x") },
);
export const trailers: fc.Arbitrary<Field[]> = fc.oneof(
  { weight: 6, arbitrary: fc.constant<Field[]>([]) },
  {
    weight: 1,
    arbitrary: fc.array(fc.tuple(fc.constantFrom("X-Sum", "grpc-status"), visible), {
      minLength: 1,
      maxLength: 2,
    }),
  },
);

/** A body of one of these kinds. */
export function bodies(
  ...kinds: readonly { readonly weight: number; readonly kind: Body["kind"] }[]
): fc.Arbitrary<Body> {
  return fc.record({
    kind: fc.oneof(...kinds.map(({ weight, kind }) => ({ weight, arbitrary: fc.constant(kind) }))),
    size: anySize,
    salt: fc.nat({ max: 1_000 }),
    chunks: parts,
    extension,
    trailers,
  });
}

const methods = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom("GET", "POST") },
  {
    weight: 4,
    arbitrary: fc.constantFrom(
      ..."HEAD PUT PATCH DELETE OPTIONS PROPFIND PROPPATCH MKCOL MOVE COPY LOCK UNLOCK SEARCH REPORT QUERY PURGE LINK".split(
        " ",
      ),
    ),
  },
);
const host: fc.Arbitrary<Field> = fc.tuple(
  spelled(fc.constant("Host")),
  fc.constantFrom(
    "app.example",
    "app.example:8080",
    "APP.Example",
    "127.0.0.1:81",
    "localhost",
    "[::1]:80",
    "",
  ),
);

export const requests: fc.Arbitrary<RequestPlan> = fc
  .record({
    method: methods,
    target,
    version: fc.oneof(
      { weight: 9, arbitrary: fc.constant("1.1" as const) },
      { weight: 1, arbitrary: fc.constant("1.0" as const) },
    ),
    fields,
    host,
    hostAt: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat({ max: 10 }) }),
    named: fc.oneof(
      { weight: 9, arbitrary: fc.constant(true) },
      { weight: 1, arbitrary: fc.constant(false) },
    ),
    framingAt: fc.nat({ max: 12 }),
    body: bodies({ weight: 4, kind: "none" }, { weight: 4, kind: "length" }, { weight: 3, kind: "chunked" }),
    expects: fc.oneof(
      { weight: 9, arbitrary: fc.constant(false) },
      { weight: 1, arbitrary: fc.constant(true) },
    ),
    writes,
  })
  .map(({ host, hostAt, named, ...plan }) =>
    sane({
      ...plan,
      fields: hosted(plan.fields, host, hostAt),
      ...(named ? {} : { version: "1.0", fields: plan.fields }),
    }),
  );

function hosted(fields: readonly Field[], host: Field, at: number): readonly Field[] {
  return [...fields.slice(0, at), host, ...fields.slice(at)];
}

/** What no client would send is made into what one would. */
function sane(plan: RequestPlan): RequestPlan {
  const old = plan.version === "1.0";
  const body = old && plan.body.kind === "chunked" ? { ...plan.body, kind: "length" as const } : plan.body;
  const expects = plan.expects && !old && body.kind !== "none" && body.size > 0;
  const target = targetOf(plan);
  const named = plan.fields.flatMap(([, value]) => value.match(/guise(?:-\w+)?=/g) ?? []);
  const once = named.length > 1 ? plan.fields.filter(([, value]) => !OURS.test(value)) : plan.fields;
  const fields = expects ? [...once, ["Expect", "100-continue"] as const] : once;
  return { ...plan, body, expects, target, fields };
}

/** An absolute address names the host that `Host` names; `*` is asked for its options alone. */
function targetOf({ method, target, fields }: RequestPlan): string {
  if (target === "*") return method === "OPTIONS" ? target : "/";
  const host = fields.find(([name]) => name.toLowerCase() === "host")?.[1];
  return target.startsWith("/") ? target : host ? target.replace("app.example", host) : "/abs";
}
