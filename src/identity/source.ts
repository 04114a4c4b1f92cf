import type { z } from "zod";
import type { HttpClient } from "../clients/http.ts";
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

/** The one value of a header; null where there is none, an empty one, or more than one. */
export function headerOf(evidence: Evidence, name: string): string | null {
  const value = evidence.headers[name];
  const one = typeof value === "string" ? value : value?.length === 1 ? value[0] : undefined;
  return one === undefined || one.trim() === "" ? null : one.trim();
}

/** True where a header came more than once, so that nobody can tell who wrote which. */
export function isDoubled(evidence: Evidence, name: string): boolean {
  const value = evidence.headers[name];
  return Array.isArray(value) && value.length > 1;
}
