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
  readonly user?: WrittenPerson & {
    readonly effective?: WrittenPerson;
    /** The agent whom somebody did something to. */
    readonly target?: WrittenPerson;
  };
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
    readonly write_until?: string;
    /** Whether a person went to a page by the request; absent in records of version 0.1. */
    readonly navigation?: boolean;
    readonly app?: string;
    readonly route?: string;
    readonly rule?: string;
    readonly decision?: string;
    readonly consent?: {
      readonly id: string;
      readonly origin?: string;
      readonly cause?: string;
      readonly type?: string;
      readonly scope?: string;
      /** The country or region that the agent works from. */
      readonly location?: string;
      /** How long the record is kept, as the customer was told, ms. */
      readonly retention?: number;
      /** The longest that a yes may last, ms. */
      readonly longest?: number;
      readonly answer_by?: string;
      readonly until?: string;
      readonly answered_by?: string;
      readonly impersonation?: string;
    };
    readonly via?: string;
    readonly config?: string;
    readonly intent?: string;
    readonly ending?: string;
    readonly withheld?: number;
    readonly checks?: readonly string[];
    readonly truncated?: readonly string[];
    readonly chain?: { readonly id: string; readonly previous: string; readonly hash: string };
  };
}

/** Reads a line; null when it is no record, or one whose fields are not what they should be. Says nothing about whether it is as it was written: see `linkOf`. */
export function writtenOf(line: string): Written | null {
  try {
    const value: unknown = JSON.parse(line);
    return isWritten(value) ? value : null;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

/** What each field has to be. Others are left alone: a later version may write more. */
type ShapeOf<T> = {
  readonly [K in keyof T]-?: NonNullable<T[K]> extends string
    ? "text" | "time"
    : NonNullable<T[K]> extends number
      ? "number"
      : NonNullable<T[K]> extends boolean
        ? "truth"
        : NonNullable<T[K]> extends readonly string[]
          ? "texts"
          : string extends keyof NonNullable<T[K]>
            ? "named"
            : ShapeOf<NonNullable<T[K]>>;
};
type Shape = { readonly [name: string]: "text" | "time" | "number" | "truth" | "texts" | "named" | Shape };

const TEXT = "text";
const PERSON = { id: TEXT, name: TEXT, email: TEXT, roles: "texts" } as const;
const SHAPE = {
  "@timestamp": "time",
  event: {
    sequence: "number",
    id: TEXT,
    action: TEXT,
    outcome: TEXT,
    reason: TEXT,
    reference: TEXT,
    start: "time",
    end: "time",
    duration: "number",
  },
  message: TEXT,
  user: { ...PERSON, effective: PERSON, target: PERSON },
  http: {
    request: { id: TEXT, method: TEXT, bytes: "number", headers: "named", body: { content: TEXT } },
    response: { status_code: "number", bytes: "number" },
  },
  url: { domain: TEXT, port: "number", path: TEXT, query: TEXT },
  source: { ip: TEXT },
  user_agent: { original: TEXT },
  trace: { id: TEXT },
  guise: {
    impersonation: TEXT,
    mode: TEXT,
    write_until: "time",
    navigation: "truth",
    app: TEXT,
    route: TEXT,
    rule: TEXT,
    decision: TEXT,
    consent: {
      id: TEXT,
      origin: TEXT,
      cause: TEXT,
      type: TEXT,
      scope: TEXT,
      location: TEXT,
      retention: "number",
      longest: "number",
      answer_by: "time",
      until: "time",
      answered_by: TEXT,
      impersonation: TEXT,
    },
    via: TEXT,
    config: TEXT,
    intent: TEXT,
    ending: TEXT,
    withheld: "number",
    checks: "texts",
    truncated: "texts",
    chain: { id: TEXT, previous: TEXT, hash: TEXT },
  },
} as const satisfies ShapeOf<Written>;

type Check = (field: unknown) => boolean;

const isText: Check = (field) => typeof field === "string";
const CHECKS = {
  text: isText,
  time: (field) => typeof field === "string" && TIME.test(field),
  number: (field) => typeof field === "number",
  truth: (field) => typeof field === "boolean",
  texts: (field) => Array.isArray(field) && field.every(isText),
  named: (field) => typeof field === "object" && field !== null && Object.values(field).every(isText),
} as const satisfies Record<string, Check>;
/** As `toISOString` writes it. */
const TIME = /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d+)?Z$/;

/** Checks what there is of a shape. Nothing is ever written as `null`. */
function checkOf(shape: Shape): Check {
  const checks = Object.entries(shape).map(([name, kind]) => {
    return { name, check: typeof kind === "string" ? CHECKS[kind] : checkOf(kind) };
  });
  return (value) => {
    if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
    for (const { name, check } of checks) {
      const field: unknown = Reflect.get(value, name);
      if (field !== undefined && !check(field)) return false;
    }
    return true;
  };
}

const fits = checkOf(SHAPE);

function isWritten(value: unknown): value is Written {
  if (!fits(value)) return false;
  const { "@timestamp": at, event, guise } = value as Partial<Written>;
  return at !== undefined && guise !== undefined && isWhole(event);
}

function isWhole(event: Partial<Written["event"]> = {}): boolean {
  return event.sequence !== undefined && event.id !== undefined && event.action !== undefined;
}
