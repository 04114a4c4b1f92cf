import t from "tap";
import { labelOf } from "../../src/domain/identity.ts";

t.test("a person is called by the name, else the e-mail address, else the id", async (t) => {
  const person = { id: "17", name: "Nuno", email: "n@example.com", groups: null };
  t.equal(labelOf(person), "Nuno");
  t.equal(labelOf({ ...person, name: null }), "n@example.com");
  t.equal(labelOf({ ...person, name: null, email: null }), "17");
});
