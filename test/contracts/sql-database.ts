import type { Test } from "tap";
import type { Database } from "../../src/clients/sql/database.ts";
import { ownerOf } from "../../src/domain/person.ts";

import { ownerLookup } from "../../src/domain/routing/lookup.ts";
import type { OwnerResolver, Users } from "../../src/ports.ts";
import { ownerDeps, resolverFrom } from "../owners/deps.ts";
import { userDeps, usersFrom } from "../users/deps.ts";
import { lookup, NEVER, testOwnerResolver } from "./owner-resolver.ts";
import { PEOPLE, testUsers } from "./users.ts";

/** A database with the tables of `TABLES`, and a way to change it. */
export interface TestDatabase {
  readonly url: string;
  admin(sql: string): unknown;
}

export interface SqlCase {
  /** The same for all tests of a file; it has `TABLES`. */
  database(t: Test): Promise<TestDatabase>;
  /** A list of the values of a column, as this kind of server makes one, and another way to make one. */
  readonly lists: readonly string[];
  /** A statement that takes longer than any test waits, its value compared somewhere; null where none is to be had. */
  readonly slow: string | null;
  /** A statement that writes while it selects. */
  readonly writing: string | null;
}

const FROM_ENV = { fromEnv: "DB" };
/** Slugs that would break out of text, be taken for a pattern, or be folded. */
const ODD = ["it's", 'a"b', "a;b", "$1", "?", "{slug}", "a--b", "café", "日本", "100%25"];

/** Understood by all of them. */
export const TABLES = [
  "create table people (id varchar(64) not null primary key, name varchar(64), email varchar(64), roles varchar(64))",
  "create table sites (id int not null primary key, slug varchar(64) not null unique, user_id varchar(64))",
  "create table memberships (user_id varchar(64) not null, role varchar(64) not null)",
  "create table watchers (site_id int not null, user_id varchar(64) not null)",
  "insert into people values ('17', 'Nuno', 'nuno@example.com', 'customer'), ('18', 'Nora', 'nora@other.example', ''), ('al ice', null, 'alice@example.com', null)",
  "insert into sites values (42, 'acme', '17'), (43, 'nobody', null), (44, 'zero', '0'), (45, 'gone', '99')",
  `insert into sites values ${ODD.map((slug, n) => `(${100 + n}, '${slug.replaceAll("'", "''")}', '${100 + n}')`).join(", ")}`,
  "insert into memberships values ('17', 'customer'), ('17', 'beta, tester')",
  "insert into watchers values (42, '3'), (42, '4')",
];

const WHOLE =
  'select s.user_id, p.name, p.email, p.roles as "groups", w.user_id as viewers from sites s left join people p on p.id = s.user_id left join watchers w on w.site_id = s.id where s.id = {site}';
const nuno = { id: "17", name: "Nuno", email: "nuno@example.com", groups: ["customer"], viewers: ["3", "4"] };

/** Counts what a database is asked. */
function counted(deps: ReturnType<typeof ownerDeps>) {
  let asked = 0;
  const counting = (database: Database): Database => ({
    dialect: database.dialect,
    name: database.name,
    inspect: (question) => database.inspect(question),
    close: () => database.close(),
    rows: (question) => {
      asked += 1;
      return database.rows(question);
    },
  });
  const databases = {
    open: (...how: Parameters<typeof deps.databases.open>) => counting(deps.databases.open(...how)),
  };
  return { deps: { ...deps, databases }, asked: () => asked };
}

/** A resolver whose statement this is. */
async function resolver(it: SqlCase, t: Test, query: string, more: object = {}): Promise<OwnerResolver> {
  const { url } = await it.database(t);
  return resolverFrom({ sql: { url: FROM_ENV, query }, timeout: "1m", ...more }, ownerDeps(t, { DB: url }));
}

/** What owners from any kind of database keep. */
export function testSqlOwners(t: Test, name: string, it: SqlCase): void {
  const unavailable: Record<string, string> = {
    "a table that isn't there": "select user_id from nowhere where id = {site}",
    "several owners": "select id from people where id <> {site}",
    "no column that says who": "select name from people where id <> {site}",
    "an id that is no plain one": "select 'a\n' as id from people where id <> {site}",
    "groups that can't be read": "select '17' as id, '[a' as \"groups\" from sites where id = {site}",
    ...(it.slow === null ? {} : { "no answer in time": it.slow }),
  };

  testOwnerResolver(t, name, async (t) => {
    const { url } = await it.database(t);
    const { deps, asked } = counted(ownerDeps(t, { DB: url }));
    return {
      resolver: resolverFrom({ sql: { url: FROM_ENV, query: WHOLE }, timeout: "1m" }, deps),
      found: lookup({ site: "42" }),
      owner: nuno,
      nobody: {
        "a site that isn't there": lookup({ site: "7" }),
        "a site of nobody": lookup({ site: "43" }),
        "a site of 0": lookup({ site: "44" }),
        "another param": lookup({ page: "42" }),
      },
      asked,
      unavailable: Object.fromEntries(
        Object.entries(unavailable).map(([why, query]) => [
          why,
          () => resolver(it, t, query, why.includes("in time") ? { timeout: "100ms" } : {}),
        ]),
      ),
    };
  });

  testBinding(t, name, it);
  testGroups(t, name, it);
  testStatements(t, name, it);
}

/** What a statement is given, as it is. */
function testBinding(t: Test, name: string, it: SqlCase): void {
  t.test(`${name}: an owner of whom only the id is known, by $1`, async (t) => {
    const plain = await resolver(it, t, "select user_id from sites where id = $1");
    t.strictSame(await plain.resolve(lookup({ site: "45" }), NEVER), ownerOf("99"));
  });

  t.test(`${name}: a value is bound as it is, whatever characters it has`, async (t) => {
    const { url } = await it.database(t);
    const query = "select user_id from sites where slug = {slug}";
    const bySlug = resolverFrom({ sql: { url: FROM_ENV, query }, timeout: "1m" }, ownerDeps(t, { DB: url }));
    const grammar = { read: (value: string) => value };
    const ask = (slug: string) =>
      ownerLookup({ resolver: "tested", params: { slug }, path: "/", query: null, host: "h", grammar });
    for (const [n, slug] of ODD.entries())
      t.match(await bySlug.resolve(ask(slug), NEVER), { id: String(100 + n) }, slug);
    for (const slug of ["' or '1'='1", "acme' -- ", "acme'; drop table sites; --", "\\", "%", "_cme"])
      t.equal(await bySlug.resolve(ask(slug), NEVER), null, slug);
  });

  t.test(
    `${name}: a text that is no number is the site of nobody, also one that begins with one`,
    async (t) => {
      const plain = await resolver(it, t, "select user_id from sites where id = {site}");
      for (const site of ["42abc", "abc", "-", "9".repeat(40)])
        t.equal(await plain.resolve(lookup({ site }), NEVER), null, site);
    },
  );

  t.test(
    `${name}: path, host and one query parameter are bound too; a doubtful one is nobody's`,
    async (t) => {
      const query =
        "select user_id from sites where slug = {query.site} and '/page' = {path} and 'app.example.com' = {host}";
      const byQuery = await resolver(it, t, query);
      t.match(await byQuery.resolve(lookup({}, { query: "a=1&site=acme" }), NEVER), { id: "17" });
      for (const query of ["site=acme&site=acme", "site=acme&Site=x", "site[]=acme", "s%69te=acme", "a=1"])
        t.equal(await byQuery.resolve(lookup({}, { query }), NEVER), null, query);
    },
  );
}

/** How a statement gives groups. */
function testGroups(t: Test, name: string, it: SqlCase): void {
  t.test(
    `${name}: groups come as a list, as JSON or between commas; a row each counts as well`,
    async (t) => {
      for (const list of it.lists) {
        const listed = await resolver(
          it,
          t,
          `select '17' as id, (${list}) as "groups" from sites where id = {site}`,
        );
        t.same(
          new Set((await listed.resolve(lookup({ site: "42" }), NEVER))?.groups),
          new Set(["customer", "beta, tester"]),
          list,
        );
      }
      const commas = await resolver(
        it,
        t,
        "select '17' as id, ' a, b,' as \"groups\" from sites where id = {site}",
      );
      t.match(await commas.resolve(lookup({ site: "42" }), NEVER), { groups: ["a", "b"] });
      const none = await resolver(it, t, "select '17' as id, '' as \"groups\" from sites where id = {site}");
      t.match(await none.resolve(lookup({ site: "42" }), NEVER), { groups: { length: 0 } });
    },
  );
}

/** What is wrong with a statement. */
function testStatements(t: Test, name: string, it: SqlCase): void {
  const { writing: written } = it;
  if (written !== null)
    t.test(`${name}: a select that writes is refused`, async (t) => {
      const database = await it.database(t);
      const writing = await resolver(it, t, written);
      await t.rejects(writing.resolve(lookup({ site: "42" }), NEVER), {
        code: "owner-lookup-failed",
        message: /read.only/i,
      });
      t.not(String(database.admin("select 'left ' || count(*) from memberships")).includes("left 3"), true);
    });

  t.test(`${name}: a check says what is wrong with a statement, and asks for an index`, async (t) => {
    const check = async (query: string) => {
      const findings = (await (await resolver(it, t, query)).check?.(AbortSignal.timeout(60_000))) ?? [];
      const facts = findings.filter(({ kind }) => kind === "fact");
      t.ok(facts.every(({ says }) => /: columns \w+ /.test(says)));
      return findings.filter((it) => !facts.includes(it)).map(({ kind, says }) => `${kind}: ${says}`);
    };
    t.strictSame(
      await check(WHOLE.replace("left join watchers w on w.site_id = s.id", "").replace("w.user_id", "'3'")),
      [],
    );
    t.match(await check("select user_id from nowhere where id = {site}"), [/^problem: .*nowhere/]);
    t.match(await check("select name from people where id = {site}"), [
      /^problem: it gives no column `user_id` or `id`/,
    ]);
    t.match(await check("select id, user_id from sites where id = {site}"), [/^problem: it gives both/]);
    t.match(await check("select id, roles from people where id = {site}"), [
      /^hint: nothing reads its column `roles`/,
    ]);
    t.match(await check("select user_id from memberships where role = {site}"), [
      /^hint: it reads the whole of `memberships`; an index/,
    ]);
  });
}

/** What people from any kind of database keep. */
export function testSqlUsers(t: Test, name: string, it: SqlCase): void {
  const find = 'select id, name, email, roles as "groups" from people where id = {id}';
  const search =
    'select id, name, email, roles as "groups" from people where lower(id) like lower({like}) or lower(name) like lower({like}) or lower(email) like lower({like}) order by id limit {limit}';
  const users = async (t: Test, sql: object, more: object = {}): Promise<Users> => {
    const { url } = await it.database(t);
    return usersFrom({ sql: { url: FROM_ENV, ...sql }, timeout: "1m", ...more }, userDeps(t, { DB: url }));
  };

  testUsers(t, name, async (t) => {
    const { url } = await it.database(t);
    const { deps, asked } = counted(userDeps(t, { DB: url }));
    return {
      users: usersFrom({ sql: { url: FROM_ENV, find, search }, timeout: "1m" }, deps),
      asked,
      unavailable: {
        "a table that isn't there": () =>
          users(t, {
            find: "select id from nowhere where id = $1",
            search: "select id from nowhere where id = $1",
          }),
      },
    };
  });

  t.test(`${name}: an answer about somebody else is a fault`, async (t) => {
    const other = await users(t, { find: "select '18' as id from people where id = $1" });
    await t.rejects(other.find("17"), { code: "users-lookup-failed", message: /somebody else/ });
  });

  t.test(`${name}: $1 and $2 of a search are the pattern and how many`, async (t) => {
    const written = await users(t, {
      find,
      search: "select id from people where email like $1 order by id limit $2",
    });
    t.same(
      (await written.search("example", 2)).map(({ id }) => id),
      ["17", "18"],
    );
  });

  t.test(`${name}: without a search only whole ids are found`, async (t) => {
    const plain = await users(t, { find });
    t.match(await plain.search("17", 10), [PEOPLE[0]]);
    t.strictSame(await plain.search("Nuno", 10), []);
  });

  t.test(`${name}: a check looks at both statements`, async (t) => {
    const found = await (
      await users(t, { find, search: "select id from nowhere where id = {query}" })
    ).check?.(NEVER);
    t.match(found, [
      { kind: "fact", says: /columns id \w+.*, name / },
      { kind: "problem", says: /nowhere/ },
    ]);
  });
}
