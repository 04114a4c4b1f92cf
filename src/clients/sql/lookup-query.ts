import { z } from "zod";
import { FACT_COLUMNS, ID_COLUMNS } from "../../domain/person-row.ts";
import type { Finding } from "../../ports.ts";
import { type SecretReader, textSource } from "../secret.ts";
import { type Database, type Row, type SqlValue, StatementError } from "./database.ts";
import { holdsPassword } from "./database-url.ts";
import type { Databases } from "./databases.ts";
import type { Statement } from "./statement.ts";

/** The options of a kind that asks a database, besides its statements. */
export const databaseOptions = {
  url: textSource
    .refine((source) => typeof source !== "string" || !holdsPassword(source), {
      error:
        "an address in the config must not hold a password; write { fromEnv: NAME } or { fromFile: path }",
    })
    .describe(
      "The database: postgres://USER:PASSWORD@HOST/DATABASE, mysql://… or sqlite:FILE, best as { fromEnv: APP_DB }.",
    ),
  ca: textSource
    .optional()
    .describe("PEM of the authority that signed the server's certificate, as { fromFile: ca.pem }."),
  connections: z
    .int()
    .min(1)
    .max(100)
    .default(4)
    .describe("Connections to the database at the most. Lookups with the same address share them."),
};

interface WrittenDatabase {
  readonly url: Parameters<SecretReader>[0];
  readonly ca?: Parameters<SecretReader>[0] | undefined;
  readonly connections: number;
}

/** The database of an entry of the config; nothing connects yet. */
export function databaseOf(
  { url, ca, connections }: WrittenDatabase,
  deps: { readonly databases: Databases; readonly secret: SecretReader; readonly directory: string },
): Database {
  const authority = ca === undefined ? null : deps.secret(ca);
  return deps.databases.open(deps.secret(url), { ca: authority, connections, directory: deps.directory });
}

/** Asked for the value of each place. */
type ValueAt = (place: string) => SqlValue;

interface Times {
  readonly timeout: number;
  readonly signal: AbortSignal;
}

/** A statement with the database that it is for. `facts` are the columns that count besides the id. */
export function lookupQuery(
  database: Database,
  statement: Statement,
  facts: readonly string[] = FACT_COLUMNS,
) {
  const { text, order } = statement.render(database.dialect);
  return {
    rows: async (valueAt: ValueAt, times: Times): Promise<readonly Row[]> => {
      try {
        return await database.rows({ text, values: order.map(valueAt), ...times });
      } catch (error) {
        throw ofDatabase(database, error);
      }
    },
    check: async (valueAt: ValueAt, times: Times): Promise<readonly Finding[]> => {
      const question = { text, values: order.map(valueAt), ...times };
      try {
        const { columns, scanned } = await database.inspect(question);
        const found = columns.map(({ name, type }) => `${name} ${type}`).join(", ");
        const says = `${database.name}: columns ${found}`;
        return [{ kind: "fact", says }, ...columnFindings(columns, facts), ...scanned.map(scanFinding)];
      } catch (error) {
        if (error instanceof StatementError) return [problem(`${database.name}: ${error.message}`)];
        throw ofDatabase(database, error);
      }
    },
  };
}

function ofDatabase({ name }: Database, cause: unknown): Error {
  // Node's own error of several failed attempts has no message.
  const why = cause instanceof Error ? cause.message || String(Reflect.get(cause, "code")) : String(cause);
  return new Error(`${name}: ${why}`, { cause });
}

const LISTS = /^(?:text|character varying|character|name|smallint|integer|bigint|uuid)\[\]$/;

function columnFindings(
  columns: readonly { readonly name: string; readonly type: string }[],
  facts: readonly string[],
): readonly Finding[] {
  const names = columns.map(({ name }) => name);
  const ids = names.filter((name) => ID_COLUMNS.some((id) => id === name));
  const findings: Finding[] = [];
  if (ids.length === 0)
    findings.push(problem(`it gives no column \`user_id\` or \`id\`, only: ${names.join(", ")}`));
  if (ids.length > 1)
    findings.push(
      problem("it gives both `user_id` and `id`, or one of them twice; select the person's alone"),
    );
  for (const { name, type } of columns) {
    if (ids.includes(name)) continue;
    if (!facts.includes(name))
      findings.push(hint(`nothing reads its column \`${name}\`; there are: ${facts.join(", ")}`));
    if ((name === "groups" || name === "viewers") && type.endsWith("[]") && !LISTS.test(type))
      findings.push(problem(`\`${name}\` is ${type}; write ${name}::text[]`));
  }
  return findings;
}

function scanFinding(table: string): Finding {
  return hint(`it reads the whole of \`${table}\`; an index on what \`where\` names would make it quick`);
}

function problem(says: string): Finding {
  return { kind: "problem", says };
}

function hint(says: string): Finding {
  return { kind: "hint", says };
}
