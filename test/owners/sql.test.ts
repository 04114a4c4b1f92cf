import t from "tap";
import { lookup, NEVER } from "../contracts/owner-resolver.ts";
import { TABLES, testSqlOwners } from "../contracts/sql-database.ts";
import { sqliteFile } from "../fixtures/servers/sqlite.ts";
import { ownerDeps, problems, resolverFrom } from "./deps.ts";

testSqlOwners(t, "sql: SQLite", {
  database: async (t) => sqliteFile(t, TABLES),
  lists: [
    "select json_group_array(role) from memberships where user_id = '17'",
    'select \'["customer", "beta, tester"]\'',
  ],
  slow: null,
  writing: null,
});

t.test("sql: nothing but one select with bound places is taken", async (t) => {
  const bad: [string, RegExp][] = [
    ["delete from sites where id = {site}", /write one select/],
    ["select 1; delete from sites", /write one statement, without `;`/],
    ["select user_id from sites where id = '{site}'", /\{site} in quotes would be text/],
    ["select user_id from sites where id = '$1'", /\$1 in quotes would be text/],
    ["select user_id from sites -- where id = {site}", /leave out comments/],
    ["select user_id from sites where id = {site} and org = $1", /write all params by their names/],
    ["select user_id from sites where id = $2", /where there are several, write their names/],
    ["select user_id from sites where id = 'x", /a quote is not closed/],
    ["select user_id from sites where id = $$x$$", /a place is written {name} or \$1/],
  ];
  for (const [query, message] of bad)
    t.match(problems({ sql: { url: "sqlite:app.db", query } })[0], message, query);
});

t.test(
  "sql: an address with a password is not written into the config, and one that can't be read is a problem of it",
  async (t) => {
    const query = "select user_id from sites where id = $1";
    t.match(
      problems({ sql: { url: "postgres://u:secret@db/app", query } })[0],
      /^sql\.url: .*must not hold a password/,
    );
    const deps = ownerDeps(t, { DB: "postgres://u:secret@db" });
    t.throws(() => resolverFrom({ sql: { url: { fromEnv: "DB" }, query } }, deps), {
      code: "config-invalid",
      message: /name of the database is missing/,
    });
    t.throws(() => resolverFrom({ sql: { url: { fromEnv: "GONE" }, query } }, deps), {
      code: "secret-missing",
    });
  },
);

t.test("sql: what is asked for is what the lookup has, so pages of one site ask once", async (t) => {
  const { url, admin } = sqliteFile(t, TABLES);
  const deps = ownerDeps(t);
  const resolver = resolverFrom({ sql: { url, query: "select user_id from sites where id = {site}" } }, deps);
  t.strictSame(resolver.needs, ["site"]);
  t.match(await resolver.resolve(lookup({ site: "42" }, { path: "/one" }), NEVER), { id: "17" });
  admin("update sites set user_id = '18' where id = 42");
  t.match(
    await resolver.resolve(lookup({ site: "42" }, { path: "/two" }), NEVER),
    { id: "17" },
    "remembered",
  );
  deps.clock.pass(30_000);
  t.match(await resolver.resolve(lookup({ site: "42" }), NEVER), { id: "18" }, "for so long");
});
