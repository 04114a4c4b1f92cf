import fc from "fast-check";
import t from "tap";
import { readDocument } from "../../src/config/document.ts";
import { readAside } from "../../src/config/document-aside.ts";

const IN_A_THREAD = 0;
const bytes = (text: string) => new TextEncoder().encode(text);

/** A nested thing of the sizes that are cut into pieces, by its seed. */
function nested(seed: number): unknown {
  const list = Array.from({ length: 700 + (seed % 300) }, (_, n) =>
    n % 7 === 0 ? { n, [`k${n}`]: [n] } : n,
  );
  return {
    list,
    deep: { map: Object.fromEntries(list.map((it, n) => [`key ${n}`, it])) },
    small: [seed, null],
  };
}

t.test("what is read aside is what is read here, whatever its shape", async (t) => {
  const texts = [
    "a: 1\n",
    "just a text\n",
    JSON.stringify(nested(1)),
    JSON.stringify([nested(2), nested(3)]),
    `x: ${JSON.stringify(Array.from({ length: 2_000 }, (_, n) => String(n)))}\n__proto__: { a: 1 }\n`,
    "a: &x { b: 1 }\nc: *x\n",
    ...fc.sample(fc.json({ maxDepth: 3 }), { numRuns: 1, seed: 1 }),
  ];
  for (const text of texts) {
    const here = readDocument(bytes(text), "f.yaml");
    const aside = await readAside(bytes(text), "f.yaml", IN_A_THREAD);
    if (here.kind === "problems" || aside.kind === "problems") {
      t.same(aside, here, text.slice(0, 60));
      continue;
    }
    t.strictSame(aside.document.value, here.document.value, text.slice(0, 60));
    const complaints = [
      { path: ["list", 3, "k3"], message: "m" },
      { path: ["c"], message: "n", key: true },
    ];
    t.same(await aside.document.locate(complaints), complaints.map(here.document.locate));
    await aside.document.close();
  }
});

t.test("what is no YAML has the same problems", async (t) => {
  for (const text of ["a: 1\na: 2\n", ""]) {
    const here = readDocument(bytes(text), "f.yaml");
    t.same(await readAside(bytes(text), "f.yaml", IN_A_THREAD), here, JSON.stringify(text));
    t.equal(here.kind, "problems");
  }
});
