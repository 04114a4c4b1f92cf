import { hash } from "node:crypto";
import type { z } from "zod";
import type { HttpClient } from "../clients/http.ts";
import { type Asking, memo } from "../clients/memo.ts";
import type { SecretReader } from "../clients/secret.ts";
import type { Identity } from "../domain/identity.ts";
import type { Reading } from "../domain/person.ts";
import type {
  Clock,
  Evidence,
  Identification,
  IdentitySource,
  Kind,
  Log,
  Maybe,
  SignIns,
  Unrecognised,
} from "../ports.ts";

/** What a source may use. */
export interface IdentityDeps {
  readonly clock: Clock;
  readonly log: Log;
  readonly http: HttpClient;
  readonly secret: SecretReader;
  readonly signIns: SignIns;
}

export type IdentityKind<Options> = Kind<z.ZodType<Options>, Options, IdentityDeps, IdentitySource>;

/** A source doesn't know the caller. Where it is the same for all callers it is made once. */
export function unknown(
  source: string,
  level: Unrecognised["level"],
  cause: string,
  got: string,
): Identification {
  return { kind: "unknown", why: [{ source, cause, got, level }] };
}

/** Says each thing once, so that a wrong setting doesn't fill the log. What is said must not hold values of requests. */
export type Warn = (what: string) => void;

export function warnOnce(log: Log, via: string): Warn {
  const said = new Set<string>();
  return (what) => {
    if (said.has(what)) return;
    said.add(what);
    log.warn({ source: via }, `identity ${via}: ${what}`);
  };
}

/** A person that was read, as the answer of a source. One that can't be taken for a person is unknown, with a warning. */
export function identified(reading: Reading<Identity>, via: string, warn: Warn): Identification {
  if (reading.kind === "read") return { kind: "known", identity: reading.value, via };
  if (reading.kind !== "bad") return unknown(via, "info", "guest", "it says that nobody is signed in");
  warn(`the caller is not taken as known: ${reading.why}`);
  return unknown(via, "warn", "no-person", reading.why);
}

/** The one value of a header, which may be empty; null where there is none, or more than one, so that nobody can tell who wrote which. */
export function oneHeader({ headers }: Evidence, name: string): string | null {
  const value = headers[name];
  const one = typeof value === "string" ? value : value?.length === 1 ? value[0] : undefined;
  return one?.trim() ?? null;
}

/** The same, but for an empty one. */
export function headerOf(evidence: Evidence, name: string): string | null {
  return oneHeader(evidence, name) || null;
}

/** The token of `Authorization: Bearer`. */
export function bearerOf(evidence: Evidence): string | null {
  return /^bearer +(\S+)$/i.exec(headerOf(evidence, "authorization") ?? "")?.[1] ?? null;
}

/** True where a header came more than once, so that nobody can tell who wrote which. */
export function isDoubled(evidence: Evidence, name: string): boolean {
  const value = evidence.headers[name];
  return Array.isArray(value) && value.length > 1;
}

/** Remembers answers about what callers send: strangers choose the questions, and what is held in memory must open nothing, so it isn't the secret itself. */
export function remembering<A>(
  asking: Pick<Asking<string, A>, "what" | "clock" | "timeout" | "entries" | "ask" | "keep">,
): (secret: string) => Maybe<A> {
  const keyOf = (secret: string) => hash("sha256", secret, "base64url");
  return memo<string, A>({ ...asking, code: "identity-unavailable", failures: null, keyOf });
}
