import { readFileSync } from "node:fs";
import fc from "fast-check";
import t from "tap";
import { parse } from "yaml";
import { z } from "zod";
import { conditionsOf, ruleConditions } from "../../../../src/config/sections/conditions.ts";
import { compileConditions, Said } from "../../../../src/domain/routing/conditions/condition.ts";

const schema = z.strictObject(ruleConditions);

/** Conditions as a config writes them, asked about a request. */
type Asked = ConstructorParameters<typeof Said>[0];

function asked(written: object, more: Partial<Asked> & { readonly type?: string; readonly text?: string }) {
  const conditions = conditionsOf(schema.parse(written));
  if (conditions === null) throw new Error("no conditions");
  const compiled = compileConditions(conditions);
  const { type, text, ...rest } = more;
  const body =
    text === undefined
      ? null
      : { text, utf8: true, whole: true, types: type === undefined ? [] : [type], codings: [] };
  const what: Asked = { query: null, headers: [], body, ...rest };
  return { gives: compiled.hold(new Said(what)), takes: compiled.mayHold(new Said(what)) };
}

const BOTH = { gives: true, takes: true };
const NEITHER = { gives: false, takes: false };
const TAKES = { gives: false, takes: true };
const FORM = "application/x-www-form-urlencoded";

interface Reading {
  readonly by: string;
  readonly query?: string;
  readonly type?: string;
  readonly second?: string;
  readonly coding?: string;
  readonly body?: string;
  readonly whole?: boolean;
}

t.test(
  "how frameworks read a parameter: what takes away sees each reading, what gives needs the only one",
  async (t) => {
    const text = readFileSync(new URL("./readings.yaml", import.meta.url), "utf8");
    const readings = parse(text) as readonly Reading[];
    t.ok(readings.length > 40);
    for (const it of readings) {
      const body =
        it.body === undefined
          ? null
          : {
              text: it.body,
              utf8: true,
              whole: it.whole ?? true,
              types: [it.type, it.second].filter((type) => type !== undefined),
              codings: it.coding === undefined ? [] : [it.coding],
            };
      const what = { query: it.query ?? null, body };
      t.equal(asked({ form: { do: "delete" } }, what).takes, true, `${it.by}: a form takes away`);
      t.equal(asked({ json: { do: "delete" } }, what).takes, true, `${it.by}: JSON takes away`);
      for (const source of ["query", "form", "json"])
        t.equal(asked({ [source]: { do: "view" } }, what).gives, false, `${it.by}: ${source} gives nothing`);
      if (body === null)
        t.equal(asked({ query: { do: "delete" } }, what).takes, true, `${it.by}: a query takes away`);
    }
  },
);

t.test("what is written plainly gives", async (t) => {
  const view = "do=view&id=42&q=a%20b+c";
  t.strictSame(asked({ query: { do: "view" } }, { query: view }), BOTH);
  t.strictSame(asked({ query: { do: ["edit", "view"], id: true, x: false } }, { query: view }), BOTH);
  t.strictSame(asked({ query: { q: "a b c", id: { pattern: "[0-9]+" } } }, { query: view }), BOTH);
  t.strictSame(asked({ form: { do: "view" } }, { type: FORM, text: view }), BOTH);
  t.strictSame(asked({ form: { do: "view" } }, { type: `${FORM}; charset=UTF-8`, text: view }), BOTH);
  t.strictSame(
    asked({ form: { "user[email]": "a@b.c" } }, { type: FORM, text: "user%5Bemail%5D=a%40b.c" }),
    BOTH,
  );
  const parts = '--b\r\nContent-Disposition: form-data; name="do"\r\n\r\nview\r\n--b--\r\n';
  t.strictSame(
    asked({ form: { do: "view" } }, { type: "multipart/form-data; boundary=b", text: parts }),
    BOTH,
  );
  const json = '{"do":"view","user":{"id":42},"list":[{"a":null}]}';
  t.strictSame(asked({ json: { do: "view" } }, { type: "application/json", text: json }), BOTH);
  t.strictSame(asked({ json: { "user.id": 42 } }, { type: "application/json", text: json }), BOTH);
  t.strictSame(asked({ json: { "list.0.a": "null" } }, { type: "application/json", text: json }), BOTH);
  t.equal(asked({ json: { "list.a": true } }, { type: "application/json", text: json }).takes, true);
});

t.test("what isn't there is nobody's", async (t) => {
  t.strictSame(asked({ query: { do: "delete" } }, { query: "do=view&redo=delete&do_it=delete" }), NEITHER);
  t.strictSame(asked({ query: { do: true } }, { query: null }), NEITHER);
  t.strictSame(asked({ form: { do: "delete" } }, { type: FORM, text: "a=do&b=delete" }), NEITHER);
  t.strictSame(asked({ form: { do: "delete" } }, { type: "image/png", text: "do=delete" }), NEITHER);
  const json = '{"a":{"do":"delete"},"b":"do=delete"}';
  t.strictSame(asked({ json: { do: "delete" } }, { type: "application/json", text: json }), NEITHER);
});

t.test("a parameter that must not be there", async (t) => {
  t.strictSame(asked({ query: { nonce: false } }, { query: "a=1" }), BOTH);
  t.strictSame(asked({ query: { nonce: false } }, { query: "nonce=1" }), NEITHER);
  t.strictSame(asked({ query: { nonce: false } }, { query: "nonce=1&nonce=2" }), TAKES);
  t.strictSame(asked({ query: { nonce: false } }, { query: "Nonce=1" }), TAKES);
  t.strictSame(asked({ form: { nonce: false } }, { type: "application/xml", text: "<a/>" }), TAKES);
});

t.test("names by a pattern", async (t) => {
  const found = (text: string) => asked({ form: { "*password*": true } }, { type: FORM, text });
  t.strictSame(found("a=1&new_password=x"), BOTH);
  t.strictSame(found("user%5Bpassword%5D=x"), BOTH);
  t.strictSame(found("user.Password=x"), TAKES);
  t.strictSame(found("a=password"), NEITHER);
  const json = asked(
    { json: { "*.email": true } },
    { type: "application/json", text: '{"data":{"user":{"email":"a"}}}' },
  );
  t.equal(json.takes, true);
});

t.test("a value goes on behind a line that begins as a mark does", async (t) => {
  const type = "multipart/form-data; boundary=b";
  const contains = { form: { do: { contains: ["delete"] } } };
  for (const line of ["-- ", "--", "--bb", "---", "--a--"])
    for (const end of ["\r\n", "\n"]) {
      const head = `--b${end}Content-Disposition: form-data; name="do"${end}${end}`;
      const text = `${head}view${end}${line}${end}delete${end}--b--${end}`;
      t.strictSame(asked(contains, { type, text }), TAKES, JSON.stringify(line + end));
    }
});

t.test("a body in parts whose type says more than one plain boundary may say anything", async (t) => {
  const text = `--b\r\nContent-Disposition: form-data; name="do"\r\n\r\nview\r\n-- \r\ndelete--b--\r\n`;
  for (const said of [
    "boundary*=utf-8''b",
    "boundary*0=b",
    "boundary=a; boundary=c; boundary=d; boundary=e; boundary=b",
  ])
    t.strictSame(
      asked({ form: { do: { contains: ["delete"] } } }, { type: `multipart/form-data; ${said}`, text }),
      TAKES,
      said,
    );
});

t.test("a number is one in any spelling for what takes away", async (t) => {
  for (const id of ["42", "042", "42abc", "+42", "42.0"])
    t.equal(asked({ query: { id: 42 } }, { query: `id=${id}` }).takes, true, id);
  t.strictSame(asked({ query: { id: 42 } }, { query: "id=420" }), NEITHER);
});

t.test("headers, by names that HTTP and CGI take for the same", async (t) => {
  const fetch = { header: { "X-Requested-With": "XMLHttpRequest" } };
  t.strictSame(asked(fetch, { headers: ["x-requested-with", "XMLHttpRequest"] }), BOTH);
  t.strictSame(asked(fetch, { headers: ["X_Requested_With", "XMLHttpRequest"] }), TAKES);
  t.strictSame(
    asked(fetch, { headers: ["X-Requested-With", "a", "X-Requested-With", "XMLHttpRequest"] }),
    TAKES,
  );
  t.strictSame(asked(fetch, { headers: ["X-Requested-With", "a, XMLHttpRequest"] }), TAKES);
  t.strictSame(asked(fetch, { headers: ["Accept", "XMLHttpRequest"] }), NEITHER);
});

t.test("GraphQL: the types of all operations, as far as they can be read", async (t) => {
  const json = (value: unknown) => ({ type: "application/json", text: JSON.stringify(value) });
  const query = (what: Parameters<typeof asked>[1]) => asked({ graphql: "query" }, what).gives;
  t.equal(query(json({ query: "{ me { id } }" })), true);
  t.equal(query(json({ query: 'query A($a: I = {b: [1]}) { a(x: "}") } fragment F on U { id }' })), true);
  t.equal(query(json([{ query: "{ a }" }, { query: "query { b }", variables: { mutation: 1 } }])), true);
  t.equal(query({ query: "query=%7Bme%7Bid%7D%7D" }), true);
  for (const [why, what] of Object.entries({
    "a mutation": json({ query: "mutation { pay }" }),
    "a mutation behind a query": json({ query: "query A { a } mutation B { b }", operationName: "A" }),
    "a mutation behind a comment": json({ query: "# {\nmutation { b }" }),
    "a mutation behind a text": json({ query: 'query { a(x: """ } query { """) } mutation { b }' }),
    "one of a batch": json([{ query: "{ a }" }, { query: "mutation { b }" }]),
    "no text": json({ extensions: { persistedQuery: { sha256Hash: "x" } } }),
    "a text and a hash": json({ query: "{ a }", extensions: { persistedQuery: { sha256Hash: "x" } } }),
    "an id": json({ query: "{ a }", id: "x" }),
    "a key twice": { type: "application/json", text: '{"query":"{a}","query":"mutation{b}"}' },
    "the address says more": { ...json({ query: "{ a }" }), query: "query=mutation%7Bb%7D" },
    parts: { type: "multipart/form-data; boundary=b", text: "--b" },
    "a type of its own": { type: "application/graphql", text: "{ a }" },
    "nothing but a fragment": json({ query: "fragment F on U { id }" }),
    "an open bracket": json({ query: "{ a" }),
  })) {
    t.equal(query(what), false, why);
    t.equal(asked({ graphql: "mutation" }, what).takes, true, why);
  }
  t.strictSame(asked({ graphql: "mutation" }, { query: "a=1" }), NEITHER);
  t.strictSame(asked({ graphql: "mutation" }, json({ query: "{ a }" })), NEITHER);
});

t.test("what gives something never does so where the same takes nothing away", async (t) => {
  const part = fc.constantFrom(
    "do",
    "DO",
    "do[]",
    "d%6f",
    "a",
    ";",
    "&",
    "=",
    "view",
    "%00",
    "+",
    "%ff",
    "%",
  );
  const pieces = fc.array(part, { maxLength: 8 }).map((parts) => parts.join(""));
  const text = fc.oneof(pieces, fc.constantFrom("", "do=view", '{"do":"view"}'));
  const types = fc.constantFrom(
    FORM,
    "application/json",
    "text/plain",
    "image/png",
    "multipart/form-data; boundary=b",
  );
  const tests = fc.constantFrom<string | boolean | string[]>("view", true, ["view", "a"]);
  const source = fc.constantFrom("query", "form", "json");
  let given = 0;
  const held = fc.property(text, text, types, tests, source, (query, body, type, test, key) => {
    const { gives, takes } = asked({ [key]: { do: test } }, { query, type, text: body });
    if (gives) given += 1;
    return !gives || takes;
  });
  t.doesNotThrow(() => fc.assert(held, { numRuns: 1_000 }));
  t.ok(given > 0, "some of them are given");
});

t.test("of more than can be read, the rest may say anything", async (t) => {
  const many = Array.from({ length: 6_000 }, (_, i) => `a${i}=1`);
  const forms: Readonly<Record<string, string>> = {
    [FORM]: many.join("&"),
    "application/json": JSON.stringify(many),
    "multipart/form-data; boundary=b": many
      .map((it) => `--b\r\nContent-Disposition: form-data; name="${it}"\r\n\r\n1\r\n`)
      .join(""),
  };
  for (const [type, text] of Object.entries(forms))
    t.strictSame(asked({ form: { do: "delete" } }, { type, text }), TAKES, type);
});
