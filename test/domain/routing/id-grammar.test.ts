import t from "tap";
import { type ID_GRAMMARS, idGrammar } from "../../../src/domain/routing/id-grammar.ts";

const read = (grammar: string, value: string) => {
  const found = idGrammar(grammar);
  if (typeof found === "string") throw new Error(found);
  return found.read(value);
};

t.test("each named grammar takes its own and nothing wider", async (t) => {
  const cases: Record<keyof typeof ID_GRAMMARS, readonly [good: readonly string[], bad: readonly string[]]> =
    {
      plain: [
        ["a_B-9", "x".repeat(128)],
        ["a.b", "é", "x".repeat(129)],
      ],
      number: [
        ["42", "007"],
        ["4e1", "-1", "42abc", "9".repeat(21)],
      ],
      uuid: [[], ["0190163d-8694-739b-aea5966c26f8ad91", "0190163d", "g".repeat(32)]],
      slug: [
        ["a.b~c", "42.json"],
        ["a/b", "."],
      ],
      unicode: [
        ["café", "日本", "a.b"],
        ["a b", "a/b", "cafe\u0301", "a\u202eb"],
      ],
      email: [["nuno@example.com"], ["nuno", "a b@c.de", "nuno@exa%6dple.com"]],
    };
  for (const [name, [good, bad]] of Object.entries(cases)) {
    for (const value of good) t.equal(read(name, value), value, `${name}: ${value}`);
    for (const value of [...bad, "", "..", "a\0", "a\\b", "%2e"])
      t.equal(read(name, value), null, `${name}: ${value}`);
  }
});

t.test("a UUID is one value, however it is written", async (t) => {
  const one = "0190163d-8694-739b-aea5-966c26f8ad91";
  for (const written of [
    one,
    one.toUpperCase(),
    one.replaceAll("-", ""),
    one.replaceAll("-", "").toUpperCase(),
  ])
    t.equal(read("uuid", written), one, written);
});

t.test(
  "a grammar of one's own is a whole pattern, and never lets escapes, controls or dots through",
  async (t) => {
    t.equal(read("[a-z]{2}-[0-9]{1,9}", "de-42"), "de-42");
    for (const value of ["xde-42", "de-42x", "de-", "DE-42"])
      t.equal(read("[a-z]{2}-[0-9]{1,9}", value), null, value);
    for (const value of ["..", ".", "%41", "a\0", "a\\b", "e\u0301", "\ud800", "x".repeat(257)])
      t.equal(read(".*", value), null, JSON.stringify(value));
    t.type(idGrammar("(a"), "string");
  },
);
