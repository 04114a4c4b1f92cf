import fc from "fast-check";
import t from "tap";
import { isId, readOwner, readPerson } from "../../src/domain/person.ts";

const mapping = { id: ["id"], name: ["name"], email: ["email"], groups: ["groups"], viewers: ["viewers"] };
const person = (document: unknown) => readPerson(document, mapping);
const owner = (document: unknown) => readOwner(document, mapping);
const why = (reading: ReturnType<typeof owner> | ReturnType<typeof person>) =>
  reading.kind === "bad" ? reading.why : reading.kind;

t.test("a person is read with all facts, a number as an id becomes text", async (t) => {
  t.strictSame(person({ id: 17, name: "Nuno", email: "nuno@example.com", groups: ["customer", 3] }), {
    kind: "read",
    value: { id: "17", name: "Nuno", email: "nuno@example.com", groups: ["customer", "3"] },
  });
});

t.test("absent facts are null, never guessed", async (t) => {
  const nothing = { kind: "read", value: { id: "a", name: null, email: null, groups: null } };
  t.strictSame(person({ id: "a" }), nothing);
  t.strictSame(person({ id: "a", name: null, email: false, groups: null }), nothing);
  t.strictSame(person({ id: "a", name: " ", email: "" }), nothing);
});

t.test("what apps say of guests is nobody", async (t) => {
  for (const document of [{ id: null }, { id: "" }, { id: 0 }, { id: false }, null])
    t.equal(why(person(document)), "none", JSON.stringify(document));
});

t.test("an id that could break a header, a log line or a comparison is refused", async (t) => {
  for (const id of [
    "a\r\nb",
    "a\0b",
    "\x85admin\xa0",
    " a",
    "a ",
    "jürgen",
    "x".repeat(257),
    1.5,
    2 ** 60,
    {},
    true,
  ])
    t.equal(why(person({ id })), "/id is no plain id", JSON.stringify(id));
  t.equal(why(person({})), "/id is not there");
});

t.test("a name or an address with a control character is refused", async (t) => {
  for (const name of [
    "a\rb",
    "a\nb",
    "a\0b",
    "a\x1b[2Jb",
    "a\u0085b",
    "a\u2028b",
    "a\ud800b",
    "x".repeat(10_000),
  ]) {
    t.match(why(person({ id: "a", name })), /^\/name holds control/);
    t.match(why(person({ id: "a", email: name })), /^\/email holds control/);
  }
  t.equal(person({ id: "a", name: "Zoë 😀 明" }).kind, "read");
});

t.test("groups that can't be read are never dropped in silence", async (t) => {
  t.match(why(person({ id: "a", groups: "support,admin" })), /several groups.*send a list/);
  for (const groups of [[{ name: "admin" }], ["a", null], [""], ["a\nb"], { 0: "admin" }, [1.5], false])
    t.equal(why(person({ id: "a", groups })), "/groups is no list of plain texts", JSON.stringify(groups));
  t.match(why(person({ id: "a", groups: Array.from({ length: 1_001 }, () => "g") })), /more than 1000/);
});

t.test("one text is one group, also with a space in it; an empty one is none", async (t) => {
  t.match(person({ id: "a", groups: "Domain Admins" }), { value: { groups: ["Domain Admins"] } });
  t.match(person({ id: "a", groups: "" }), { value: { groups: { length: 0 } } });
});

t.test("an owner may be a bare id", async (t) => {
  const bare = { kind: "read", value: { id: "17", name: null, email: null, groups: null, viewers: [] } };
  t.strictSame(owner("17"), bare);
  t.strictSame(owner(17), bare);
  t.equal(why(owner(null)), "none");
  t.equal(why(owner("a\nb")), "the answer is no plain id");
  t.equal(why(owner([1, 2])), "/id is not there", "two owners are no owner");
  t.equal(why(owner(true)), "/id is not there");
});

t.test("viewers are plain ids or the whole answer is refused", async (t) => {
  t.match(owner({ id: 1, viewers: [7, "alice"] }), { value: { viewers: ["7", "alice"] } });
  t.strictSame(owner({ id: 1, viewers: null }).kind, "read");
  t.equal(why(owner({ id: 1, viewers: "alice" })), "/viewers is no list");
  t.equal(why(owner({ id: 1, viewers: [null] })), "/viewers holds what is no plain id");
});

t.test("whatever comes in, what is read is safe in a header and in one log line", async (t) => {
  const safe = fc.property(
    fc.record({ id: fc.anything(), name: fc.anything(), email: fc.string(), groups: fc.anything() }),
    (document) => {
      const reading = person(document);
      if (reading.kind !== "read") return true;
      const { id, name, email, groups } = reading.value;
      const lines = [name ?? "", email ?? "", ...(groups ?? [])];
      return isId(id) && lines.every((line) => !/[\p{Cc}\u2028\u2029]/u.test(line) && line.isWellFormed());
    },
  );
  t.doesNotThrow(() => fc.assert(safe, { numRuns: 500 }));
});
