import type { Consent } from "./consent/consent.ts";
import type { Grant, Rule } from "./policy.ts";

/** The closed list of reason words with the sentence that a person reads. Docs, pages, log, audit and CLI say the same. */
export const REASONS = {
  "not-agent": "You may not view the app as somebody else.",
  "no-owner": "This address belongs to nobody in particular.",
  "owner-lookup-failed": "It could not be found out whom this page belongs to.",
  "own-page": "This page is your own.",
  viewer: "You may see this page as yourself.",
  impersonating: "You are viewing the app as somebody else.",
  started: "You have begun to view the app as somebody else.",
  switched: "You have gone from one person to another.",
  "ask-start": "Viewing the app as somebody else has to be asked for with a click.",
  "reason-required": "Say why you need to view the app as this person.",
  "ticket-required": "Name the ticket that this is for.",
  "consent-required": "This person has to agree first.",
  "consent-refused": "This person does not agree to be viewed.",
  "consent-withdrawn": "This person has taken their agreement back.",
  "opted-out": "This person wants nobody to view the app as them.",
  "notice-undelivered": "This person is to be told first, and that could not be delivered.",
  "approval-required": "A second agent has to approve this first.",
  "outside-grant": "This is outside of the part of the app that you may see as this person.",
  "step-up-required": "Show once more who you are, by signing in again.",
  blocked: "An administrator keeps you from viewing the app as somebody else for now.",
  "limit-reached": "You have viewed the app as many people within a day as you may.",
  "protected-target": "This person may not be viewed by you.",
  nested: "You are already viewing the app as somebody else; stop first.",
  "read-only": "Only looking is allowed while you view the app as somebody else.",
  denied: "This must not be done as somebody else.",
  "confirm-required": "This has to be confirmed first.",
  "other-tab": "This tab was opened as somebody else than you are viewing now.",
  "as-self": "This page always runs as yourself, never as somebody else.",
  "other-host": "This comes from a page on another host on which you are viewing the app as somebody else.",
  "ended-by-agent": "You stopped.",
  "ended-by-logout": "You signed out of the app, which means to stop.",
  "ended-expired": "The time for viewing the app as this person is up.",
  "ended-idle": "Nothing happened for a while, so viewing the app as this person was ended.",
  "ended-revoked": "Viewing the app as this person was ended by an administrator.",
  "ended-agent-lost-right": "You may no longer view the app as this person.",
  "ended-target-changed": "This person may no longer be viewed by you.",
  "ended-unseen":
    "Nothing could be shown of the first page, so viewing the app as this person did not begin.",
  "identity-unavailable": "It could not be found out who you are.",
  "store-unavailable": "It could not be found out whom you are viewing the app as.",
  "audit-unavailable": "What you do as somebody else could not be recorded, so it was not done.",
  "signed-out": "You are not signed in.",
  "sign-in-failed": "The app could not be signed in to as this person.",
} as const;

export type ReasonWord = keyof typeof REASONS;

export const REASON_WORDS = Object.keys(REASONS) as readonly ReasonWord[];

/**
 * How a library that visits pages by script is told to load one in full: by the page itself (Turbo, Unpoly, Livewire, pjax), or
 * by the headers of its own protocol.
 */
export type Visit = "document" | "htmx" | "inertia";

/** One question that the judge asked on the way, and what it saw. */
export interface Check {
  readonly name: string;
  readonly passed: boolean;
  readonly saw: string;
}

/**
 * What happens with one request.
 *
 * - `forward`: goes to the app, as the agent or as the effective user. `open` and `close` are done first: a start has
 *   both null and a grant, a switch closes the old one and opens another.
 * - `page`: is answered by the gateway: a question (start, confirm, reason), the way back to the agent's own view, or nothing but the word.
 * - `load-in-full`: is answered so that the library which visits the page by script has the browser load it instead.
 * - `refuse`: is not done; `status` says how.
 * - `stop`: ends the running impersonation and leads back.
 */
export type Decision = DecisionBody & { readonly reason: ReasonWord; readonly checks: readonly Check[] };

export type DecisionBody =
  | { readonly kind: "forward"; readonly as: "self"; readonly close: ReasonWord | null }
  | { readonly kind: "forward"; readonly as: "effective"; readonly rule: Rule | null }
  | {
      readonly kind: "forward";
      readonly as: "start";
      readonly grant: Grant;
      /** The customer's yes that it begins by; null where nobody has to be asked. */
      readonly consent: Consent | null;
      readonly close: ReasonWord | null;
    }
  | {
      readonly kind: "page";
      readonly page: "ask-start";
      readonly grant: Grant;
      readonly close: ReasonWord | null;
    }
  | { readonly kind: "page"; readonly page: "as-self" }
  | { readonly kind: "page"; readonly page: "sign-in" }
  | { readonly kind: "page"; readonly page: "confirm"; readonly rule: Rule; readonly sentence: string }
  | { readonly kind: "load-in-full"; readonly visit: Visit }
  | {
      readonly kind: "refuse";
      readonly status: 401 | 403 | 409 | 428 | 502 | 503;
      readonly rule: Rule | null;
      readonly sentence: string;
    }
  | { readonly kind: "ended"; readonly status: 409 | 401 | 503 }
  | { readonly kind: "stop"; readonly rule: Rule | null };
