import type { Written } from "./parse.ts";

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
  ["app", (it) => it.guise.app],
];

/** The first line of a table of records (RFC 4180), with its line end. */
export const CSV_HEAD = `${COLUMNS.map(([name]) => name).join(",")}\r\n`;

/** One record as a line of the table. No cell is taken for a formula by a spreadsheet. */
export function csvOf(record: Written): string {
  return `${COLUMNS.map(([, read]) => tableCell(read(record))).join(",")}\r\n`;
}

/** What begins a formula, also in its full-width form, whatever stands before it that is not to be seen. */
const FORMULA = /^(?=[\s\p{Cc}\p{Cf}]*[=+\-@\uff1d\uff0b\uff0d\uff20])/u;
/** A spreadsheet of another language parts cells here, and a careless one lines. */
const OTHER_CELL = /([;\t\r\n])(?=[\s\p{Cc}\p{Cf}]*[=+\-@\uff1d\uff0b\uff0d\uff20])/gu;
/** What can move a terminal's cursor, hide, or turn text around; line ends stay in their cell. */
const UNPRINTABLE = /(?![\t\r\n])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/** One cell, which no spreadsheet takes for a formula. */
export function tableCell(value: Cell): string {
  if (value === undefined) return "";
  if (typeof value === "number") return String(value);
  const shown = value
    .replace(FORMULA, "'")
    .replace(OTHER_CELL, "$1'")
    .replace(UNPRINTABLE, (letter) => `\\u{${letter.codePointAt(0)?.toString(16)}}`);
  return /[",;\t\r\n]/.test(shown) ? `"${shown.replaceAll('"', '""')}"` : shown;
}
