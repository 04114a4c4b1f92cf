// Needs: phpMyAdmin
import t from "tap";
import { REASONS } from "../../src/domain/decision.ts";
import { frontOf, SUPPORT } from "../fixtures/gateway/front.ts";
import { phpMyAdmin } from "../fixtures/real-apps/phpmyadmin.ts";
import { plainWindow, type Seen } from "./window.ts";

const OWN = "Users, rights and passwords of the database are nobody&#39;s to change as somebody else.";
const READ_ONLY = REASONS["read-only"].replaceAll("'", "&#39;");

const app = await phpMyAdmin();
t.teardown(() => app.stop());
const front = await frontOf(
  t,
  `upstream: ${app.origin}
token: { audience: phpmyadmin }
identity:
  - insecureHeader: { name: X-User, groups: X-Groups, from: [127.0.0.1, "::1"] }
headers: { when: impersonating }
agents:
  - { groups: [support], mayBe: {}, mode: read, elevate: { for: 10m } }
routes:
  - { path: "/people/:user", owner: { param: user }, ids: slug }
rules:
  - preset: phpmyadmin
`,
);
await app.start({ jwks: `${front.url}/.guise/jwks.json` });

/** Alice's window behind the gateway; and Nuno's own, signed in to phpMyAdmin itself. */
const [alice, nuno] = [plainWindow(front.url, SUPPORT), plainWindow(app.origin)];
const to = (route: string, more = "") => `/index.php?route=${route}${more}`;
const LOGIN = { pma_username: "nuno", pma_password: "nuno's password" };

t.before(async () => {
  t.match(await nuno.send("/index.php", to("/"), LOGIN), { status: 302 });
  t.match((await alice.open("/index.php")).text, /Welcome to phpMyAdmin/, "Alice is nobody there");
  t.match((await alice.open("/people/nuno", "outside")).text, /nuno@/);
});

const TABLE = "&db=shop&table=orders";
const PAGES = [
  to("/"),
  to("/server/databases"),
  to("/server/sql"),
  to("/server/privileges", "&viewing_mode=server"),
  to("/server/variables"),
  to("/server/engines"),
  to("/server/plugins"),
  to("/database/structure", "&db=shop"),
  to("/database/search", "&db=shop"),
  to("/database/export", "&db=shop"),
  to("/sql", `${TABLE}&pos=0`),
  to("/table/structure", TABLE),
  to("/table/search", TABLE),
  to("/table/change", TABLE),
  to("/table/operations", TABLE),
  to("/table/sql", TABLE),
  to("/user-password"),
  to("/nowhere"),
] as const;

t.test("in mode read every page is as the person sees it themself", async (t) => {
  for (const path of PAGES) t.same(told(await alice.open(path)), told(await nuno.open(path)), path);
});

t.test("in mode read what the pages read by POST is as the person sees it", async (t) => {
  const reads = [
    ["/navigation", { ajax_request: "1", full: "1" }],
    ["/lint", { ajax_request: "1", sql_query: "selec 1", options: "{}" }],
    ["/columns", { ajax_request: "1", db: "shop", table: "orders" }],
    ["/tables", { ajax_request: "1", db: "shop" }],
    ["/database/structure/real-row-count", { ajax_request: "1", db: "shop", table: "orders" }],
  ] as const;
  for (const [route, fields] of reads) {
    const [shown, own] = [
      await alice.send(to("/"), to(route), fields),
      await nuno.send(to("/"), to(route), fields),
    ];
    t.same([shown.status, read(shown)], [200, read(own)], route);
    t.not(JSON.parse(shown.body).success, false, route);
  }
});

const statement = (sql: string) => ({ ajax_request: "1", db: "shop", table: "orders", sql_query: sql });
const PASSWORD = { pma_pw: "of Alice", pma_pw2: "of Alice", nopass: "0", change_pw: "1", ajax_request: "1" };
const SQL = to("/table/sql", TABLE);
/** What phpMyAdmin changes, the page whose form does it, and what the preset says to it; null: nothing. */
const CHANGES = [
  [SQL, to("/import"), statement("update orders set title = 'Seen by Alice' where id = 1"), null],
  [SQL, to("/import"), statement("set password = password('of Alice')"), OWN],
  [SQL, to("/import"), statement("ALTER USER rita IDENTIFIED BY 'of Alice'"), OWN],
  [SQL, to("/sql"), statement("create user alice identified by 'of Alice'"), OWN],
  [to("/user-password"), to("/user-password"), PASSWORD, OWN],
  [to("/user-password"), "/index.php", { route: "/user-password", ...PASSWORD }, OWN],
  [
    to("/server/privileges"),
    to("/server/privileges"),
    { adduser_submit: "1", username: "alice", hostname: "%", ...PASSWORD },
    OWN,
  ],
  [to("/"), to("/preferences/two-factor"), { "2fa_remove": "1" }, OWN],
] as const;

t.test("in mode read nothing is changed", async (t) => {
  for (const [page, action, fields, sentence] of CHANGES) {
    const { status, body } = await alice.send(page, action, fields);
    t.same([status, body.includes(sentence ?? READ_ONLY)], [403, true], `${action} ${Object.values(fields)}`);
  }
  for (const sql of ["drop table orders", "update orders set title = 'x'"]) {
    const link = to("/sql", `${TABLE}&sql_query=${encodeURIComponent(sql)}`);
    t.equal((await alice.open(link)).status, 403, sql);
  }
  t.match((await nuno.open(to("/sql", `${TABLE}&pos=0`))).text, /A lamp/);
});

t.test(
  "after a step up phpMyAdmin changes what the preset lets it, and says why not to all else",
  async (t) => {
    const up = await alice.send("/.guise/elevate?to=/index.php", "/.guise/elevate", {});
    t.equal(up.status, 303, up.text);
    for (const [page, action, fields, sentence] of CHANGES) {
      const { status, body } = await alice.send(page, action, fields);
      const what = `${action} ${Object.values(fields)}`;
      if (sentence === null) t.match([status, JSON.parse(body)], [200, { success: true }], what);
      else t.same([status, body.includes(sentence)], [403, true], what);
    }
    t.match((await nuno.open(to("/sql", `${TABLE}&pos=0`))).text, /Seen by Alice/);
    t.equal(app.database.admin("select count(*) from mysql.user where user = 'alice'").trim(), "0");
    for (const name of ["nuno", "rita"]) {
      const login = { pma_username: name, pma_password: `${name}'s password` };
      const { status } = await plainWindow(app.origin).send("/index.php", to("/"), login);
      t.equal(status, 302, `${name}'s password is the same`);
    }
  },
);

t.test("signing out is Stop, and nobody's session ends", async (t) => {
  const me = async () => JSON.parse((await alice.open("/.guise/me")).body) as unknown;
  await alice.open(to("/logout"));
  t.match(await me(), { effectiveUser: { id: "alice" }, impersonation: null });
  await alice.open("/people/nuno", "outside");
  t.match(await me(), { effectiveUser: { id: "nuno" } });
  await alice.send(to("/"), to("/logout"), {});
  t.match(await me(), { effectiveUser: { id: "alice" }, impersonation: null });
  t.match((await nuno.open(to("/"))).text, /nuno@/);
});

/** What a page was sent for its script, without the settings of the session. */
function read({ body }: Seen): unknown {
  const { success, message, columns, tables, real_row_count: rows, menu, ...more } = JSON.parse(body);
  if (success !== true) return [...Object.values(more)];
  return { message, columns, tables, rows, menu };
}

/** Without what another moment or another session has otherwise. */
function told({ status, location, text }: Seen): readonly unknown[] {
  return [status, location, text.replace(/took [\d.]+ seconds/g, "").replace(/[\da-f]{32}/g, "")];
}
