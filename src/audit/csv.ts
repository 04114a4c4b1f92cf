import type { Written } from "./written.ts";

type Cell = string | number | undefined;

const COLUMNS: readonly (readonly [name: string, read: (record: Written) => Cell])[] = [
  ["time", (it) => it["@timestamp"]],
  ["action", (it) => it.event.action],
  ["outcome", (it) => it.event.outcome],
  ["agent", (it) => it.user?.id],
  ["agent_name", (it) => it.user?.name],
  ["customer", (it) => it.user?.effective?.id],
  ["customer_name", (it) => it.user?.effective?.name],
  ["method", (it) => it.http?.request?.method],
  ["host", (it) => it.url?.domain],
  ["path", (it) => it.url?.path],
  ["status", (it) => it.http?.response?.status_code],
  ["decision", (it) => it.guise.decision],
  ["ending", (it) => it.guise.ending],
  ["mode", (it) => it.guise.mode],
  ["reason", (it) => it.event.reason],
  ["ticket", (it) => it.event.reference],
  ["impersonation", (it) => it.guise.impersonation],
  ["ip", (it) => it.source?.ip],
  ["duration_ms", (it) => (it.event.duration === undefined ? undefined : it.event.duration / 1e6)],
  ["message", (it) => it.message],
  ["request", (it) => it.http?.request?.id],
  ["event", (it) => it.event.id],
];

/** The first line of a table of records (RFC 4180), with its line end. */
export const CSV_HEAD = `${COLUMNS.map(([name]) => name).join(",")}\r\n`;

/** One record as a line of the table. No cell is taken for a formula by a spreadsheet. */
export function csvOf(record: Written): string {
  return `${COLUMNS.map(([, read]) => cell(read(record))).join(",")}\r\n`;
}

function cell(value: Cell): string {
  if (value === undefined) return "";
  const text = String(value);
  const plain = typeof value === "string" && /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(plain) ? `"${plain.replaceAll('"', '""')}"` : plain;
}
