import type { Dialect } from "./database-url.ts";

/** A row by the names of its columns. Whole numbers that a double can't hold are texts. */
export type Row = Readonly<Record<string, unknown>>;

/** What can be bound in place of a value. */
export type SqlValue = string | bigint;

/** One question: a statement of one dialect, its values in order, and how long it may take, ms. */
export interface Question {
  readonly text: string;
  readonly values: readonly SqlValue[];
  readonly timeout: number;
  readonly signal: AbortSignal;
}

/** What a server says of a statement without giving rows. */
export interface Inspection {
  /** Names of the columns as they come, with the server's word for the type of each where it has one. */
  readonly columns: readonly { readonly name: string; readonly type: string }[];
  /** Tables that are read from end to end, for want of an index. */
  readonly scanned: readonly string[];
}

/** The most rows of an answer: a person has fewer groups, and a search shows fewer people. */
const MOST_ROWS = 1_000;

/**
 * A database of the operator. Values are bound; statements run in a transaction that can only read, with a time limit on both
 * sides. A value that no row can have, for its type, finds no rows. Rejects with an Error that holds no value.
 */
export interface Database {
  readonly dialect: Dialect;
  /** For logs: without user and password. */
  readonly name: string;
  rows(question: Question): Promise<readonly Row[]>;
  /** Prepares the statement, with as many values as it has places, and looks at its plan. */
  inspect(question: Question): Promise<Inspection>;
  close(): void;
}

/** The error is in the statement, not in the connection. */
export class StatementError extends Error {}

/** What went wrong while a statement was looked at. SQLSTATEs of class 42 are wrong syntax, names that aren't there, rights that are missing. */
export function inspectionError(error: unknown): unknown {
  const state: unknown =
    error instanceof Error ? (Reflect.get(error, "sqlState") ?? Reflect.get(error, "code")) : null;
  return error instanceof Error && typeof state === "string" && /^42[0-9A-Z]{3}$/.test(state)
    ? new StatementError(error.message, { cause: error })
    : error;
}

/** Takes rows one at a time and says when there are too many. */
export function collected(rows: Row[], row: Row): StatementError | null {
  rows.push(row);
  return rows.length > MOST_ROWS ? new StatementError(`the query finds more than ${MOST_ROWS} rows`) : null;
}
