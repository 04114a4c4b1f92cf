import fc from "fast-check";
import t from "tap";
import {
  fill,
  inAddress,
  isHeaderValue,
  isTarget,
  placesIn,
  plainly,
} from "../../../src/domain/signin/place-text.ts";

t.test("places are names in braces, and what a value holds is none", async (t) => {
  const values = new Map([
    ["a", "{b}"],
    ["b", "secret"],
    ["effectiveUser.id", "17"],
  ]);
  t.same(fill("{a} {effectiveUser.id} {} {1} {a b}", values, plainly), {
    kind: "filled",
    text: "{b} 17 {} {1} {a b}",
  });
  t.same(fill("{a}{nothing}", values, plainly), { kind: "missing", name: "nothing" });
  t.same(placesIn("{a}/{a}/{secret.X}?{}"), ["a", "secret.X"]);
});

t.test("whatever a value is, it stays within the segment that it is put into", async (t) => {
  fc.assert(
    fc.property(fc.string({ minLength: 1, unit: "binary" }), (value) => {
      const filled = fill("/users/{id}/log-in?as={id}", new Map([["id", value]]), inAddress);
      if (filled.kind === "missing" || !isTarget(filled.text)) return;
      const url = new URL(filled.text, "http://app");
      t.equal(url.pathname.split("/").length, 4);
      t.equal(url.searchParams.get("as"), value.toWellFormed());
    }),
  );
});

t.test("what could be read in two ways is no target", async (t) => {
  for (const text of [
    "",
    "login",
    "//evil/x",
    "/a/../b",
    "/a/%2e%2e/b",
    "/a b",
    "/a#b",
    "/a\\b",
    "/a\r\nb",
    "http://x/",
  ])
    t.notOk(isTarget(text), text);
  for (const text of ["/", "/a/b?c=d&e=%20", "/doku.php?id=a:b"]) t.ok(isTarget(text), text);
});

t.test("nothing is put into a header that ends it", async (t) => {
  t.ok(isHeaderValue("Bearer abc"));
  for (const text of ["a\r\nB: c", "a\nb", "ä", "a\0"]) t.notOk(isHeaderValue(text));
});
