import fc from "fast-check";
import t from "tap";
import { idGrammar } from "../../../src/domain/routing/id-grammar.ts";
import { ownerLookup } from "../../../src/domain/routing/lookup.ts";

const ask = (params: Record<string, string>, ids = "plain") => {
  const grammar = idGrammar(ids);
  if (typeof grammar === "string") throw new Error(grammar);
  return ownerLookup({
    resolver: "site",
    params,
    path: "/site/42",
    query: null,
    host: "app.example.com",
    grammar,
  });
};

t.test("a question holds the resolver, the params in order, the path and the host", async (t) => {
  const lookup = ask({ site: "42", page: "a_B-9" });
  t.match(lookup, { resolver: "site", path: "/site/42", host: "app.example.com" });
  t.strictSame(Object.entries(lookup.params), [
    ["site", "42"],
    ["page", "a_B-9"],
  ]);
});

t.test("PATH-12: a param that is no plain id is emptied and never in the key", async (t) => {
  for (const site of [
    "..",
    ".",
    "a/b",
    "a\\b",
    "a%2fb",
    "%00",
    "a b",
    "é",
    "a\nb",
    "42\n",

    "x".repeat(129),
    "a.b",
  ]) {
    const lookup = ask({ site, tab: "ok" });
    t.strictSame({ ...lookup.params }, { site: "", tab: "ok" }, JSON.stringify(site));
    t.equal(lookup.key, '["site",[["tab","ok"]]]');
  }
});

t.test("an optional param that isn't there is left out", async (t) => {
  t.strictSame({ ...ask({ site: "42", page: "" }).params }, { site: "42" });
});

t.test("a route's own grammar may allow more, but no escapes, controls and dot segments", async (t) => {
  t.equal(ask({ site: "a.b c" }, "[a-z. ]+").params.site, "a.b c");
  for (const site of ["..", ".", "%41", "a\0", "a\\b"]) t.equal(ask({ site }, ".*").params.site, "");
});

t.test("names that every object has are only names", async (t) => {
  const params = Object.assign(Object.create(null), { constructor: "1" });
  t.equal(ask(params).key, '["site",[["constructor","1"]]]');
  t.equal(ask({}).params.constructor, undefined);
});

t.test("two questions have the same key only if they are the same", async (t) => {
  const id = fc.stringMatching(/^[A-Za-z0-9_-]{1,9}$/);
  const params = fc.dictionary(fc.constantFrom("a", "b", "ab"), id);
  const apart = fc.property(params, params, (one, other) => {
    const text = (it: Record<string, string>) => JSON.stringify(Object.entries(it).sort());
    return (ask(one).key === ask(other).key) === (text(one) === text(other));
  });
  t.doesNotThrow(() => fc.assert(apart));
});
