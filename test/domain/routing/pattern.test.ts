import t from "tap";
import { matchMixed, type Pattern, readTokens, shapeOf } from "../../../src/domain/routing/pattern.ts";

type Token = Parameters<typeof readTokens>[0][number];

const text = (value: string): Token => ({ type: "text", value });
const param = (name: string): Token => ({ type: "param", name });
const group = (...tokens: Token[]): Token => ({ type: "group", tokens });

function patterns(...tokens: Token[]): readonly Pattern[] {
  const read = readTokens(tokens, "/");
  if (read.kind === "problem") throw new Error(read.message);
  return read.patterns;
}

t.test("optional groups are spelt out, inner ones too", async (t) => {
  const read = patterns(text("/a"), group(text("/b"), group(text("/"), param("c"))));
  t.same(read.map(shapeOf), ['"a"', '"a"/"b"', '"a"/"b"/:']);
  t.same(
    read.map(({ names }) => names),
    [[], [], ["c"]],
  );
});

t.test("readings are counted without being made", async (t) => {
  const deep = Array.from({ length: 60 }, () => group(text("/x")));
  const message = new RegExp(`read in ${2 ** 60} ways; 64 is the most`);
  t.match(readTokens([text("/a"), ...deep], "/"), { kind: "problem", message });
});

t.test("the wildcard is known by name", async (t) => {
  const [pattern] = patterns(text("/"), param("a"), text("/"), { type: "wildcard", name: "rest" });
  t.match(pattern, { names: ["a", "rest"], wildcard: "rest" });
});

t.test("shapes are the same for what nothing tells apart, and for nothing else", async (t) => {
  const shape = (...tokens: Token[]) => patterns(...tokens).map(shapeOf)[0];
  t.equal(shape(text("/"), param("a")), shape(text("/"), param("b")));
  t.equal(
    shape(text("/x"), param("a"), text("-"), param("b")),
    shape(text("/x"), param("a"), text("."), param("b")),
  );
  t.not(shape(text("/x"), param("a")), shape(text("/"), param("a"), text("x")));
  t.not(shape(text("/:")), shape(text("/"), param("a")));
  t.not(shape(text("/*")), shape(text("/"), { type: "wildcard", name: "a" }));
});

const mixed: readonly (readonly [
  literals: readonly string[],
  text: string,
  values: readonly string[] | null,
])[] = [
  [["a", "b"], "a1b", ["1"]],
  [["a", "b"], "ab", null],
  [["aa", "aa"], "aaa", null],
  [["", "-", ""], "a-b-c", ["a", "b-c"]],
  [["", "-", ""], "--a", ["-", "a"]],
  [["", "-", ""], "a-", null],
  [["v", ".", ".x"], "v1.2.x", ["1", "2"]],
  [["v", ".", ".x"], "v1.x", null],
];

for (const [literals, subject, expected] of mixed) {
  t.test(`${literals.join(":")} takes ${expected?.join(" and ") ?? "nothing"} from ${subject}`, async (t) => {
    const values: string[] = [];
    const matched = matchMixed(literals, subject, values);
    t.equal(matched, expected !== null);
    if (expected !== null) t.same(values, expected);
  });
}
