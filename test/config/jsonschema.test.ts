import t from "tap";
import { z } from "zod";
import { jsonSchema, keysAt } from "../../src/config/jsonschema.ts";
import { KINDS } from "../../src/config/kinds.ts";
import { configSchema } from "../../src/config/schema.ts";

const schema = jsonSchema(configSchema(KINDS));

t.test("keys are known wherever an object can stand", async (t) => {
  t.ok(keysAt(schema, []).includes("routes"));
  t.same(keysAt(schema, ["upstream"]).slice(0, 2), ["url", "host"]);
  t.ok(keysAt(schema, ["agents", 3, "mayBe"]).includes("notInGroups"));
  t.ok(keysAt(schema, ["owners", "any", "http"]).includes("url"));
  t.ok(keysAt(schema, ["identity", 0, "whoami"]).includes("cookies"));
});

t.test("where no object can stand there are no keys", async (t) => {
  t.same(keysAt(schema, ["prefix"]), []);
  t.same(keysAt(schema, ["nothing", "at", "all"]), []);
  t.same(keysAt(schema, ["toString"]), []);
});

t.test("editors see what may be written, not what comes out of it", async (t) => {
  const one = jsonSchema(
    z.strictObject({ a: z.string().transform(Number).prefault("1").describe("A number.") }),
  );
  t.match(one, { properties: { a: { type: "string", default: "1", description: "A number." } } });
  t.equal(one.required, undefined);
});

t.test("every kind of every room is in it", async (t) => {
  const text = JSON.stringify(schema);
  for (const kind of [...KINDS.identity, ...KINDS.owners, ...KINDS.users, ...KINDS.stores]) {
    t.ok(text.includes(`"${kind.name}":`), kind.name);
  }
});
