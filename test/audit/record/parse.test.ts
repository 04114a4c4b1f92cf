import t from "tap";
import { draft } from "../../../src/audit/record/format.ts";
import { writtenOf } from "../../../src/audit/record/parse.ts";
import { event } from "../event.ts";

/** A record with all that a record can have. */
function whole() {
  const made = event({
    request: { ...event().request, query: "a=1", bytes: 3, trace: "00-1" } as never,
    response: { status: 200, bytes: 3, duration: 2, ending: "success" },
    captured: { headers: [["accept", "x"]], form: { fields: "a=1", whole: false } },
    decision: {
      word: "impersonating",
      route: "/",
      rule: "no",
      via: "jwt",
      checks: [{ name: "a", passed: true, saw: "b" }],
    },
    span: { start: 1, end: 2 },
    intent: "i",
    detail: "d",
  });
  return JSON.parse(draft(made, { monotonic: 1, redact: (query) => query }));
}

/** The paths of all fields of an object. */
function pathsOf(value: unknown): readonly (readonly string[])[] {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return [[]];
  return Object.entries(value).flatMap(([name, inner]) => [
    [name],
    ...pathsOf(inner).flatMap((path) => (path.length === 0 ? [] : [[name, ...path]])),
  ]);
}

/** What nobody reads. */
const OTHER = /^(?:ecs|related|guise\.monotonic|event\.(?:kind|category|type))\b/;

t.test("what a gateway writes is a record", async (t) => {
  t.ok(writtenOf(JSON.stringify(whole())));
  t.ok(writtenOf(JSON.stringify({ ...whole(), labels: null })), "of a later version as well");
});

t.test("a line with something else where a field is read is none", async (t) => {
  const read = pathsOf(whole()).filter((path) => !OTHER.test(path.join(".")));
  t.ok(read.length > 40);
  for (const path of read)
    for (const odd of [null, true, [null]]) {
      const record = whole();
      const inside = path.slice(0, -1).reduce((it, name) => it[name], record);
      inside[path.at(-1) ?? ""] = odd;
      t.equal(writtenOf(JSON.stringify(record)), null, `${path.join(".")}: ${JSON.stringify(odd)}`);
    }
  for (const name of ["@timestamp", "event", "guise"])
    t.equal(writtenOf(JSON.stringify({ ...whole(), [name]: undefined })), null, `no ${name}`);
  t.equal(writtenOf(JSON.stringify({ ...whole(), "@timestamp": "2026-13-01T00:00:00.000Z" })), null);
});
