// The thread of one SQLite database. The runtime's driver blocks while it waits for the disk, which must not block requests.

import { statSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { parentPort, workerData } from "node:worker_threads";
import { whyOf } from "../../errors.ts";
import { collected, type Row } from "./database.ts";
import type { ThreadAnswer, ThreadQuestion } from "./sqlite.ts";

const port = parentPort;
if (port === null) throw new Error("this is the program of a thread");

/** SQLite's code for a statement that is wrong in itself. */
const SQLITE_ERROR = 1;

const { file } = workerData as { readonly file: string };
let open: { readonly database: DatabaseSync; readonly identity: string } | null = null;

port.on("message", (question: ThreadQuestion) => port.postMessage(answerTo(question)));

function answerTo(question: ThreadQuestion): ThreadAnswer {
  try {
    const database = current(question.timeout);
    return question.kind === "rows"
      ? { kind: "rows", rows: rowsOf(database, question) }
      : { kind: "inspection", inspection: inspectionOf(database, question) };
  } catch (error) {
    const why = whyOf(error);
    const statement = error instanceof Error && Reflect.get(error, "errcode") === SQLITE_ERROR;
    return { kind: "failed", why, statement };
  }
}

/** The database as it is now: a file that was put in its place is another one. */
function current(timeout: number): DatabaseSync {
  const { dev, ino } = statSync(file);
  const identity = `${dev}:${ino}`;
  if (open?.identity === identity) return open.database;
  open?.database.close();
  open = null;
  const database = new DatabaseSync(file, { readOnly: true, timeout });
  open = { database, identity };
  return database;
}

function rowsOf(database: DatabaseSync, { text, values }: ThreadQuestion): readonly Row[] {
  const statement = database.prepare(text);
  statement.setReadBigInts(true);
  const rows: Row[] = [];
  for (const row of statement.iterate(...values)) {
    const error = collected(rows, plain(row as Row));
    if (error !== null) throw error;
  }
  return rows;
}

function inspectionOf(database: DatabaseSync, { text, values }: ThreadQuestion) {
  const statement = database.prepare(text);
  const columns = statement.columns().map(({ name, type }) => ({ name, type: type ?? "" }));
  const plan = database.prepare(`explain query plan ${text}`).all(...values);
  const scanned = plan.flatMap(({ detail }) => /^SCAN (\S+)/.exec(String(detail))?.[1] ?? []);
  return { columns, scanned };
}

/** Numbers as the other drivers give them: text where a double can't hold them. */
function plain(row: Row): Row {
  return Object.fromEntries(
    Object.entries(row).map(([name, value]) => {
      if (typeof value !== "bigint") return [name, value];
      const number = Number(value);
      return [name, Number.isSafeInteger(number) ? number : String(value)];
    }),
  );
}
