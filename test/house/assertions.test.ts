import t from "tap";
import { filesBelow } from "./source.ts";

/** A text in quotes, a pattern, or one character of whatever else. */
const TOKEN =
  /"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\.)*`|(?<=[(,:[?&|=]\s*)\/(?![/*])(?:\[(?:[^\]\\\n]|\\.)*\]|[^/\\\n[]|\\.)+\/|./gs;

/** The arguments of the call whose opening parenthesis stands before `from`, without what stands in quotes. */
function argumentsAt(text: string, from: number): readonly string[] {
  const found = [""];
  let depth = 0;
  TOKEN.lastIndex = from;
  for (let token = TOKEN.exec(text)?.[0]; token !== undefined; token = TOKEN.exec(text)?.[0]) {
    if ("([{".includes(token)) depth += 1;
    if (")]}".includes(token)) depth -= 1;
    if (depth < 0) return found;
    if (token === "," && depth === 0) found.push("");
    else found[found.length - 1] += token.length === 1 ? token : '""';
  }
  return found;
}

function emptyLists(text: string): readonly string[] {
  return [...text.matchAll(/\.match\(/g)]
    .map(({ index, 0: { length } }) => argumentsAt(text, index + length)[1] ?? "")
    .filter((pattern) => /(?:^|[:,[(])\s*\[\s*\]/.test(pattern));
}

t.test("an empty list in a pattern would match every list", async (t) => {
  for (const { path, text } of filesBelow("test")) {
    if (path.startsWith("test/house/")) continue;
    t.strictSame(emptyLists(text), [], `${path}: write { length: 0 }`);
  }
});

t.test("and is seen wherever it stands", async (t) => {
  const seen = ["t.match(a, [])", 't.match(f("["), { a: [ ] }, "b")', "t.match(/[(]/.exec(x), [1, [], 2])"];
  for (const text of seen) t.equal(emptyLists(text).length, 1, text);
  for (const text of ["t.match(f([]), { a: 1 })", 't.match(a, "[]")', "t.match(a, b[0])", "t.match(a, [1])"])
    t.strictSame(emptyLists(text), [], text);
});
