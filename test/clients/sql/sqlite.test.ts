import { renameSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import t, { type Test } from "tap";
import { databases } from "../../../src/clients/sql/databases.ts";
import { sqliteFile } from "../../fixtures/servers/sqlite.ts";

const question = (text: string, signal = AbortSignal.timeout(60_000)) => ({
  text,
  values: [],
  timeout: 60_000,
  signal,
});

function opened(t: Test, url: string) {
  const all = databases();
  t.teardown(() => all.close());
  return all.open(url, { ca: null, connections: 1, directory: "." });
}

t.test("large numbers are texts, and nothing can be written", async (t) => {
  const { url } = sqliteFile(t, ["create table a (id)", "insert into a values (9007199254740993)"]);
  const database = opened(t, url);
  t.strictSame(await database.rows(question("select id, 7 as small from a")), [
    { id: "9007199254740993", small: 7 },
  ]);
  await t.rejects(database.rows(question("insert into a values (1) returning id")), { message: /readonly/ });
});

t.test("a file that was put in its place counts at once; one that is gone can't say", async (t) => {
  const one = sqliteFile(t, ["create table a (id)", "insert into a values (1)"]);
  const two = sqliteFile(t, ["create table a (id)", "insert into a values (2)"]);
  const database = opened(t, one.url);
  t.strictSame(await database.rows(question("select id from a")), [{ id: 1 }]);
  renameSync(two.file, one.file);
  t.strictSame(await database.rows(question("select id from a")), [{ id: 2 }]);
  renameSync(one.file, two.file);
  await t.rejects(database.rows(question("select id from a")), { message: /ENOENT/ });
});

t.test(
  "a statement that runs on and on is left, this thread goes on meanwhile, and the next is asked behind it",
  async (t) => {
    const { url } = sqliteFile(t, ["create table a (id)", "insert into a values (1)"]);
    const database = opened(t, url);
    const leaving = new AbortController();
    const endless =
      "with recursive n(i) as (select 1 union all select i + 1 from n where i < 3000000) select count(*) as id from n";
    const left = database.rows(question(endless, leaving.signal));
    const next = database.rows(question("select id from a"));
    leaving.abort(new Error("gone"));
    await t.rejects(left, { message: "gone" });
    t.strictSame(await next, [{ id: 1 }]);
  },
);

t.test("a database that somebody writes to is read all the same", async (t) => {
  const { url, file } = sqliteFile(t, [
    "pragma journal_mode = wal",
    "create table a (id)",
    "insert into a values (1)",
  ]);
  const writer = new DatabaseSync(file);
  t.teardown(() => writer.close());
  writer.exec("begin immediate; insert into a values (2)");
  t.strictSame(await opened(t, url).rows(question("select id from a")), [{ id: 1 }]);
  writer.exec("rollback");
});
