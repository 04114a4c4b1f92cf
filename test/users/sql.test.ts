import t from "tap";
import { TABLES, testSqlUsers } from "../contracts/sql-database.ts";
import { sqliteFile } from "../fixtures/servers/sqlite.ts";
import { problems } from "./deps.ts";

testSqlUsers(t, "sql: SQLite", {
  database: async (t) => sqliteFile(t, TABLES),
  lists: [],
  slow: null,
  writing: null,
});

t.test("sql: places that nothing stands for, and statements without theirs, are refused", async (t) => {
  const find = "select id from people where id = $1";
  const bad: [object, RegExp][] = [
    [{ find: "select id from people" }, /^sql\.find: write where the id goes/],
    [{ find: "select id from people where id = {user}" }, /^sql\.find: nothing can be put in for user/],
    [{ find, search: "select id from people limit $2" }, /^sql\.search: write where the text goes/],
    [{ find, search: "select id from people where id = {id}" }, /^sql\.search: nothing can be put in for id/],
  ];
  for (const [sql, message] of bad) t.match(problems({ sql: { url: "sqlite:app.db", ...sql } })[0], message);
});
