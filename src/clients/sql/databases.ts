import { isIP } from "node:net";
import type { Closing } from "../../ports.ts";
import { unlessAborted } from "../abort.ts";
import { addressWords } from "../address-words.ts";
import type { Database, Question } from "./database.ts";
import { nameOf, parseDatabaseUrl, type ServerAddress } from "./database-url.ts";
import { Pool } from "./pool.ts";
import type { SqlConnection } from "./postgres.ts";
import { SqliteFile } from "./sqlite.ts";

/** A connection is closed if it wasn't used for so long, ms. So connections of an old config close by themselves. */
const IDLE = 30_000;

interface DatabaseOptions {
  /** PEM of the authority to trust instead of the system's; null for the system's. */
  readonly ca: string | null;
  /** Connections at the most. */
  readonly connections: number;
  /** Where a relative path to an SQLite file starts. */
  readonly directory: string;
}

/**
 * The databases that lookups ask, each opened once for all who name it in the same words. Nothing connects before it is asked.
 * Throws a Fault `config-invalid` for an address that can't be read.
 */
export interface Databases {
  open(url: string, options: DatabaseOptions): Database;
}

export function databases(): Databases & Closing {
  const known = new Map<string, Database>();
  const open = (url: string, options: DatabaseOptions): Database => {
    const address = parseDatabaseUrl(url, options.directory);
    const key = JSON.stringify([address, options.ca, options.connections]);
    const there = known.get(key);
    if (there !== undefined) return there;
    const made = address.dialect === "sqlite" ? new SqliteFile(address) : serverDatabase(address, options);
    known.set(key, made);
    return made;
  };
  return {
    open,
    close: async () => {
      for (const database of known.values()) database.close();
      known.clear();
    },
  };
}

function serverDatabase(address: ServerAddress, { ca, connections }: DatabaseOptions): Database {
  if (address.dialect === "mysql") mustHaveName(address);
  const shared = new Pool({
    connect: (signal) => connect(address, ca, signal),
    most: connections,
    idle: IDLE,
  });
  return {
    dialect: address.dialect,
    name: nameOf(address),
    rows: (question: Question) => shared.use((it) => it.rows(question), question.signal),
    inspect: (question: Question) => shared.use((it) => it.inspect(question), question.signal),
    close: () => shared.close(),
  };
}

/** The drivers are loaded by the first connection that needs them: that takes a tenth of a gateway's start. */
async function connect(
  address: ServerAddress,
  ca: string | null,
  signal: AbortSignal,
): Promise<SqlConnection> {
  const connection =
    address.dialect === "mysql"
      ? (await import("./mysql.ts")).mysqlConnection(address, ca)
      : (await import("./postgres.ts")).postgresConnection(address, ca);
  try {
    await unlessAborted(connection.begin(), signal);
    signal.throwIfAborted();
    return connection;
  } catch (error) {
    connection.destroy();
    throw error;
  }
}

/** Certificates are compared with names; the driver would take an address for `localhost`. */
function mustHaveName({ tls, host }: ServerAddress): void {
  if (tls && isIP(host) !== 0)
    throw addressWords("the database").wrong(
      "certificates are verified by name, so write the server's name instead of its IP address",
    );
}
