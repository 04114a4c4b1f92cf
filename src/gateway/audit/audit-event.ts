import type { AuditAction, AuditEvent, Captured } from "../../domain/audit-event.ts";
import type { Identity } from "../../domain/identity.ts";
import { type Impersonation, modeAt, recordedEnd, writesUntil } from "../../domain/impersonation.ts";
import { isFramed } from "../intake/fetch-metadata.ts";
import type { Judged, Received } from "../request.ts";
import type { Services } from "../services/services.ts";
import { traceIdOf } from "../services/tracing.ts";

/** What an event says beyond the request it belongs to. */
export interface Saying {
  readonly action: AuditAction;
  readonly outcome: AuditEvent["outcome"];
  readonly trueUser: Identity | null;
  readonly effectiveUser: Identity | null;
  readonly target?: Identity | null;
  readonly impersonation: Impersonation | null;
  readonly decision?: AuditEvent["decision"];
  readonly response?: AuditEvent["response"];
  readonly captured?: Captured;
  readonly intent?: string | null;
  readonly detail?: string | null;
}

/** For what is about nobody. */
export const NOBODY = { trueUser: null, effectiveUser: null, impersonation: null } as const;

/** An impersonation and its two people, as they were at its start. */
export function bothOf(impersonation: Impersonation) {
  return { trueUser: impersonation.agent, effectiveUser: impersonation.effectiveUser, impersonation };
}

/** One event with its id and time; `received` is null for what no request caused. */
export function eventOf(
  services: Pick<Services, "clock" | "config" | "newId">,
  received: Received | null,
  saying: Saying,
): AuditEvent {
  const now = services.clock.now();
  const { impersonation } = saying;
  const writeUntil = impersonation && writesUntil(impersonation, now);
  const app = received?.snapshot.settings.app ?? null;
  return {
    id: services.newId(),
    at: now,
    action: saying.action,
    outcome: saying.outcome,
    trueUser: saying.trueUser,
    effectiveUser: saying.effectiveUser,
    ...(saying.target ? { target: saying.target } : {}),
    impersonation: impersonation && {
      id: impersonation.id,
      mode: modeAt(impersonation, now),
      ...(writeUntil === null ? {} : { writeUntil }),
      reason: impersonation.reason,
      ticket: impersonation.ticket,
      ...(impersonation.consent ? { consent: impersonation.consent } : {}),
    },
    ...(app === null ? {} : { app }),
    request: received && requestOf(received),
    ...(saying.captured === undefined ? {} : { captured: saying.captured }),
    response: saying.response ?? null,
    decision: saying.decision ?? null,
    config: (received?.snapshot ?? services.config.current()).digest,
    span: spanOf(saying),
    intent: saying.intent ?? null,
    detail: saying.detail ?? null,
  };
}

/** The word, route and rule of a decision, as the record names them. */
export function decisionOf(judged: Judged): NonNullable<AuditEvent["decision"]> {
  return {
    word: judged.decision.reason,
    route: judged.match.route?.target.pattern ?? null,
    rule: judged.ruling.rule?.name ?? null,
    via: judged.caller.via,
  };
}

function spanOf({ action, impersonation }: Saying): AuditEvent["span"] {
  const end = recordedEnd(impersonation);
  if (action !== "impersonation.ended" || impersonation === null || end === null) return null;
  return { start: impersonation.startedAt, end: end.at };
}

function requestOf(received: Received): NonNullable<AuditEvent["request"]> {
  const { headers } = received.raw;
  const length = Number(headers["content-length"]);
  return {
    id: received.id,
    method: received.sent,
    path: recordedPath(received.url.path, received.snapshot.settings.prefix),
    query: received.snapshot.settings.audit.capture.query ? received.url.query : null,
    host: received.site.authority,
    bytes: Number.isSafeInteger(length) ? length : null,
    ip: received.client.ip,
    userAgent: headers["user-agent"] ?? null,
    trace: traceIdOf(received),
    navigation: received.navigation.wantsPage && !isFramed(headers),
  };
}

/** The path without the secret of a program's link, which may still count. */
export function recordedPath(path: string, prefix: string): string {
  const link = `${prefix}/go/`;
  return path.startsWith(link) ? `${link}[redacted]` : path;
}

/** Records what has happened without keeping anybody waiting; what can't be recorded is in the log. Never rejects. */
export async function recordAside(
  { ledger, log }: Pick<Services, "ledger" | "log">,
  event: AuditEvent,
  what: string,
): Promise<void> {
  try {
    await ledger.record(event);
  } catch (error) {
    log.error({ err: error, event }, `${what} could not be recorded`);
  }
}
