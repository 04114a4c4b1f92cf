import type { IncomingMessage, ServerResponse } from "node:http";
import type { AuditEvent } from "./domain/audit-event.ts";
import type { Identity } from "./domain/identity.ts";
import type { Owner, OwnerLookup } from "./domain/owner.ts";

/** A value that is there at once or later. Frequent questions are answered at once, from a cache. */
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

/** The parts of a request by which identity sources know its caller. Header names are lower case, `cookie` is among them; a header sent twice is a list. */
export interface Evidence {
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** Cookies by name; the first of a name that came twice. */
  readonly cookies: Readonly<Record<string, string>>;
  /** The address of the direct peer, IPv4 or IPv6, never from a header. */
  readonly peer: string;
  readonly host: string;
  /** The secret of a sign-in by way of the gateway's own pages; absent or null where the browser has none. */
  readonly signIn?: string | null;
  /** The request itself, for sources that check its signature; absent in evidence that was stored. */
  readonly request?: {
    readonly method: string;
    /** As it came, byte for byte. */
    readonly target: string;
    /** `https://app.example.com`. */
    readonly origin: string;
    /** It is for an address of ours, which checks the digest of its body. */
    readonly ours: boolean;
  };
}

/**
 * `via` names the kind of the source. `strongUntil`: until when what they showed of themselves is enough for a step up, ms; absent where
 * it never is. `unknown`: this source doesn't know the caller, ask the next.
 */
export type Identification =
  | {
      readonly kind: "known";
      readonly identity: Identity;
      readonly via: string;
      readonly strongUntil?: number;
    }
  | { readonly kind: "unknown"; readonly why: readonly Unrecognised[] };

/** Why a source does not know a caller. */
export interface Unrecognised {
  readonly source: string;
  /** One of few words, for counting: `no-cookie`, `status-404`, `wrong-aud`. */
  readonly cause: string;
  /** What the source got instead, in words, without secrets. */
  readonly got: string;
  /** debug: nothing was shown, as by every guest; info: what was shown doesn't count; warn: the config seems to be wrong. */
  readonly level: "debug" | "info" | "warn";
}

/** Finds out who is at the keyboard. Throws a Fault `identity-unavailable` if it can't. */
export interface IdentitySource {
  identify(evidence: Evidence): Maybe<Identification>;
  /** Asks what it depends on, where that can be asked without a caller; rejects where no answer comes. */
  check?(signal: AbortSignal): Promise<readonly Finding[]>;
  /** The provider where people sign in on the gateway's own pages; absent if they don't. */
  readonly provider?: IdentityProvider;
  /** Whether it can say of a caller that it is enough for a step up. */
  readonly stepsUp?: boolean;
}

/** A browser that is sent to sign in. It comes back to `redirectUri` and then goes on to `to`. */
interface SignInOrder {
  readonly redirectUri: string;
  readonly to: string;
  /** Somebody who is signed in shows once more, or better, who they are. */
  readonly stepUp: boolean;
}

/** An identity provider where agents sign in. Throws a Fault `identity-unavailable` if it can't be reached. */
export interface IdentityProvider {
  /** `state` names the attempt; `kept` is for the browser alone, for `lasts` ms. */
  begin(order: SignInOrder): Promise<{
    readonly to: string;
    readonly state: string;
    readonly kept: string;
    readonly lasts: number;
  }>;
  /** Takes the answer with which the provider sent the browser back, once; `kept` is what the browser was given. Throws `sign-in-refused`. */
  finish(
    answer: URL,
    kept: string | null,
  ): Promise<{
    readonly secret: string;
    readonly lasts: number;
    readonly identity: Identity;
    readonly to: string;
  }>;
  /** Ends a sign-in. `identity`: whose it was; `to`: where the provider is told of it. */
  signOut(
    secret: string,
    back: string,
  ): Promise<{ readonly identity: Identity | null; readonly to: string | null }>;
  /** Takes a logout token of the provider; gives the people whose sign-ins it ended. Throws `sign-in-refused` where it counts nothing. */
  loggedOut(token: string): Promise<readonly Identity[]>;
}

/** A sign-in with an identity provider, as it is kept. Times in ms. */
export interface SignIn {
  readonly issuer: string;
  readonly subject: string;
  /** The provider's own session (`sid`). */
  readonly session: string | null;
  readonly identity: Identity;
  readonly idToken: string;
  readonly accessToken: { readonly value: string; readonly until: number } | null;
  readonly refreshToken: string | null;
  readonly strongUntil: number | null;
  /** When the provider said all this, and until when somebody is asking it anew. */
  readonly readAt: number;
  readonly askingUntil: number;
  readonly expiresAt: number;
}

/** The sign-ins, each sealed under the hash of the secret that its browser has. Throws a Fault `store-unavailable`. */
export interface SignIns {
  open(signIn: SignIn): Promise<string>;
  read(secret: string): Promise<SignIn | null>;
  /** Changes it so that no other change is lost; null where it is gone. `edit` gives the same back where nothing is to change. */
  edit(secret: string, edit: (it: SignIn) => SignIn): Promise<{ readonly changed: boolean } | null>;
  close(secret: string): Promise<SignIn | null>;
  /** Ends all of one person, or of one session of the provider. */
  closeAll(
    of: Pick<SignIn, "issuer"> & ({ readonly subject: string } | { readonly session: string }),
  ): Promise<readonly SignIn[]>;
  /** Text that only a gateway of ours can read, and nobody can change; null for any other. */
  seal(text: string): string;
  unseal(text: string): string | null;
  /** Whether `name` comes for the first time; remembered until `expiresAt`. */
  once(name: string, expiresAt: number): Promise<boolean>;
  /** What else signing in keeps, each value sealed under its key. */
  readonly kept: Store;
  /** A secret of all gateways of one store, for one use. */
  secretFor(use: string): string;
  /** Both people of the impersonation that this secret opens; null once it has ended. */
  viewed(secret: string): Promise<ViewedAccount | null>;
}

/** A viewed customer, as an app that uses our OpenID provider is told. */
export interface ViewedAccount {
  readonly effectiveUser: Identity;
  readonly agent: Identity;
}

/** The provider that apps sign people in with. */
export interface OpenIdProvider {
  readonly issuer: string;
  readonly origin: string;
  /** Asks the provider with which people really sign in. */
  check(signal: AbortSignal): Promise<readonly Finding[]>;
  /** Answers one of its own addresses. */
  handle(request: IncomingMessage, response: ServerResponse): Promise<void>;
  /** Where somebody goes who has to sign in with `upstream`. */
  beginLogin(
    request: IncomingMessage,
    response: ServerResponse,
    redirectUri: string,
  ): ReturnType<IdentityProvider["begin"]>;
  /** Takes them back: for which attempt, and by which ticket it goes on. */
  finishLogin(answer: URL, kept: string | null): Promise<{ readonly uid: string; readonly ticket: string }>;
  completeLogin(request: IncomingMessage, response: ServerResponse, ticket: string): Promise<void>;
  /** The answer to an app that asked while somebody is viewed; null where it may not ask so. */
  authorizeViewed(
    asked: URLSearchParams,
    viewed: { readonly impersonation: string; readonly secret: string; readonly until: number },
  ): Promise<URL | null>;
  /** Whether a code that an app is brought may be redeemed by it while this impersonation runs: it is of this one, or none of the provider's. */
  mayRedeem(code: string, impersonation: string): Promise<boolean>;
  /**
   * Tells an app that the session which it has of this impersonation is over (OpenID Connect Back-Channel Logout). Gives the status of its
   * answer. Rejects with an Error where there is none, or another than that it is done.
   */
  signOut(client: string, impersonation: string): Promise<number>;
  /** Whether the app can be told so. */
  hasBackChannel(client: string): boolean;
}

/**
 * What a look at a source of facts shows: a `problem` is that nothing can be found like this, a `hint` that it may be slow or not meant, a
 * `fact` is what it answered.
 */
export interface Finding {
  readonly kind: "problem" | "hint" | "fact";
  readonly says: string;
}

/** Finds out whom a resource belongs to; null: nobody. Throws a Fault `owner-lookup-failed` if it can't. */
export interface OwnerResolver {
  resolve(lookup: OwnerLookup, signal: AbortSignal): Promise<Owner | null>;
  /** Asks what it depends on whether it could answer, where that can be asked; rejects with the same fault. */
  check?(signal: AbortSignal): Promise<readonly Finding[]>;
}

/** Looks people of the app up. Throws a Fault `users-lookup-failed` if it can't. */
export interface Users {
  find(id: string): Promise<Identity | null>;
  /** At most `limit` people whose name, e-mail or id has the text in it. */
  search(text: string, limit: number): Promise<readonly Identity[]>;
  /** As an owner resolver's. */
  check?(signal: AbortSignal): Promise<readonly Finding[]>;
}

/** A stored value with its version, for compare-and-set. */
interface Stored {
  readonly value: string;
  readonly version: number;
}

/**
 * Named values that expire. A key is `kind:name`. `write` with `version` null creates a value; otherwise it replaces exactly that
 * version by a larger one. False: another writer was faster, and nothing was written. `list` gives the keys of one kind
 * that begin with a text. Throws `store-unavailable`.
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

/** Tells other gateways which key has changed. `heard` gets the keys that they tell, and null if some may have been missed. */
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

/** The ledger: events are recorded in it before what they announce is done. */
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
