import t from "tap";
import { fillSentence } from "../../src/domain/sentence.ts";

const NUNO = { id: "17", name: "Nuno $& {trueUser.name}", email: null, groups: null };
const ALICE = { id: "alice", name: "Alice", email: "a@x", groups: null };
const BOTH = { trueUser: ALICE, effectiveUser: NUNO };

t.test("people stand where the config names them", async (t) => {
  t.equal(
    fillSentence("Delete it, {trueUser.name} ({trueUser.id}, {trueUser.email})?", BOTH),
    "Delete it, Alice (alice, a@x)?",
  );
  t.equal(fillSentence("{effectiveUser.id} {effectiveUser.id}", BOTH), "17 17");
});

t.test("a name is put in as it is, and never read again", async (t) => {
  t.equal(fillSentence("For {effectiveUser.name}?", BOTH), "For Nuno $& {trueUser.name}?");
});

t.test("what is not known of a person is the name, else the id", async (t) => {
  t.equal(
    fillSentence("{effectiveUser.email}", { ...BOTH, effectiveUser: { ...NUNO, name: "Nuno" } }),
    "Nuno",
  );
  t.equal(fillSentence("{effectiveUser.name}", { ...BOTH, effectiveUser: { ...NUNO, name: null } }), "17");
});

t.test("what names nobody stays as it is", async (t) => {
  for (const text of [
    "{effectiveUser}",
    "{user.name}",
    "{effectiveUser.groups}",
    "{ effectiveUser.name }",
    "plain",
  ])
    t.equal(fillSentence(text, BOTH), text);
  t.equal(
    fillSentence("{effectiveUser.name}", { trueUser: null, effectiveUser: null }),
    "{effectiveUser.name}",
  );
});

t.test("a name that turns the line or hides in it is shown plain", async (t) => {
  const person = { id: "17", name: "\u202eonuN\u200b", email: null, groups: null };
  const people = { trueUser: null, effectiveUser: person };
  t.equal(fillSentence("Pay for {effectiveUser.name}?", people), "Pay for onuN?");
  t.equal(fillSentence("{effectiveUser.email}", people), "onuN");
  const nothing = { ...people, effectiveUser: { ...person, name: "\u200b" } };
  t.equal(fillSentence("{effectiveUser.name}", nothing), "17");
});
