import fc from "fast-check";
import t from "tap";
import { parsePointer, valueAt, writePointer } from "../../src/domain/pointer.ts";

// The document and the answers are those of RFC 6901, section 5.
const document = {
  foo: ["bar", "baz"],
  "": 0,
  "a/b": 1,
  "c%d": 2,
  "e^f": 3,
  "g|h": 4,
  "i\\j": 5,
  'k"l': 6,
  " ": 7,
  "m~n": 8,
};

t.test("the examples of the standard hold", async (t) => {
  const answers: [string, unknown][] = [
    ["", document],
    ["/foo", ["bar", "baz"]],
    ["/foo/0", "bar"],
    ["/", 0],
    ["/a~1b", 1],
    ["/c%d", 2],
    ["/e^f", 3],
    ["/g|h", 4],
    ["/i\\j", 5],
    ['/k"l', 6],
    ["/ ", 7],
    ["/m~0n", 8],
  ];
  for (const [written, value] of answers) t.strictSame(valueAt(document, parsePointer(written) ?? []), value);
});

t.test("what is no pointer gives null", async (t) => {
  for (const text of ["foo", "/a~", "/a~2b", "#/foo", "foo/bar"]) t.equal(parsePointer(text), null, text);
});

t.test("a null on the way is null, a missing place is undefined", async (t) => {
  const at = (text: string) => valueAt({ user: null, list: [1], text: "abc" }, parsePointer(text) ?? []);
  t.equal(at("/user/id"), null);
  for (const text of ["/nobody", "/list/1", "/list/01", "/list/-", "/list/length", "/text/0", "/text/length"])
    t.equal(at(text), undefined, text);
});

t.test("what an object inherits is never seen", async (t) => {
  for (const text of ["/__proto__", "/constructor/name", "/toString"])
    t.equal(valueAt({}, parsePointer(text) ?? []), undefined, text);
  t.equal(valueAt(JSON.parse('{"__proto__":{"id":7}}'), ["__proto__", "id"]), 7);
});

t.test("every list of steps can be written and read again", async (t) => {
  const same = fc.property(
    fc.array(fc.string()),
    (steps) => JSON.stringify(parsePointer(writePointer(steps))) === JSON.stringify(steps),
  );
  t.doesNotThrow(() => fc.assert(same));
});
