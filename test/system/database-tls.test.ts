// Needs: PostgreSQL, MariaDB
import { execFileSync } from "node:child_process";
import { chmodSync, chownSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import t from "tap";
import { databases } from "../../src/clients/sql/databases.ts";
import { mariadbServer } from "../fixtures/servers/mariadb.ts";
import { postgresServer } from "../fixtures/servers/postgres.ts";

const folder = mkdtempSync(join(tmpdir(), "guise-tls-"));
t.teardown(() => rmSync(folder, { recursive: true, force: true }));
chmodSync(folder, 0o755);
const [key, cert] = [join(folder, "key"), join(folder, "cert")];
execFileSync(
  "openssl",
  [
    ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"],
    ...["-keyout", key, "-out", cert, "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"],
  ],
  { stdio: "ignore" },
);
chmodSync(key, 0o600);
if (process.getuid?.() === 0) for (const file of [key, cert]) chownSync(file, 65_534, 65_534);
const ca = readFileSync(cert, "utf8");

const servers = {
  PostgreSQL: () =>
    postgresServer(["-c", "ssl=on", "-c", `ssl_cert_file=${cert}`, "-c", `ssl_key_file=${key}`]),
  MariaDB: () => mariadbServer([`--ssl-cert=${cert}`, `--ssl-key=${key}`]),
};

for (const [name, start] of Object.entries(servers))
  t.test(`${name}: a certificate counts by its authority and by its name`, async (t) => {
    const server = await start();
    t.teardown(() => server.stop());
    const all = databases();
    t.teardown(() => all.close());
    const ask = async (url: string, authority: string | null) =>
      await all
        .open(url, { ca: authority, connections: 1, directory: "." })
        .rows({ text: "select 1 as id", values: [], timeout: 60_000, signal: AbortSignal.timeout(60_000) });
    const named = server.url.replace("127.0.0.1", "localhost");
    t.match(await ask(`${named}?sslmode=verify-full`, ca), [{ id: 1 }]);
    t.match(await ask(`${named}?sslmode=require`, ca), [{ id: 1 }], "there is no weaker kind");
    await t.rejects(
      ask(`${named}?sslmode=verify-full`, null),
      /self.signed/i,
      "an authority that nobody knows",
    );
    await t.rejects(
      async () => await ask(`${server.url}?sslmode=verify-full`, ca),
      /altnames|by name/i,
      "another name than the certificate's",
    );
    await t.rejects(async () => await ask(`${named}?sslmode=prefer`, ca), { code: "config-invalid" });
    t.match(await ask(named, null), [{ id: 1 }], "on this machine it may do without");
  });
