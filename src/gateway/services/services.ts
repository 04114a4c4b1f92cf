import type { Redact } from "../../audit/record/redact.ts";
import type { Settings, Snapshot } from "../../config/snapshot.ts";
import type { AuditEvent } from "../../domain/audit-event.ts";
import type { ClaimsInput } from "../../domain/claims.ts";
import type { CustomerCard } from "../../domain/consent/consent.ts";
import type { LetterFacts } from "../../domain/consent/letters.ts";
import type { ConsentVerdict } from "../../domain/consent/said.ts";
import type { Decision } from "../../domain/decision.ts";
import type { HelpRequest } from "../../domain/help/help.ts";
import type { Identity } from "../../domain/identity.ts";
import type { Impersonation } from "../../domain/impersonation.ts";
import type { Language } from "../../domain/language.ts";
import type { RawHeaders } from "../../domain/raw-headers.ts";
import type { Threshold } from "../../domain/thresholds.ts";
import type { Fault } from "../../errors.ts";
import type { FormToken } from "../../keys/csrf.ts";
import type { Clock, Closing, Ledger, Log, Maybe } from "../../ports.ts";
import type { Blocks } from "../../sessions/blocks.ts";
import type { Codes } from "../../sessions/codes.ts";
import type { Confirmations } from "../../sessions/confirmations.ts";
import type { ConsentCodes } from "../../sessions/consent/codes.ts";
import type { Consents } from "../../sessions/consent/consents.ts";
import type { SettingsSeen } from "../../sessions/consent/settings-seen.ts";
import type { ConsoleVisits } from "../../sessions/console-visits.ts";
import type { Customers } from "../../sessions/customers.ts";
import type { StartLinks } from "../../sessions/help/start-links.ts";
import type { Impersonations } from "../../sessions/impersonations.ts";
import type { Labels } from "../../sessions/labels.ts";
import type { MissedLinks } from "../../sessions/missed-links.ts";
import type { PageCredentials } from "../../sessions/page-credentials.ts";
import type { SealedValues } from "../../sessions/sealed-values.ts";
import type { SpentForms } from "../../sessions/spent-forms.ts";
import type { Received } from "../request.ts";
import type { Diagnostics } from "./diagnostics.ts";
import type { Sockets } from "./open-connections.ts";
import type { RateLimits } from "./rate-limits.ts";
import type { LeftOut, Refusals } from "./refusals.ts";
import type { Tracing } from "./tracing.ts";
import type { Trusts } from "./trust.ts";
import type { Unrecorded } from "./unrecorded.ts";

/** What a page of the gateway's own says; the console draws it. */
export interface Pages {
  fault(view: {
    readonly fault: Fault;
    readonly requestId: string;
    readonly prefix: string;
    readonly language: Language;
    /** The browser says that an impersonation is running. */
    readonly impersonating?: boolean;
    readonly traceId?: string | null;
  }): string;
  /** The page of a label whose impersonation has ended. */
  endedHost(view: {
    readonly app: string | null;
    readonly requestId: string;
    readonly language: Language;
  }): string;
  /** A decision that is answered here: refused, ended, asked. */
  decision(view: DecisionView): string;
}

export interface DecisionView {
  /** For the pages that the header leads to; absent: to none. */
  readonly snapshot?: Snapshot;
  readonly language: Language;
  readonly decision: Decision;
  /** The sentence for the agent, with names filled in: the usual one of its reason word, or one of the config. */
  readonly sentence: string;
  readonly requestId: string;
  readonly traceId?: string | null;
  readonly prefix: string;
  /** The address that was asked for, to come back to. */
  readonly to: string;
  /** Where Stop leads to, and the page that the request came from. */
  readonly returnTo: string;
  readonly back: string;
  readonly method: string;
  readonly trueUser: Identity | null;
  /** The person whom the page is about: the effective user, or before a start the owner of the page. */
  readonly other: Identity | null;
  /** Whether the browser has an impersonation, also one that can't be loaded: then the page offers Stop. */
  readonly impersonating: boolean;
  /** The app had the request when it was cut. */
  readonly underway?: boolean;
  /** Whether the agent may allow changes, where what was refused is one. */
  readonly mayElevate?: boolean;
  /** Where the agent goes on as themselves after Stop; null or absent: to where they came from. */
  readonly goesOnTo?: string | null;
  /** Where the agent signs in, with an identity provider; null or absent: not by way of us. */
  readonly signIn?: string | null;
  /** The token of its form; null where there is none, or where a service worker could read it. */
  readonly token: string | null;
  readonly ticket: string | null;
  /** What the customer's say is to the start that is asked about; null where none is. */
  readonly consent: ConsentVerdict | null;
  /** The question that is asked: its name, which opens nothing; where a yes to it goes; how long it waits, ms. */
  readonly confirmation: { readonly name: string; readonly yesTo: string; readonly within: number } | null;
}

/** What a form of ours does; its token counts for nothing else. */
export type FormPurpose =
  | "start"
  | "elevate"
  | "lower"
  | "confirm"
  | "stop"
  | "consent"
  | "sign-out"
  | "running";

/** What a mark of ours is for; it counts for nothing else. */
type MarkPurpose = "here" | "near" | "before" | "marker" | "yes" | "ordered" | "app" | "agent";

/** Signed texts for browsers: tokens of forms, the one-time notice, and marks. */
export interface Forms {
  /** `subject`: what the token is bound to; see `SUBJECTS`. */
  token(purpose: FormPurpose, subject: readonly string[], expiresAt: number): string;
  /** What the token says, also where it has expired; null if it isn't ours, or is for something else. */
  read(purpose: FormPurpose, subject: readonly string[], token: string): FormToken | null;
  seal(text: string, now: number): string;
  /** The sealed text, or null if it is not ours or too old. */
  open(sealed: string, now: number): string | null;
  /** A signed text for one purpose, good for `lasts` ms. It opens nothing. */
  mark(purpose: MarkPurpose, text: string, now: number, lasts: number): string;
  /** Null if it is not ours, for something else, or too old. */
  marked(purpose: MarkPurpose, value: string, now: number): string | null;
}

interface Tokens {
  sign(input: Omit<ClaimsInput, "now" | "jti">, now: number): Maybe<string>;
}

/** Says which pages get a card. Own traffic asks it, so it answers at once and looks nothing up. */
export interface Cards extends Closing {
  /** The card for a page; null if there is none, or if it isn't known yet whose session it is: then the card comes with a later page. */
  of(services: Services, received: Received): CustomerCard | null;
  /** Finds out in the background whose session it is, after an answer that sets a new session cookie, as some apps do each time. */
  answered(services: Services, received: Received, headers: RawHeaders): void;
  /** Called when an impersonation has started. */
  views(services: Services, it: Impersonation): void;
  /** Reads all cards again, in the background. */
  refresh(services: Services): Promise<void>;
}

/** What the link of a mail leads to: one ask of one customer. */
export interface LinkedAsk {
  readonly customer: Identity;
  readonly consent: string;
}

/** What is told with a mail. */
interface TellingMore {
  /** The customer whom the mail is about, where it goes to somebody who answers for them. */
  readonly member?: string | null;
  /** The ask that the mail's link opens. */
  readonly link?: LinkedAsk | null;
  /** The access that is over, whose figures are put in when the mail goes out. */
  readonly access?: string | null;
  /** The access that it tells of, for the record. */
  readonly of?: AuditEvent["impersonation"];
}

/** Mails to customers. A mail that can't be delivered waits; throws if the store can't be reached. */
export interface Notices extends Closing {
  /** Writes to a customer, if there is a mail server and they have an address. */
  tell(settings: Settings, customer: Identity, facts: LetterFacts, more?: TellingMore): Promise<void>;
  /** Whether something for this customer has waited for longer than a minute. */
  overdue(customer: string): boolean;
  /** Tries to send everything that waits. Never rejects. */
  deliver(): Promise<void>;
}

/** Requests for help: stored, and sent to each outlet of the config until the outlet has taken them. */
export interface HelpQueue extends Closing {
  /** Keeps it for good before it resolves. Throws a Fault `store-unavailable`. */
  take(request: HelpRequest, help: NonNullable<Settings["help"]>): Promise<void>;
  /** Null if there is no request with this id (any more). */
  read(id: string): Promise<HelpRequest | null>;
  /** Takes secrets out of what a page tells, as from records. */
  readonly redact: Redact;
  /** Tries now what waits. Never rejects. */
  deliver(): Promise<void>;
}

/** Counts that telemetry shows. */
export interface Counters {
  decided(reason: string, kind: string): void;
  /** `app` is null where the file has one. */
  forwarded(as: "self" | "effective", ending: string, seconds: number, app: string | null): void;
  violated(invariant: string): void;
  /** A refusal that is not on record. */
  leftOut(why: LeftOut): void;
  /** A source that was asked did not know the caller. */
  unrecognised(source: string, cause: string): void;
  /** A page with a route was opened and nothing was started. */
  notStarted(reason: string): void;
  /** A start was allowed and is worth a look. */
  thresholdPassed(threshold: Threshold): void;
  /** An impersonated request went on without its `Authorization`. */
  authorizationTakenOff(why: string): void;
}

/** What outlives a request: built once in app.ts and handed to every stage. */
export interface Services {
  readonly clock: Clock;
  readonly log: Log;
  readonly config: { current(): Snapshot };
  readonly impersonations: Impersonations;
  /** For how long the gateway may rely on an app's answer that it sees the effective user. */
  readonly trusts: Trusts;
  readonly confirmations: Confirmations;
  readonly customers: Customers;
  readonly consents: Consents;
  readonly consentCodes: ConsentCodes;
  /** What the links of mails lead to. */
  readonly consentLinks: SealedValues<LinkedAsk>;
  readonly settingsSeen: SettingsSeen;
  readonly notices: Notices;
  readonly cards: Cards;
  readonly helpQueue: HelpQueue;
  readonly blocks: Blocks;
  readonly missedLinks: MissedLinks;
  readonly pageCredentials: PageCredentials;
  readonly labels: Labels;
  readonly codes: Codes;
  readonly consoleVisits: ConsoleVisits;
  readonly spentForms: SpentForms;
  readonly startLinks: StartLinks;
  readonly ledger: Ledger;
  /** Records of ends and of steps down: they are done even if they can't be recorded, and recorded later. */
  readonly unrecorded: Unrecorded;
  readonly tokens: Tokens;
  readonly forms: Forms;
  readonly pages: Pages;
  readonly sockets: Sockets;
  readonly rateLimits: RateLimits;
  readonly refusals: Refusals;
  readonly diagnostics: Diagnostics;
  readonly counters: Counters;
  /** Null where nothing is traced. */
  readonly tracing: Tracing | null;
  /** A new id that sorts by time. */
  newId(): string;
}

/** The services of the stages up to the decision. These stages change nothing, so `guise test` runs the same ones. */
export interface Judging extends Pick<Services, "clock" | "log" | "config" | "diagnostics" | "tracing"> {
  readonly impersonations: Pick<Impersonations, "recall">;
  readonly confirmations: Pick<Confirmations, "redeem">;
  readonly codes: Pick<Codes, "redeem">;
  readonly consents: Pick<Consents, "of">;
  readonly forms: Pick<Forms, "read" | "open" | "marked">;
  readonly counters: Pick<Counters, "unrecognised">;
}
