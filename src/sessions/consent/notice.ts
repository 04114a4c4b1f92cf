import type { AuditEvent } from "../../domain/audit-event.ts";
import type { LetterFacts } from "../../domain/consent/letters.ts";
import type { Language } from "../../domain/language.ts";
import type { Waiting } from "./outbox.ts";

/** A mail to a customer that waits until the server takes it. */
export interface Notice extends Waiting {
  /** Whom it is for, and where they could be reached when it was written. */
  readonly customer: string;
  readonly to: string;
  readonly subject: string;
  readonly text: string;
  readonly html: string;
  /** What it tells of, for the record. */
  readonly about: string;
  /** The access that it tells of, for the record. */
  readonly of?: AuditEvent["impersonation"];
  /** An access that is over: how much was done in it is put in when this goes out. */
  readonly over?: {
    readonly access: string;
    readonly facts: LetterFacts;
    readonly page: string;
    readonly language?: Language;
  };
}
