import mysql, { type Connection, type RowDataPacket } from "mysql2";
import {
  collected,
  type Inspection,
  inspectionError,
  type Question,
  type Row,
  type SqlValue,
} from "./database.ts";
import type { ServerAddress } from "./database-url.ts";
import { ConnectionLost } from "./pool.ts";
import type { SqlConnection } from "./postgres.ts";

/** A warning of the server: a text was cut until it was a number. */
const CUT = new Set([1292, 1265, 1366]);

/** Its session can only read. */
export function mysqlConnection(address: ServerAddress, ca: string | null): SqlConnection {
  const { host, port, socket, user, password, database, tls } = address;
  const client = mysql.createConnection({
    ...(socket === null ? { host, port } : { socketPath: socket }),
    user,
    ...(password === null ? {} : { password }),
    database,
    charset: "utf8mb4",
    supportBigNumbers: true,
    bigNumberStrings: true,
    dateStrings: true,
    disableEval: true,
    // Keeps a server from asking for files of this machine.
    flags: ["-LOCAL_FILES"],
    ...(tls
      ? { ssl: { rejectUnauthorized: true, verifyIdentity: true, ...(ca === null ? {} : { ca }) } }
      : {}),
  });
  return new MysqlConnection(client);
}

type Fields = readonly Readonly<Record<string, unknown>>[];

class MysqlConnection implements SqlConnection {
  readonly #client: Connection;
  readonly #heard = new Set<() => void>();
  #closed = false;
  #mariadb = false;
  #timeout = 0;

  constructor(client: Connection) {
    this.#client = client;
    for (const event of ["error", "end"] as const) client.on(event, () => this.#end());
  }

  get usable(): boolean {
    return !this.#closed;
  }

  destroy(): void {
    this.#client.destroy();
    this.#end();
  }

  whenClosed(heard: () => void): void {
    this.#heard.add(heard);
  }

  async begin(): Promise<void> {
    await new Promise<void>((done, failed) =>
      this.#client.connect((error) => (error === null ? done() : failed(error))),
    );
    const [row] = await this.#run("select version() as version", []);
    this.#mariadb = /mariadb/i.test(String(row?.version));
    await this.#run("set session transaction read only", []);
  }

  rows = (question: Question): Promise<readonly Row[]> => this.#rows(question).catch(rethrown);
  inspect = (question: Question): Promise<Inspection> => this.#inspect(question).catch(rethrown);

  async #rows({ text, values, timeout }: Question): Promise<readonly Row[]> {
    await this.#limit(timeout);
    const rows = await this.#run(text, values);
    // Compared with a number, `42abc` counts as 42, and only a warning says so.
    const doubtful = rows.length > 0 && values.some((it) => typeof it === "string" && !/^\d+$/.test(it));
    if (!doubtful) return rows;
    const warnings = await this.#plain("show warnings");
    return warnings.some(({ Code }) => CUT.has(Number(Code))) ? [] : rows;
  }

  async #inspect({ text, values, timeout }: Question): Promise<Inspection> {
    await this.#limit(timeout);
    try {
      const fields = await this.#execute(text, values, () => null);
      const plan = await this.#run(`explain ${text}`, values);
      const whole = plan.filter(({ type, possible_keys }) => type === "ALL" && possible_keys === null);
      return { columns: fields.map(columnOf), scanned: whole.map(({ table }) => String(table)) };
    } catch (error) {
      throw inspectionError(error);
    }
  }

  /** On the server's side too, for as long as this session is asked with the same limit. */
  async #limit(timeout: number): Promise<void> {
    if (timeout === this.#timeout) return;
    await this.#plain(
      this.#mariadb
        ? `set session max_statement_time = ${timeout / 1000}`
        : `set session max_execution_time = ${Math.max(1, Math.ceil(timeout))}`,
    );
    this.#timeout = timeout;
  }

  async #run(sql: string, values: readonly SqlValue[]): Promise<readonly Row[]> {
    const rows: Row[] = [];
    await this.#execute(sql, values, (row) => collected(rows, row));
    return rows;
  }

  /** Gives the fields of the rows; `each` takes one row, or says why no more are wanted. */
  #execute(sql: string, values: readonly SqlValue[], each: (row: Row) => Error | null): Promise<Fields> {
    const { promise, resolve, reject } = Promise.withResolvers<Fields>();
    let fields: Fields = [];
    const bound = values.map((it) => (typeof it === "bigint" ? mysql.TypedParameter.LONGLONG(it) : it));
    this.#client
      .execute({ sql, values: bound })
      .on("fields", (those: unknown) => {
        if (Array.isArray(those)) fields = those;
      })
      .on("result", (row: unknown) => {
        const error = each(row as Row);
        if (error === null) return;
        reject(error);
        this.destroy();
      })
      .on("error", (error: Error) => reject(error))
      .on("end", () => resolve(fields));
    return promise;
  }

  /** For what can't be prepared, and has no values. */
  #plain(sql: string): Promise<readonly RowDataPacket[]> {
    return new Promise((resolve, reject) =>
      this.#client.query<RowDataPacket[]>(sql, (error, rows) =>
        error === null ? resolve(rows) : reject(error),
      ),
    );
  }

  #end(): void {
    this.#closed = true;
    for (const heard of [...this.#heard]) heard();
    this.#heard.clear();
  }
}

/** The protocol has a number for each type, and the driver a name for each number. */
function columnOf({ name, columnType }: Record<string, unknown>): Inspection["columns"][number] {
  const named: unknown = Reflect.get(mysql.Types, Number(columnType));
  return { name: String(name), type: typeof named === "string" ? named.toLowerCase() : "of an unknown type" };
}

/** The driver calls fatal what ends a connection; the numbers are a server that shuts down or has closed it for idleness. */
function rethrown(error: unknown): never {
  const lost =
    error instanceof Error &&
    (Reflect.get(error, "fatal") === true ||
      [1053, 1927, 4031].includes(Number(Reflect.get(error, "errno"))));
  if (!lost) throw error;
  throw new ConnectionLost(error.message, { cause: error });
}
