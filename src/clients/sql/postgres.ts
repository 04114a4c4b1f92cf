import pg from "pg";
import { whyOf } from "../../errors.ts";
import {
  collected,
  type Inspection,
  inspectionError,
  type Question,
  type Row,
  StatementError,
} from "./database.ts";
import type { ServerAddress } from "./database-url.ts";
import { ConnectionLost, type Pooled } from "./pool.ts";

/** A connection that answers questions, one at a time. */
export interface SqlConnection extends Pooled {
  /** Connects. */
  begin(): Promise<void>;
  rows(question: Question): Promise<readonly Row[]>;
  inspect(question: Question): Promise<Inspection>;
}

/** What is read of the catalog and of plans. */
interface Plan {
  readonly "Node Type": string;
  readonly "Relation Name"?: string;
  readonly Plans?: readonly Plan[];
}

/** What the server makes known of itself is its own matter, no setting of the session is changed. */
export function postgresConnection(address: ServerAddress, ca: string | null): SqlConnection {
  const { host, port, socket, user, password, database, tls } = address;
  const client = new pg.Client({
    host: socket ?? host,
    port,
    user,
    ...(password === null ? {} : { password }),
    database,
    application_name: "guise",
    ssl: tls ? { rejectUnauthorized: true, ...(ca === null ? {} : { ca }) } : false,
    keepAlive: true,
  });
  // The end of a connection is reported by `whenClosed` and to the caller who waits for an answer.
  client.on("error", () => undefined);
  return new PostgresConnection(client);
}

class PostgresConnection implements SqlConnection {
  readonly #client: pg.Client;
  #closed = false;

  constructor(client: pg.Client) {
    this.#client = client;
    client.once("end", () => {
      this.#closed = true;
    });
  }

  get usable(): boolean {
    return !this.#closed;
  }

  destroy(): void {
    this.#closed = true;
    this.#client.connection.stream.destroy();
  }

  whenClosed(heard: () => void): void {
    this.#client.once("end", heard);
  }

  async begin(): Promise<void> {
    await this.#client.connect();
  }

  rows = (question: Question): Promise<readonly Row[]> => this.#rows(question).catch(rethrown);
  inspect = (question: Question): Promise<Inspection> => this.#inspect(question).catch(rethrown);

  async #rows({ text, values, timeout }: Question): Promise<readonly Row[]> {
    await this.#begin(timeout);
    try {
      return (await this.#ask(text, values)).rows;
    } catch (error) {
      if (!isOfNoRow(error)) throw error;
      return [];
    } finally {
      if (this.usable) await this.#client.query("rollback");
    }
  }

  async #inspect({ text, values, timeout }: Question): Promise<Inspection> {
    await this.#begin(timeout);
    try {
      const nulls = values.map(() => null);
      const { types } = await this.#ask(text, nulls);
      const named = await this.#ask(
        "select coalesce(format_type(t, null), '') as type from unnest($1::oid[]) with ordinality as o(t, n) order by n",
        [`{${types.map(({ oid }) => oid).join(",")}}`],
      );
      // With real values, or for very small tables, the planner would choose another plan than in production.
      await this.#client.query(
        "set local plan_cache_mode = force_generic_plan; set local enable_seqscan = off",
      );
      await this.#client.query(`prepare guise_check as ${text}`);
      const call = nulls.length === 0 ? "" : `(${nulls.map(() => "null").join(", ")})`;
      const plan = await this.#client.query(`explain (format json) execute guise_check${call}`);
      await this.#client.query("deallocate guise_check");
      const [explained] = plan.rows as { readonly "QUERY PLAN": readonly { readonly Plan: Plan }[] }[];
      return {
        columns: types.map(({ name }, at) => ({ name, type: String(named.rows[at]?.type ?? "") })),
        scanned: (explained?.["QUERY PLAN"] ?? []).flatMap(({ Plan }) => scannedIn(Plan)),
      };
    } catch (error) {
      throw inspectionError(error);
    } finally {
      if (this.usable) await this.#client.query("rollback");
    }
  }

  /** Settings of the transaction alone: behind a pooler the session is others' too. */
  async #begin(timeout: number): Promise<void> {
    await this.#client.query(
      `begin transaction read only; set local statement_timeout = ${Math.max(1, Math.ceil(timeout))}`,
    );
  }

  #ask(text: string, values: readonly unknown[]) {
    const { promise, resolve, reject } = Promise.withResolvers<{
      readonly rows: readonly Row[];
      readonly types: readonly { name: string; oid: number }[];
    }>();
    const rows: Row[] = [];
    // In the extended protocol always, which takes one statement and binds.
    const config = { text, values: values.map(asText), queryMode: "extended" };
    const query = new pg.Query<Record<string, unknown>>(config);
    query.on("row", (row) => {
      const error = collected(rows, row);
      if (error === null) return;
      reject(error);
      this.destroy();
    });
    query.on("error", reject);
    query.on("end", (result) =>
      resolve({ rows, types: result.fields.map(({ name, dataTypeID }) => ({ name, oid: dataTypeID })) }),
    );
    this.#client.query(query);
    return promise;
  }
}

/** All that the server didn't say itself, and that it shuts down, is the connection's. */
function rethrown(error: unknown): never {
  const said = error instanceof pg.DatabaseError && !/^(?:57P|08)/.test(error.code ?? "");
  if (said || error instanceof StatementError) throw error;
  throw new ConnectionLost(whyOf(error), { cause: error });
}

function asText(value: unknown): string | null {
  return value === null ? null : String(value);
}

/** A text that the type of its place can't hold (`abc` for a number): there is no such row. Not so for what a cast in the query fails at. */
function isOfNoRow(error: unknown): boolean {
  return (
    error instanceof pg.DatabaseError &&
    error.code?.startsWith("22") === true &&
    /portal.* parameter \$\d/.test(error.where ?? "")
  );
}

function scannedIn(plan: Plan): readonly string[] {
  const own = plan["Node Type"] === "Seq Scan" ? [plan["Relation Name"] ?? "?"] : [];
  return [...own, ...(plan.Plans ?? []).flatMap(scannedIn)];
}
