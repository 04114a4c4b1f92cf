import t from "tap";
import { readDocument } from "../../src/config/document.ts";
import { formatProblem } from "../../src/config/problem.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

function problems(text: string | Uint8Array): readonly string[] {
  const read = readDocument(typeof text === "string" ? bytes(text) : text, "f.yaml");
  return read.kind === "problems" ? read.problems.map(formatProblem) : [];
}

const table: readonly (readonly [name: string, text: string | Uint8Array, expected: RegExp])[] = [
  ["a key twice", "a: 1\nb: 2\na: 3\n", /^f\.yaml:3:1: this key stands here twice/],
  ["a tab", "a:\n\tb: 1\n", /^f\.yaml:2:1: a tab is no indentation/],
  ["a second document", "a: 1\n---\nb: 2\n", /^f\.yaml:2:1: a config is one document/],
  ["a tag", "a: !secret x\n", /^f\.yaml:1:4: tags .* have no meaning here/],
  ["an open bracket", "a: [1,\n", /^f\.yaml:\d+:\d+: this is no YAML: /],
  ["nothing", "", /^f\.yaml:1:1: the file is empty/],
  ["only a comment", "# nothing\n", /^f\.yaml:1:1: the file is empty/],
  ["bytes that are no UTF-8", new Uint8Array([0x61, 0x3a, 0x20, 0xff]), /no UTF-8/],
  ["an alias in what it repeats", "a: &x { b: *x }\n", /an alias stands inside what it repeats/],
  ["an alias of nothing", "a: *x\n", /has no such name|no YAML/],
  ["16 MB", new Uint8Array(16 * 1024 * 1024 + 1).fill(0x20), /larger than 16 MB/],
];

for (const [name, text, expected] of table) {
  t.test(`problem: ${name}`, async (t) => t.match(problems(text)[0], expected));
}

t.test("a few lines that unfold into gigabytes are refused", async (t) => {
  const lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"];
  for (let i = 1; i < 12; i++)
    lines.push(
      `a${i}: &a${i} [${Array(9)
        .fill(`*a${i - 1}`)
        .join(", ")}]`,
    );
  t.match(problems(`${lines.join("\n")}\n`)[0], /aliases repeat too much/);
});

t.test("aliases in measure are taken", async (t) => {
  const read = readDocument(bytes("a: &x { b: 1 }\nc: *x\n"), "f.yaml");
  t.same(read.kind === "document" && read.document.value, { a: { b: 1 }, c: { b: 1 } });
});

t.test("on and off are words, as YAML 1.2 has them", async (t) => {
  const read = readDocument(bytes("a: on\nb: off\nc: true\n"), "f.yaml");
  t.same(read.kind === "document" && read.document.value, { a: "on", b: "off", c: true });
});

t.test("a merge key is a key like any other", async (t) => {
  const read = readDocument(bytes("x: &x { b: 1 }\na: { <<: *x }\n"), "f.yaml");
  t.same(read.kind === "document" && read.document.value, { x: { b: 1 }, a: { "<<": { b: 1 } } });
});

const text = `upstream: http://a
routes:
  - path: /a
    owner: x
  - { path: /b }
owners:
  "17":
`;

function place(path: readonly PropertyKey[], key = false): string {
  const read = readDocument(bytes(text), "f.yaml");
  if (read.kind === "problems") throw new Error("the text is right");
  const { line, column } = read.document.locate({ path, key, message: "" });
  return `${line}:${column}`;
}

t.test("complaints find their place", async (t) => {
  t.equal(place(["upstream"]), "1:11");
  t.equal(place(["upstream"], true), "1:1");
  t.equal(place(["routes", 0, "owner"]), "4:12");
  t.equal(place(["routes", 1, "path"]), "5:13");
  t.equal(place(["owners", "17"], true), "7:3");
});

t.test("what is missing is shown where it should be", async (t) => {
  t.equal(place(["routes", 1, "owner"]), "5:5");
  t.equal(place(["routes", 7, "owner"]), "3:3");
  t.equal(place(["nowhere", "at", "all"]), "1:1");
});
