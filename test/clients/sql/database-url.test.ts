import t from "tap";
import { holdsPassword, nameOf, parseDatabaseUrl } from "../../../src/clients/sql/database-url.ts";

const parse = (text: string) => parseDatabaseUrl(text, "/etc/guise");

t.test("servers, sockets and files", async (t) => {
  t.strictSame(parse("postgres://guise:s%25cret@db.example.com/app"), {
    dialect: "postgres",
    host: "db.example.com",
    port: 5432,
    socket: null,
    user: "guise",
    password: "s%cret",
    database: "app",
    tls: true,
  });
  t.match(parse("mariadb://guise@[::1]:3307/app"), { dialect: "mysql", host: "::1", port: 3307, tls: false });
  t.match(parse("postgresql://guise@%2Frun%2Fpostgresql/app"), {
    socket: "/run/postgresql",
    host: "",
    tls: false,
  });
  t.match(parse("sqlite:app.db"), { dialect: "sqlite", file: "/etc/guise/app.db" });
  t.match(parse("sqlite:///var/lib/app/app.db"), { file: "/var/lib/app/app.db" });
});

t.test("TLS is verified but for this machine and where it is said", async (t) => {
  const tls = (host: string, mode = "") => {
    const address = parse(`postgres://guise@${host}/app${mode}`);
    return address.dialect !== "sqlite" && address.tls;
  };
  for (const host of ["localhost", "127.0.0.1", "127.1.2.3"]) t.notOk(tls(host), host);
  for (const host of ["10.0.0.5", "db", "localhost.example.com", "127.0.0.1.example.com"])
    t.ok(tls(host), host);
  t.ok(tls("localhost", "?sslmode=require"));
  t.ok(tls("db", "?ssl-mode=VERIFY_IDENTITY"));
  t.notOk(tls("db", "?sslmode=disable"));
});

t.test("what can't be read is a fault that never repeats the address", async (t) => {
  const bad: [string, RegExp][] = [
    ["db", /no address of a database/],
    ["oracle://u:secret@db/app", /`oracle:` is not known/],
    ["postgres://u:secret@db", /name of the database is missing/],
    ["postgres://u:secret@/app", /database is missing|no address/],
    ["postgres://db/app", /name of the user is missing/],
    ["postgres://u:secret@db/app?options=-csearch_path", /the parameter `options` is not known/],
    ["postgres://u:secret@db/app?sslmode=prefer", /`sslmode` is verify-full/],
    ["postgres://u:%zz@db/app", /a percent sign/],
  ];
  for (const [text, message] of bad) {
    const error = t.throws(() => parse(text), { code: "config-invalid", message }, text);
    t.notMatch(String(error), "secret");
  }
});

t.test("a name for logs has neither user nor password", async (t) => {
  t.equal(nameOf(parse("postgres://guise:secret@db/app")), "postgres://db:5432/app");
  t.equal(nameOf(parse("mysql://guise:secret@[fd00::1]/app")), "mysql://[fd00::1]:3306/app");
  t.equal(nameOf(parse("sqlite:app.db")), "sqlite:/etc/guise/app.db");
  t.ok(holdsPassword("postgres://u:secret@db/app"));
  t.notOk(holdsPassword("postgres://u@db/app"));
  t.notOk(holdsPassword("sqlite:app.db"));
});
