// Needs: PostgreSQL, MariaDB
import t from "tap";
import { TABLES, testSqlOwners, testSqlUsers } from "../contracts/sql-database.ts";
import { mariadbServer } from "../fixtures/servers/mariadb.ts";
import { postgresServer } from "../fixtures/servers/postgres.ts";

const postgres = await postgresServer();
t.teardown(() => postgres.stop());
for (const statement of TABLES) postgres.admin(statement);
postgres.admin(
  "create function adds() returns text language sql as $f$ insert into memberships values ('1', 'x') returning '17' $f$",
);
const inPostgres = {
  database: async () => postgres,
  lists: [
    "select array_agg(role) from memberships where user_id = '17'",
    "select json_agg(role) from memberships where user_id = '17'",
  ],
  slow: "select pg_sleep(30), '17' as id from sites where id::text = {site}",
  writing: "select adds() as id from sites where id = {site}",
};
testSqlOwners(t, "sql: PostgreSQL", inPostgres);
testSqlUsers(t, "sql: PostgreSQL", inPostgres);

const mariadb = await mariadbServer();
t.teardown(() => mariadb.stop());
for (const statement of TABLES) mariadb.admin(`use app; ${statement}`);
mariadb.admin(
  "use app;\ndelimiter //\ncreate function adds() returns int modifies sql data begin insert into memberships values ('1', 'x'); return 17; end//",
);
const inMariadb = {
  database: async () => ({
    ...mariadb,
    admin: (sql: string) => mariadb.admin(`use app; set sql_mode='PIPES_AS_CONCAT'; ${sql}`),
  }),
  lists: [
    "select json_arrayagg(role) from memberships where user_id = '17'",
    'select \'["customer", "beta, tester"]\'',
  ],
  slow: "select sleep(30), '17' as id from sites where id = {site}",
  writing: "select adds() as id from sites where id = {site}",
};
testSqlOwners(t, "sql: MariaDB", inMariadb);
testSqlUsers(t, "sql: MariaDB", inMariadb);
