import t from "tap";
import { readStatement, type Statement } from "../../../src/clients/sql/statement.ts";

function read(text: string): Statement {
  const statement = readStatement(text);
  if (typeof statement === "string") throw new Error(statement);
  return statement;
}

t.test("places become what each kind of server calls a parameter", async (t) => {
  const statement = read("select user_id from sites where id = {site} and host = {host} or id = {site};");
  t.strictSame(statement.names, ["site", "host"]);
  t.strictSame(statement.render("postgres"), {
    text: "select user_id from sites where id = $1 and host = $2 or id = $1",
    order: ["site", "host"],
  });
  t.strictSame(statement.render("mysql"), {
    text: "select user_id from sites where id = ? and host = ? or id = ?",
    order: ["site", "host", "site"],
  });
  t.strictSame(statement.render("sqlite"), {
    text: "select user_id from sites where id = ?1 and host = ?2 or id = ?1",
    order: ["site", "host"],
  });
});

t.test("$1 and query parameters are places, whatever stands in quotes is not", async (t) => {
  t.strictSame(read("select id from t where a = $2 and b = $1 and c = {query.post-id}").names, [
    "$2",
    "$1",
    "query.post-id",
  ]);
  const quoted = `select 'it''s', "a ? column", \`x\`, '{}', '{1,2}' from t where a ->> '$.b' = {a}`;
  t.strictSame(read(quoted).render("sqlite"), { text: quoted.replace("{a}", "?1"), order: ["a"] });
  t.equal(
    read("with x as (select 1) select id from x where id = $1::int").render("postgres").text,
    "with x as (select 1) select id from x where id = $1::int",
  );
});

t.test("what could be read in two ways is refused", async (t) => {
  for (const text of [
    "update t set a = 1",
    "selected",
    "select 1; select 2",
    "select 1 -- {a}",
    "select 1 /* {a} */",
    "select '{a}'",
    'select "{query.a}"',
    "select '$1'",
    "select 'it\\'s'",
    "select 'open",
    "select $a$text$a$",
    "select $0",
  ])
    t.type(readStatement(text), "string", text);
});
