/** One of the two people of a record, as it names them. */
export interface WrittenPerson {
  readonly id?: string;
  readonly name?: string;
  readonly email?: string;
  readonly roles?: readonly string[];
}

/** A record as it is read back; docs/audit.md says what its fields mean. What was not known is not there. */
export interface Written {
  readonly "@timestamp": string;
  readonly event: {
    readonly sequence: number;
    readonly id: string;
    readonly action: string;
    readonly outcome?: string;
    readonly reason?: string;
    readonly reference?: string;
    readonly start?: string;
    readonly end?: string;
    /** Nanoseconds. */
    readonly duration?: number;
  };
  readonly message?: string;
  readonly user?: WrittenPerson & { readonly effective?: WrittenPerson };
  readonly http?: {
    readonly request?: {
      readonly id?: string;
      readonly method?: string;
      readonly bytes?: number;
      readonly headers?: Readonly<Record<string, string>>;
      readonly body?: { readonly content?: string };
    };
    readonly response?: { readonly status_code?: number; readonly bytes?: number };
  };
  readonly url?: {
    readonly domain?: string;
    readonly port?: number;
    readonly path?: string;
    readonly query?: string;
  };
  readonly source?: { readonly ip?: string };
  readonly user_agent?: { readonly original?: string };
  readonly trace?: { readonly id?: string };
  readonly guise: {
    readonly impersonation?: string;
    readonly mode?: string;
    readonly route?: string;
    readonly rule?: string;
    readonly decision?: string;
    readonly via?: string;
    readonly config?: string;
    readonly intent?: string;
    readonly ending?: string;
    readonly checks?: readonly string[];
    readonly truncated?: readonly string[];
    readonly chain?: { readonly id: string; readonly previous: string; readonly hash: string };
  };
}

/** Reads a line; null when it is no record at all. Says nothing about whether it is as it was written: see `linkOf`. */
export function writtenOf(line: string): Written | null {
  try {
    const value: unknown = JSON.parse(line);
    return isWritten(value) ? value : null;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

function isWritten(value: unknown): value is Written {
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
