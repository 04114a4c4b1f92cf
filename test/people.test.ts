import t from "tap";
import { directoryMapping, ownerMapping, personFacts, personId, personMapping } from "../src/people.ts";

t.test("a mapping has a default for every fact", async (t) => {
  t.strictSame(personMapping("/sub").parse(undefined), {
    id: ["sub"],
    name: ["name"],
    email: ["email"],
    groups: ["groups"],
    language: ["locale"],
  });
  t.strictSame(directoryMapping().parse(undefined).approvers, ["approvers"]);
  t.strictSame(ownerMapping.parse({ id: "/data/owner/0" }).id, ["data", "owner", "0"]);
  t.strictSame(ownerMapping.parse({}).viewers, ["viewers"]);
});

t.test("what is no JSON pointer is refused with the words to write", async (t) => {
  for (const id of ["id", "$.id", "/a~2", 5])
    t.match(personMapping("/id").safeParse({ id }).error?.issues[0], {
      path: ["id"],
      message: /write a JSON pointer, like \/id/,
    });
});

t.test("an id in the config may be a bare whole number", async (t) => {
  t.equal(personId.parse(17), "17");
  t.equal(personId.parse("17"), "17");
  for (const id of ["", " 17", "a\nb", "jürgen", 1.5, -1, "x".repeat(257), null])
    t.notOk(personId.safeParse(id).success, JSON.stringify(id));
});

t.test("facts that are left out of a table are not known", async (t) => {
  t.strictSame(personFacts.parse({}), { name: null, email: null, groups: null });
  t.strictSame(personFacts.parse({ groups: [] }).groups, []);
  t.notOk(personFacts.safeParse({ name: "a\r\nb" }).success);
});
