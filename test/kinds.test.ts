import t from "tap";
import { z } from "zod";
import { type AnyKind, kindEntry } from "../src/kinds.ts";

const gate: AnyKind<string, string> = {
  name: "gate",
  describe: "A gate.",
  schema: z.strictObject({ gate: z.strictObject({ colour: z.string() }), wide: z.boolean().default(false) }),
  create: (options, deps) => `${JSON.stringify(options)} ${deps}`,
};
const wall: AnyKind<string, string> = {
  name: "wall",
  describe: "A wall.",
  schema: z.strictObject({ wall: z.string() }),
  create: (_options, deps) => `wall ${deps}`,
};
const entry = kindEntry([gate, wall], "an opening");
const issues = (value: unknown) => entry.safeParse(value).error?.issues ?? [];

t.test("an entry is of the kind whose key it has, and makes it with every default filled in", async (t) => {
  const read = entry.parse({ gate: { colour: "red" } });
  t.equal(read.kind, "gate");
  t.equal(read.create("here"), '{"gate":{"colour":"red"},"wide":false} here');
});

t.test("problems are those of the kind that was meant, at their place", async (t) => {
  const found = issues({ gate: { color: "red" }, wide: 1 });
  t.strictSame(
    found.map(({ code, path }) => `${code} ${path.join(".")}`),
    ["invalid_type gate.colour", "unrecognized_keys gate", "invalid_type wide"],
  );
});

t.test("no kind, two kinds and what is no object are refused with the kinds there are", async (t) => {
  for (const value of [{ window: 1 }, { gate: { colour: "red" }, wall: "x" }, "gate", null, [], undefined])
    t.match(issues(value)[0]?.message, "write an opening as one of: { gate: … }, { wall: … }");
  t.match(issues({ window: 1 })[0], { code: "unrecognized_keys", keys: ["window"] });
});

t.test("an inherited name is no kind", async (t) => {
  t.equal(issues(Object.create({ wall: "x" })).length, 1);
});

t.test("editors are offered every kind", async (t) => {
  const schema = z.toJSONSchema(z.strictObject({ opening: entry }), { io: "input" });
  t.match(schema, {
    properties: {
      opening: { anyOf: [{ description: "A gate.", required: ["gate"] }, { description: "A wall." }] },
    },
  });
});
