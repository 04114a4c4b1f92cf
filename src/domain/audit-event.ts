import type { Consent } from "./consent/consent.ts";
import type { Check } from "./decision.ts";
import type { Identity } from "./identity.ts";
import type { ConsentUsed, Mode } from "./impersonation.ts";

/** The closed list of actions that are recorded. */
export const AUDIT_ACTIONS = [
  "impersonation.started",
  "impersonation.refused",
  "impersonation.not-started",
  "impersonation.ended",
  "impersonation.elevated",
  "impersonation.lowered",
  "impersonation.intent",
  "impersonation.progress",
  "impersonation.outcome",
  "impersonation.denied",
  "consent.asked",
  "consent.granted",
  "consent.refused",
  "consent.withdrawn",
  "consent.lapsed",
  "consent.used",
  "consent.opted-out",
  "consent.opted-in",
  "consent.changed",
  "access.noticed",
  "help.asked",
  "start-link.made",
  "start-link.used",
  "start-link.refused",
  "sign-in.performed",
  "sign-in.failed",
  "sign-in.ended",
  "impersonation.switched-off",
  "impersonation.switched-on",
  "agent.blocked",
  "agent.unblocked",
  "threshold.passed",
  "audit.read",
  "config.loaded",
  "config.rejected",
  "key.rotated",
] as const;

export type AuditAction = (typeof AUDIT_ACTIONS)[number];

/** How a forwarded request ended, for the outcome record. */
export type Ending =
  | "success"
  | "failure"
  | "client-aborted"
  | "client-framing-error"
  | "upstream-truncated"
  | "upstream-unreachable"
  | "upstream-timeout"
  | "upstream-protocol"
  | "revoked"
  | "unknown";

/** The further parts of a request that the config asks to record. */
export interface Captured {
  /** Lower-case names with their values, in the order of the config. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** The fields of a form, urlencoded; null where there is none. `whole` is false if there were more. */
  readonly form: { readonly fields: string; readonly whole: boolean } | null;
}

/** What the record has of a consent. */
export type ConsentRecord = Pick<
  Consent,
  | "id"
  | "origin"
  | "cause"
  | "type"
  | "scope"
  | "reason"
  | "ticket"
  | "location"
  | "retention"
  | "longest"
  | "answerBy"
  | "until"
  | "answeredBy"
  | "impersonation"
>;

/** An event in Guise's own terms; `audit/` turns it into one line in the Elastic Common Schema. Times are ms. */
export interface AuditEvent {
  readonly id: string;
  readonly at: number;
  readonly action: AuditAction;
  readonly outcome: "success" | "failure" | "unknown";
  readonly trueUser: Identity | null;
  readonly effectiveUser: Identity | null;
  /** The agent whom `trueUser` did something to: ended, blocked. */
  readonly target?: Identity;
  readonly impersonation: {
    readonly id: string;
    readonly mode: Mode;
    /** Until when a step up to mode `write` lasts. */
    readonly writeUntil?: number;
    readonly reason: string | null;
    readonly ticket: string | null;
    /** The consent that it began by, and whether that was without the customer's yes. */
    readonly consent?: ConsentUsed;
  } | null;
  /** The ask or the yes that an event is about. */
  readonly consent?: ConsentRecord;
  /** The app that it was in, where there are several. */
  readonly app?: string;
  readonly request: {
    readonly id: string;
    readonly method: string;
    readonly path: string;
    readonly query: string | null;
    readonly host: string;
    readonly bytes: number | null;
    readonly ip: string;
    readonly userAgent: string | null;
    readonly trace: string | null;
    /** Whether a person goes to a page by it; the rest is what pages load. */
    readonly navigation?: boolean;
  } | null;
  /** Only where a request is recorded first: not again with how it ended. */
  readonly captured?: Captured;
  readonly response: {
    readonly status: number | null;
    readonly bytes: number;
    readonly duration: number;
    /** null: it goes on. */
    readonly ending: Ending | null;
    /** How many values of the answer were withheld from the agent. */
    readonly withheld?: number;
  } | null;
  readonly decision: {
    readonly word: string;
    readonly route: string | null;
    readonly rule: string | null;
    readonly via: string | null;
    /** What the judge asked on the way; as `captured`, only where it is recorded first. */
    readonly checks?: readonly Check[];
  } | null;
  /** Digest of the config that it happened under. */
  readonly config: string | null;
  /** For ends: when it began and how long it lasted, ms. */
  readonly span: { readonly start: number; readonly end: number } | null;
  /** The id of the intent that an outcome or progress belongs to. */
  readonly intent: string | null;
  readonly detail: string | null;
}
