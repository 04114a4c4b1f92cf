import { parseArgs } from "node:util";
import { SOURCE_OPTIONS } from "./audit-source.ts";

const OPTIONS = {
  ...SOURCE_OPTIONS,
  limit: { type: "string", short: "n" },
  follow: { type: "boolean", short: "f" },
  agent: { type: "string" },
  customer: { type: "string" },
  impersonation: { type: "string" },
  action: { type: "string" },
  path: { type: "string" },
  since: { type: "string" },
  until: { type: "string" },
  format: { type: "string" },
  checkpoints: { type: "string" },
  key: { type: "string", multiple: true },
  against: { type: "string" },
  whole: { type: "boolean" },
  json: { type: "boolean" },
  help: { type: "boolean", short: "h" },
} as const;

/** The words behind `guise audit`, as they were written. */
export type AuditWords = ReturnType<typeof parseWords>["values"];

/** Throws a TypeError for a word that is not known. */
export function parseWords(args: readonly string[]) {
  return parseArgs({ args: [...args], allowPositionals: true, options: OPTIONS });
}
