import fc from "fast-check";
import t from "tap";
import {
  absoluteForm,
  canonicalUrl,
  URL_REFUSALS,
  type UrlLimits,
} from "../../../src/domain/routing/canonical-url.ts";

const limits: UrlLimits = { url: 8000, segments: 64, segment: 1024, encodedSlash: "refuse" };

function target(raw: string, with_: Partial<UrlLimits> = {}): string {
  const read = canonicalUrl(raw, { ...limits, ...with_ });
  return read.kind === "canonical" ? read.target : `refused: ${read.why}`;
}

t.test("a plain address stays as it is", async (t) => {
  for (const raw of [
    "/",
    "/site/42",
    "/site/42/",
    "/a?x=1&y[]=%zz#".slice(0, -1),
    "/a,b:c@d=e+f!$&'()*~-_.x",
    "/a?",
  ]) {
    t.equal(target(raw), raw);
  }
});

t.test("path and query are told apart", async (t) => {
  t.same(canonicalUrl("/a/b?c=d?e", limits), {
    kind: "canonical",
    target: "/a/b?c=d?e",
    path: "/a/b",
    query: "c=d?e",
  });
  t.same(canonicalUrl("/a?", limits), { kind: "canonical", target: "/a?", path: "/a", query: "" });
  t.same(canonicalUrl("/%61", limits), { kind: "canonical", target: "/a", path: "/a", query: null });
});

const table: readonly (readonly [name: string, raw: string, expected: string])[] = [
  ["PATH-01 a dot segment", "/./admin/x", "refused: dot-segment"],
  ["PATH-01 an encoded dot segment", "/%2e/admin/x", "refused: dot-segment"],
  ["PATH-02 a backslash", "/pub\\admin", "refused: backslash"],
  ["PATH-02 a backslash behind the slash", "/\\admin/x", "refused: backslash"],
  ["PATH-02 an encoded backslash", "/pub%5cadmin", "refused: backslash"],
  ["PATH-03 two dots", "/pub/../admin", "refused: dot-segment"],
  ["PATH-03 two encoded dots", "/pub/%2e%2E/admin", "refused: dot-segment"],
  ["PATH-03 a half encoded pair", "/pub/.%2e/admin", "refused: dot-segment"],
  ["PATH-03 dots between backslashes", "/pub\\..\\admin", "refused: backslash"],
  ["PATH-03 dots at the end", "/pub/..", "refused: dot-segment"],
  ["PATH-04 dots in front of params", "/pub/..;/admin", "refused: dot-segment"],
  ["PATH-04 dots in front of named params", "/pub/;a/..;b/admin", "refused: dot-segment"],
  ["PATH-04 a dot in front of params", "/pub/.;x", "refused: dot-segment"],
  ["PATH-04 dots in front of encoded params", "/pub/..%3b/admin", "refused: dot-segment"],
  ["PATH-05 params stay", "/admin;a=b/x", "/admin;a=b/x"],
  ["PATH-06 two slashes are one", "//admin//x///", "/admin/x/"],
  ["PATH-06 an encoded letter is the letter", "/%61dmin", "/admin"],
  ["PATH-07 an encoded slash", "/admin%2fx", "refused: encoded-slash"],
  ["PATH-08 a twice encoded dot is decoded once only", "/%252e%252e/x", "/%252e%252e/x"],
  ["PATH-08 an encoded NUL", "/a%00", "refused: control"],
  ["PATH-08 an encoded line feed", "/a%0ab", "refused: control"],
  ["PATH-08 an encoded tab", "/a%09", "refused: control"],
  ["PATH-08 an encoded DEL", "/a%7F", "refused: control"],
  ["PATH-09 a fragment", "/pub/x#?y", "refused: fragment"],
  ["PATH-09 a fragment with dots", "/pub#/../admin", "refused: fragment"],
  ["PATH-09 a fragment in the query", "/pub?a#b", "refused: fragment"],
  ["PATH-10 no hex", "/a%zz", "refused: bad-escape"],
  ["PATH-10 a cut escape", "/a%4", "refused: bad-escape"],
  ["PATH-10 a byte that is no UTF-8", "/a%ff", "refused: not-utf8"],
  ["PATH-10 an overlong slash", "/a%c0%af", "refused: not-utf8"],
  ["PATH-10 an overlong dot", "/%c0%ae%c0%ae/", "refused: not-utf8"],
  ["PATH-10 a surrogate", "/%ed%a0%80", "refused: not-utf8"],
  ["PATH-10 a segment of 8 kB", `/${"a".repeat(7900)}`, "refused: segment-too-long"],
  ["PATH-10 2,000 segments", "/a".repeat(2000), "refused: too-many-segments"],
  ["PATH-13 absolute form", "http://other/x", "refused: not-a-path"],
  ["PATH-13 asterisk form", "*", "refused: not-a-path"],
  ["PATH-13 authority form", "example.com:443", "refused: not-a-path"],
  ["nothing at all", "", "refused: not-a-path"],
  ["an address that is too long", `/?${"a".repeat(8000)}`, "refused: too-long"],
  ["an address that encoding makes too long", `/?${"\xe9".repeat(7000)}`, "refused: too-long"],
  ["raw UTF-8 bytes are encoded", "/caf\xc3\xa9", "/caf%C3%A9"],
  ["a raw byte that is no UTF-8", "/caf\xe9", "refused: not-utf8"],
  ["a character that is no byte", "/caf\u20ac", "refused: not-utf8"],
  ["escapes are upper case", "/caf%c3%a9", "/caf%C3%A9"],
  ["what may not stand raw in a path is encoded", '/a"<>^`{|}', "/a%22%3C%3E%5E%60%7B%7C%7D"],
  ["reserved characters stay as they came", "/a%3Ab:c%40@", "/a%3Ab:c%40@"],
  ["a raw control in the path", "/a\x01", "refused: control"],
  ["a raw space in the path", "/a b", "refused: control"],
  ["a raw control in the query", "/a?b\x1f", "refused: control"],
  ["raw bytes in the query are encoded", "/a?b=\xe9", "/a?b=%E9"],
  ["nothing else changes in the query", "/a?b=%e9%zz\\&//../%2f%00", "/a?b=%e9%zz\\&//../%2f%00"],
  ["dots inside a name", "/a..b/...", "/a..b/..."],
  ["a hidden file", "/.well-known/x", "/.well-known/x"],
];

for (const [name, raw, expected] of table) {
  t.test(name, async (t) => t.equal(target(raw), expected));
}

t.test("an encoded slash may be kept, and hides no dots", async (t) => {
  const keep = { encodedSlash: "keep" } as const;
  t.equal(target("/a%2fb", keep), "/a%2Fb");
  t.equal(target("/a%2f..%2fb", keep), "refused: dot-segment");
  t.equal(target("/a/..%2fb", keep), "refused: dot-segment");
});

t.test("limits count what is sent", async (t) => {
  t.equal(target("/a/b/c", { segments: 3 }), "/a/b/c");
  t.equal(target("/a/b/c/", { segments: 3 }), "/a/b/c/");
  t.equal(target("//a//b//c//", { segments: 3 }), "/a/b/c/");
  t.equal(target("/a/b/c/d", { segments: 3 }), "refused: too-many-segments");
  t.equal(target("/abc", { segment: 3 }), "/abc");
  t.equal(target("/%61bc", { segment: 3 }), "/abc");
  t.equal(target("/abcd?x", { segment: 3 }), "refused: segment-too-long");
  t.equal(target("/abcd/x", { segment: 3 }), "refused: segment-too-long");
});

t.test("absolute form is split into authority and rest", async (t) => {
  t.same(absoluteForm("http://a.example:80/x?y"), { authority: "a.example:80", rest: "/x?y" });
  t.same(absoluteForm("HTTPS://a.example"), { authority: "a.example", rest: "/" });
  t.same(absoluteForm("http://a.example?y"), { authority: "a.example", rest: "/?y" });
  for (const raw of [
    "/x",
    "*",
    "ftp://a/x",
    "http://",
    "http:///x",
    "http://up@evil/",
    "http://a\\b/",
    "a.example:443",
  ]) {
    t.equal(absoluteForm(raw), null, raw);
  }
});

t.test("absolute form hides no fragment", async (t) => {
  t.equal(target(absoluteForm("http://a#/x")?.rest ?? ""), "refused: fragment");
});

const pieces = fc.constantFrom(
  ..."/.%;?#\\aZ09-_~:@ \x00\x7f\xc3\xa9\xff",
  "%2e",
  "%2F",
  "%5c",
  "%61",
  "%c3%a9",
  "%C0%AE",
  "..",
  "//",
);
const hostile = fc.array(pieces, { maxLength: 24 }).map((parts) => `/${parts.join("")}`);

t.test("invariant 4: doing it twice changes nothing", async (t) => {
  for (const encodedSlash of ["refuse", "keep"] as const) {
    fc.assert(
      fc.property(hostile, (raw) => {
        const once = canonicalUrl(raw, { ...limits, encodedSlash });
        if (once.kind === "refused") return once.why in URL_REFUSALS;
        const twice = canonicalUrl(once.target, { ...limits, encodedSlash });
        return JSON.stringify(once) === JSON.stringify(twice);
      }),
      { numRuns: 5000 },
    );
  }
  t.pass("holds");
});

t.test(
  "what is accepted reads the same for a URL parser and hides no dot segment once decoded",
  async (t) => {
    fc.assert(
      fc.property(hostile, (raw) => {
        const read = canonicalUrl(raw, limits);
        if (read.kind === "refused") return true;
        const parsed = new URL(`http://app.example${read.target}`);
        const decoded = decodeURIComponent(read.path).split(/[/\\]/);
        return (
          parsed.host === "app.example" &&
          parsed.pathname === read.path &&
          !decoded.some((segment) => /^\.{1,2}(;|$)/.test(segment))
        );
      }),
      { numRuns: 5000 },
    );
    t.pass("holds");
  },
);

t.test("any bytes at all give an answer and never a throw", async (t) => {
  const bytes = fc.array(fc.integer({ min: 0, max: 255 })).map((codes) => String.fromCharCode(...codes));
  fc.assert(fc.property(bytes, (raw) => typeof canonicalUrl(raw, limits).kind === "string"));
  t.pass("holds");
});
