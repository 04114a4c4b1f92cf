import type { Snapshot } from "../config/snapshot.ts";
import { parseCookies } from "../domain/cookies/cookie.ts";
import type { CallerFact, LoadedImpersonation, TargetFact } from "../domain/facts.ts";
import { Fault } from "../errors.ts";
import { secretOf } from "../gateway/audit/refused-before-decision.ts";
import type { CommandIo } from "./command.ts";
import { openSessions } from "./sessions/open.ts";

/** What a running gateway would find out about who sent a request, by the request itself. */
interface Live {
  readonly caller: CallerFact;
  readonly loaded: LoadedImpersonation;
  readonly target: TargetFact;
}

interface LiveOptions {
  readonly snapshot: Snapshot;
  readonly io: CommandIo;
  readonly config: string;
  readonly data: string | null;
  readonly host: string;
  /** The address that it comes from. */
  readonly peer: string;
  /** Names and values in turn. */
  readonly headers: readonly string[];
}

/** Asks the identity sources, the store (for the impersonation that its cookie opens) and the directory. */
export async function liveSession(options: LiveOptions): Promise<Live> {
  const lines = distinct(options.headers);
  const cookie = lines.cookie?.join("; ");
  const caller = await callerOf(options, lines, cookie ?? null);
  const { name, domain } = options.snapshot.settings.cookie;
  const secret = secretOf(cookie, name, domain);
  const loaded: LoadedImpersonation = secret === null ? { kind: "none" } : await recalled(options, secret);
  return { caller, loaded, target: await targetOf(options.snapshot, loaded) };
}

async function callerOf(
  { snapshot, host, peer }: LiveOptions,
  headers: Readonly<Record<string, readonly string[]>>,
  cookie: string | null,
): Promise<CallerFact> {
  const cookies: Record<string, string> = Object.create(null);
  for (const { name, value } of parseCookies(cookie)) cookies[name] ??= value;
  try {
    const answer = await snapshot.identity.identify({ headers, cookies, peer, host });
    return answer.kind === "known" ? { kind: "known", identity: answer.identity } : { kind: "unknown" };
  } catch (error) {
    return unavailable(error);
  }
}

async function recalled(options: LiveOptions, secret: string): Promise<LoadedImpersonation> {
  const sessions = await openSessions(options, options.io, { recording: false });
  try {
    return await sessions.impersonations.recall(secret);
  } catch (error) {
    return unavailable(error);
  } finally {
    await sessions.close();
  }
}

async function targetOf({ users }: Snapshot, loaded: LoadedImpersonation): Promise<TargetFact> {
  if (users === null || loaded.kind !== "found") return { kind: "recorded" };
  try {
    const identity = await users.find(loaded.impersonation.effectiveUser.id);
    return identity === null ? { kind: "gone" } : { kind: "known", identity };
  } catch (error) {
    return unavailable(error);
  }
}

function unavailable(error: unknown): { readonly kind: "unavailable" } {
  if (!(error instanceof Fault)) throw error;
  return { kind: "unavailable" };
}

/** Header lines by lower-case name. */
export function distinct(headers: readonly string[]): Readonly<Record<string, readonly string[]>> {
  const lines: Record<string, string[]> = Object.create(null);
  for (let at = 0; at + 1 < headers.length; at += 2) {
    const name = (headers[at] ?? "").toLowerCase();
    const values = lines[name] ?? [];
    lines[name] = [...values, headers[at + 1] ?? ""];
  }
  return lines;
}
