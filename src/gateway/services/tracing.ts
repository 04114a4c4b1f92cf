import type { IncomingHttpHeaders } from "node:http";
import type { Maybe } from "../../ports.ts";

/** What a span says: words of closed lists, names of the config, numbers. Never who somebody is, nor which page it was. */
export type SpanFacts = Readonly<Record<string, string | number>>;

/** What is looked up for a request, and the name that the config has for it. */
interface Lookup {
  readonly what: "identity" | "owner" | "users";
  readonly name: string | null;
}

/** The span of one request. One that is never ended is never sent. */
export interface Trace {
  readonly id: string;
  /** Begins the span of a lookup, which ends when the function is called. */
  lookUp(lookup: Lookup): (result: string) => void;
  end(name: string, facts: SpanFacts, failed: boolean): void;
}

/** Begins the spans of requests. */
export interface Tracing {
  begin(headers: IncomingHttpHeaders): Trace;
}

export const USERS: Lookup = { what: "users", name: null };

export function foundOrNot(answer: object | null): string {
  return answer === null ? "none" : "found";
}

/** What is asked, with a span for the time that it takes. What is there at once gets none. */
export function traced<T>(
  trace: Trace | null,
  lookup: Lookup,
  asked: Maybe<T>,
  resultOf: (answer: T) => string,
): Maybe<T> {
  if (trace === null || !(asked instanceof Promise)) return asked;
  const end = trace.lookUp(lookup);
  return asked.then(
    (answer) => {
      end(resultOf(answer));
      return answer;
    },
    (error: unknown) => {
      end("failed");
      throw error;
    },
  );
}

/** What a W3C `traceparent` says. */
interface TraceParent {
  /** 32 hex digits. */
  readonly traceId: string;
  /** The caller's span, 16 hex digits. */
  readonly spanId: string;
  readonly flags: number;
}

const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;

/** Null for none, and for one that the standard has its readers leave aside. */
export function traceParent(header: string | readonly string[] | undefined): TraceParent | null {
  const [, version, traceId = "", spanId = "", flags = "", more] =
    TRACEPARENT.exec(typeof header === "string" ? header.trim() : "") ?? [];
  if (version === undefined || version === "ff" || (version === "00" && more !== undefined)) return null;
  if (/^0+$/.test(traceId) || /^0+$/.test(spanId)) return null;
  return { traceId, spanId, flags: Number.parseInt(flags, 16) };
}

/** The trace that a request belongs to: our own, or the one that its sender names. */
export function traceIdOf(received: {
  readonly trace: Trace | null;
  readonly raw: { readonly headers: IncomingHttpHeaders };
}): string | null {
  return received.trace?.id ?? traceParent(received.raw.headers.traceparent)?.traceId ?? null;
}
