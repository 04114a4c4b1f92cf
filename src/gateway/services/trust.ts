import { hash } from "node:crypto";
import { isNamed } from "../../domain/cookies/cookie.ts";
import type { JarCookie } from "../../domain/cookies/cookie-jar.ts";
import type { Fault } from "../../errors.ts";
import type { AppSession } from "../../sessions/app-sessions.ts";
import type { Seen } from "../../signin/sign-in.ts";
import { getOrInsert } from "./get-or-insert.ts";

/** What this process knows about whom an app sees in one session. Times are monotonic, ms. */
export interface Trust {
  /** The generation of the app's session; 0 before the first. */
  generation: number;
  /** When the last look began that found the effective user; null: there was none. */
  lookedAt: number | null;
  /** The cookies with which the app was asked then. */
  cookies: string;
  /** When something last happened after which the app may see somebody else. */
  doubtedAt: number;
  /** Requests under way that may cause that. */
  readonly unsafe: Set<string>;
  /** The bytes that pages have sent on each open WebSocket so far. */
  readonly sockets: Map<string, () => number>;
  /** The sum of these when the last look began that found the effective user. */
  said: number;
  look: { readonly startedAt: number; readonly seen: Promise<Seen> } | null;
  signingIn: Promise<AppSession> | null;
  /** No sign-in is tried before then. */
  failed: { readonly until: number; readonly fault: Fault } | null;
  /** The request for which this generation was made, because the app said to it that nobody is signed in. */
  repeated: string | null;
  /** The newest generation that was given up because the app saw somebody else. */
  givenUp: number;
}

/** One for each impersonation and app. */
export interface Trusts {
  of(impersonation: string, app: string | null): Trust;
  forget(impersonation: string): void;
}

export function trusts(): Trusts {
  const all = new Map<string, Map<string | null, Trust>>();
  return {
    of(impersonation, app) {
      const apps = getOrInsert(all, impersonation, () => new Map());
      return getOrInsert(apps, app, none);
    },
    forget: (impersonation) => void all.delete(impersonation),
  };
}

function none(): Trust {
  return {
    generation: 0,
    lookedAt: null,
    cookies: "",
    doubtedAt: Number.NEGATIVE_INFINITY,
    unsafe: new Set(),
    sockets: new Map(),
    said: 0,
    look: null,
    signingIn: null,
    failed: null,
    repeated: null,
    givenUp: 0,
  };
}

/** What pages have said on sockets that are open, in bytes. */
export function saidOn({ sockets }: Pick<Trust, "sockets">): number {
  let said = 0;
  for (const bytes of sockets.values()) said += bytes();
  return said;
}

/** The cookies by which the app knows whom it sees; of them nothing can be read. */
export function printOf(cookies: readonly JarCookie[], app: string | null, kept: readonly string[]): string {
  const those = cookies.filter((it) => (it.app ?? null) === app && isNamed(it.name, kept));
  const lines = those.map(({ name, value, path, domain }) => JSON.stringify([name, value, path, domain]));
  return hash("sha256", lines.toSorted().join("\n"), "base64url");
}
