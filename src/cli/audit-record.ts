/** What the commands read of a record; see docs/audit.md for all of it. */
export interface AuditRecord {
  readonly "@timestamp": string;
  readonly event: {
    readonly action: string;
    readonly outcome?: string;
    readonly reason?: string;
    readonly reference?: string;
  };
  readonly message?: string;
  readonly user?: { readonly id?: string; readonly effective?: { readonly id?: string } };
  readonly http?: {
    readonly request?: { readonly method?: string };
    readonly response?: { readonly status_code?: number };
  };
  readonly url?: { readonly path?: string };
  readonly guise: { readonly impersonation?: string; readonly decision?: string; readonly ending?: string };
}

/** Reads a line; null when it is no record at all. Says nothing about whether it is as it was written. */
export function recordOf(line: Buffer): AuditRecord | null {
  try {
    const value: unknown = JSON.parse(line.toString("utf8"));
    return isRecord(value) ? value : null;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

function isRecord(value: unknown): value is AuditRecord {
  return (
    typeof value === "object" &&
    value !== null &&
    "@timestamp" in value &&
    typeof value["@timestamp"] === "string" &&
    "event" in value &&
    typeof value.event === "object" &&
    value.event !== null &&
    "action" in value.event &&
    typeof value.event.action === "string" &&
    "guise" in value &&
    typeof value.guise === "object" &&
    value.guise !== null
  );
}
