import t from "tap";
import { ownerOf } from "../../src/domain/person.ts";
import { readOwnerRows, readPeopleRows } from "../../src/domain/person-row.ts";

t.test("no row, a null and 0 are nobody", async (t) => {
  for (const rows of [[], [{ user_id: null }], [{ user_id: 0 }], [{ id: "0" }], [{ id: "" }]])
    t.strictSame(readOwnerRows(rows), { kind: "none" }, JSON.stringify(rows));
});

t.test("user_id comes before id, and numbers are ids", async (t) => {
  t.strictSame(readOwnerRows([{ user_id: 17 }]), { kind: "read", value: ownerOf("17") });
  t.strictSame(readOwnerRows([{ user_id: "17", id: 42 }]), { kind: "read", value: ownerOf("17") });
  t.strictSame(readOwnerRows([{ id: "9007199254740993" }]), {
    kind: "read",
    value: ownerOf("9007199254740993"),
  });
});

t.test("groups and viewers are lists in any form, or a row each", async (t) => {
  const forms: [unknown, readonly string[] | null][] = [
    [
      ["a", "b"],
      ["a", "b"],
    ],
    ["a, b,", ["a", "b"]],
    ['["a","b, c"]', ["a", "b, c"]],
    ["", []],
    [[null], []],
    [null, null],
    [undefined, null],
    [7, ["7"]],
  ];
  for (const [groups, expected] of forms)
    t.match(readOwnerRows([{ id: 1, groups }]), { value: { groups: expected } }, JSON.stringify(groups));
  const rows = [
    { id: 1, name: "A", groups: "a", viewers: 2 },
    { id: 1, name: "A", groups: "b", viewers: 3 },
    { id: 1, name: "A", groups: "a", viewers: null },
  ];
  t.match(readOwnerRows(rows), { value: { name: "A", groups: ["a", "b"], viewers: ["2", "3"] } });
});

t.test("groups that can't be read never vanish", async (t) => {
  for (const groups of ["{admin}", "[admin", '{"a":1}', { admin: true }, [{ name: "admin" }], true, ["a\nb"]])
    t.match(readOwnerRows([{ id: 1, groups }]), { kind: "bad" }, JSON.stringify(groups));
});

t.test("rows of different people are nobody's answer; a list of people keeps each", async (t) => {
  t.match(readOwnerRows([{ id: 1 }, { id: 2 }]), { kind: "bad", why: /different people/ });
  t.match(readOwnerRows([{ name: "x" }]), { kind: "bad", why: /no column/ });
  t.same(
    readPeopleRows([{ id: 1, groups: "a" }, { id: 2 }, { id: null }, { id: "a\nb" }]).map(({ kind }) => kind),
    ["read", "read", "none", "bad"],
  );
});
