import type { AuditEvent } from "./domain/audit-event.ts";
import type { Identity } from "./domain/identity.ts";
import type { Owner, OwnerLookup } from "./domain/owner.ts";

/** What a room may return at once or later; hot paths answer at once from a cache. */
export type Maybe<T> = T | Promise<T>;

/** The clock, handed in so that tests may move it. `now` is wall time in ms; `monotonic` never goes back, in ms. */
export interface Clock {
  now(): number;
  monotonic(): number;
}

/** The log lines a room may write; pino's shape. */
export interface Log {
  debug(data: object, message: string): void;
  info(data: object, message: string): void;
  warn(data: object, message: string): void;
  error(data: object, message: string): void;
}

/** What a caller shows of itself. Header names are lower case, `cookie` is among them; a header sent twice is a list. */
export interface Evidence {
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** Cookies by name; the first of a name that came twice. */
  readonly cookies: Readonly<Record<string, string>>;
  /** The address of the direct peer, IPv4 or IPv6, never from a header. */
  readonly peer: string;
  readonly host: string;
}

/** `via` names the kind of the source. `unknown`: this source doesn't know the caller, ask the next. */
export type Identification =
  | { readonly kind: "known"; readonly identity: Identity; readonly via: string }
  | { readonly kind: "unknown"; readonly why: readonly Unrecognised[] };

/** Why a source does not know a caller. */
export interface Unrecognised {
  readonly source: string;
  /** One of few words, for counting: `no-cookie`, `status-404`, `wrong-aud`. */
  readonly cause: string;
  /** What it got instead, in words; nothing that opens anything. */
  readonly got: string;
  /** debug: as every guest; info: shown, but not believed; warn: config and surroundings don't seem to fit. */
  readonly level: "debug" | "info" | "warn";
}

/** Who is at the keyboard. Throws a Fault `identity-unavailable` when it could not be found out. */
export interface IdentitySource {
  identify(evidence: Evidence): Maybe<Identification>;
  /** Asks what it depends on, where that can be asked without a caller; rejects where no answer comes. */
  check?(signal: AbortSignal): Promise<readonly Finding[]>;
}

/**
 * What a look at a source of facts shows: a `problem` is that nothing can be found like this, a `hint` that it may be slow or not meant, a
 * `fact` is what it answered.
 */
export interface Finding {
  readonly kind: "problem" | "hint" | "fact";
  readonly says: string;
}

/** Whom a resource belongs to; null is nobody. Throws a Fault `owner-lookup-failed` when it could not be found out. */
export interface OwnerResolver {
  resolve(lookup: OwnerLookup, signal: AbortSignal): Promise<Owner | null>;
  /** Asks what it depends on whether it could answer, where that can be asked; rejects with the same fault. */
  check?(signal: AbortSignal): Promise<readonly Finding[]>;
}

/** The people of the app. Throws a Fault `users-lookup-failed` when it could not be found out. */
export interface Users {
  find(id: string): Promise<Identity | null>;
  /** At most `limit` people whose name, e-mail or id has the text in it. */
  search(text: string, limit: number): Promise<readonly Identity[]>;
  /** As an owner resolver's. */
  check?(signal: AbortSignal): Promise<readonly Finding[]>;
}

/** A value with the number of times it was written, for compare-and-set. */
interface Stored {
  readonly value: string;
  readonly version: number;
}

/**
 * Named values that expire. A key is `kind:name`. `write` with `version` null creates and otherwise replaces just that
 * version, and makes it larger; false says that somebody else was faster, nothing is written. `list` gives the keys
 * that begin so, of one kind. Throws `store-unavailable`.
 */
export interface Store {
  read(key: string): Promise<Stored | null>;
  write(
    key: string,
    value: string,
    options: { readonly version: number | null; readonly expiresAt: number },
  ): Promise<boolean>;
  remove(key: string): Promise<void>;
  list(prefix: string): Promise<readonly string[]>;
}

/** Tells the other gateways which key changed; `heard` gets every other gateway's, and null when some may have been missed. */
export interface Bulletin {
  tell(key: string): Promise<void>;
  listen(heard: (key: string | null) => void): () => void;
}

/** Something with sockets or files behind it. */
export interface Closing {
  close(): Promise<void>;
}

/** A record as the journal holds it: one line of JSON, its producer and its place in the producer's order. */
export interface JournalRecord {
  readonly producer: string;
  readonly sequence: number;
  readonly line: string;
}

/** Where shipped records go. `send` throws unless all are taken; `position` is the last sequence it has of a producer. */
export interface AuditSink {
  position(producer: string): Promise<number>;
  send(records: readonly JournalRecord[]): Promise<void>;
}

/** The write-ahead ledger of what is worth remembering. */
export interface Ledger {
  /** Resolves with the event as numbered and chained when it is on disk; throws `audit-unavailable`. */
  record(event: AuditEvent): Promise<void>;
}

/** One kind of a room: its key in the config, the schema of its options (a zod object with descriptions), its maker. */
export interface Kind<Schema, Options, Deps, Made> {
  readonly name: string;
  readonly describe: string;
  readonly schema: Schema;
  create(options: Options, deps: Deps): Made;
}
