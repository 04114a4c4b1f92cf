import type { AuditAction, AuditEvent, Captured } from "../../domain/audit-event.ts";
import type { Identity } from "../../domain/identity.ts";
import { hostOf } from "../../domain/routing/host.ts";
import { withoutJwt } from "./nested-secrets.ts";
import type { Redact } from "./redact.ts";

/** What stands in a record besides the event itself. */
interface RecordContext {
  /** Monotonic ms, so that an order can be told although the wall clock was moved. */
  readonly monotonic: number;
  /** Takes secrets out of query strings, forms, headers, paths and what people wrote. */
  readonly redact: Redact;
}

/** ECS `event.category` and `event.type` of every action. */
const KINDS: Readonly<Record<AuditAction, readonly [category: string, type: string]>> = {
  "impersonation.started": ["session", "start"],
  "impersonation.refused": ["authentication", "info"],
  "impersonation.not-started": ["authentication", "info"],
  "impersonation.ended": ["session", "end"],
  "impersonation.elevated": ["session", "info"],
  "impersonation.lowered": ["session", "info"],
  "impersonation.intent": ["web", "access"],
  "impersonation.progress": ["web", "access"],
  "impersonation.outcome": ["web", "access"],
  "impersonation.denied": ["web", "access"],
  "consent.asked": ["iam", "info"],
  "consent.granted": ["iam", "change"],
  "consent.refused": ["iam", "info"],
  "consent.withdrawn": ["iam", "change"],
  "consent.lapsed": ["iam", "info"],
  "consent.used": ["iam", "info"],
  "consent.opted-out": ["iam", "change"],
  "consent.opted-in": ["iam", "change"],
  "consent.changed": ["configuration", "change"],
  "access.noticed": ["iam", "info"],
  "help.asked": ["iam", "info"],
  "start-link.made": ["iam", "creation"],
  "start-link.used": ["iam", "info"],
  "start-link.refused": ["iam", "info"],
  "sign-in.performed": ["authentication", "start"],
  "sign-in.failed": ["authentication", "info"],
  "sign-in.ended": ["authentication", "end"],
  "impersonation.switched-off": ["configuration", "change"],
  "impersonation.switched-on": ["configuration", "change"],
  "agent.blocked": ["iam", "change"],
  "agent.unblocked": ["iam", "change"],
  "threshold.passed": ["iam", "info"],
  "audit.read": ["iam", "info"],
  "config.loaded": ["configuration", "change"],
  "config.rejected": ["configuration", "info"],
  "key.rotated": ["configuration", "change"],
};

/** The most UTF-16 units that are kept of a field; what is longer is cut and named in `guise.truncated`. */
const CAPS = {
  id: 256,
  name: 256,
  path: 2048,
  query: 2048,
  agent: 512,
  text: 1024,
  group: 128,
  header: 512,
  body: 4096,
  check: 200,
} as const;
/** The version of the Elastic Common Schema that the names are of; every event has to say it. */
export const ECS = { version: "8.11.0" } as const;
const MOST_GROUPS = 50;
const NANOSECONDS = 1_000_000;

/**
 * One event in the names of the Elastic Common Schema, as a draft of a line: `event.sequence` is 0 and the chain is
 * missing; `seal` puts both in. No secret, no control character and no field without a bound gets through.
 */
export function draft(event: AuditEvent, context: RecordContext): string {
  const cut: string[] = [];
  const { request, response, decision, impersonation } = event;
  const body = {
    "@timestamp": iso(event.at),
    event: eventPart(event, context, cut),
    ecs: ECS,
    message: words("message", event.detail, context, cut),
    user: userPart(event, cut),
    related: relatedPart(event),
    http: httpPart(event, context, cut),
    url: urlPart(event, context, cut),
    source: request === null ? undefined : { ip: request.ip },
    user_agent:
      request === null || request.userAgent === null
        ? undefined
        : { original: cap("user_agent.original", withoutJwt(request.userAgent), CAPS.agent, cut) },
    trace: request?.trace == null ? undefined : { id: cap("trace.id", request.trace, CAPS.id, cut) },
    guise: {
      monotonic: Math.round(context.monotonic),
      impersonation: impersonation?.id,
      mode: impersonation?.mode,
      write_until: impersonation?.writeUntil === undefined ? undefined : iso(impersonation.writeUntil),
      navigation: request?.navigation,
      app: event.app,
      route: cap("guise.route", decision?.route ?? null, CAPS.path, cut),
      rule: decision?.rule ?? undefined,
      decision: decision?.word,
      via: decision?.via ?? undefined,
      config: event.config ?? undefined,
      consent: consentPart(event, cut),
      intent: event.intent ?? undefined,
      ending: response?.ending ?? undefined,
      withheld: response?.withheld,
      checks: checksPart(event, cut),
      truncated: cut.length === 0 ? undefined : cut,
    },
  };
  return printable(JSON.stringify(body));
}

function eventPart(event: AuditEvent, context: RecordContext, cut: string[]): object {
  const [category, type] = KINDS[event.action];
  const { impersonation, span, response } = event;
  const duration = span === null ? response?.duration : span.end - span.start;
  return {
    // First, so that it can be found without reading the whole line.
    sequence: 0,
    id: event.id,
    kind: "event",
    category: [category],
    type: [type],
    action: event.action,
    outcome: event.outcome,
    reason: words("event.reason", impersonation?.reason ?? event.consent?.reason ?? null, context, cut),
    reference: words("event.reference", impersonation?.ticket ?? event.consent?.ticket ?? null, context, cut),
    start: span === null ? undefined : iso(span.start),
    end: span === null ? undefined : iso(span.end),
    duration: duration === undefined ? undefined : Math.round(duration * NANOSECONDS),
  };
}

/** The whole consent for an event about a consent; only its id for what is done under one. */
function consentPart({ consent, impersonation }: AuditEvent, cut: string[]): object | undefined {
  const used = impersonation?.consent;
  if (consent === undefined)
    return used && { id: used.id, ...(used.breakGlass ? { origin: "break-glass" } : {}) };
  const { id, origin, cause, type, scope, answerBy, until, answeredBy, impersonation: bound } = consent;
  const { location, retention, longest } = consent;
  return {
    id,
    origin,
    cause,
    type,
    scope: cap("guise.consent.scope", scope, CAPS.text, cut),
    location: cap("guise.consent.location", location, CAPS.text, cut),
    retention: retention ?? undefined,
    longest,
    answer_by: iso(answerBy),
    until: until === null ? undefined : iso(until),
    answered_by: cap("guise.consent.answered_by", answeredBy, CAPS.id, cut),
    impersonation: bound ?? undefined,
  };
}

function userPart({ trueUser, effectiveUser, target }: AuditEvent, cut: string[]): object | undefined {
  if (trueUser === null && effectiveUser === null) return undefined;
  return {
    ...(trueUser === null ? {} : person(trueUser, "user", cut)),
    effective: effectiveUser === null ? undefined : person(effectiveUser, "user.effective", cut),
    target: target === undefined ? undefined : person(target, "user.target", cut),
  };
}

function person(it: Identity, field: string, cut: string[]): object {
  const groups = it.groups ?? [];
  if (groups.length > MOST_GROUPS) cut.push(`${field}.roles`);
  return {
    id: cap(`${field}.id`, it.id, CAPS.id, cut),
    name: cap(`${field}.name`, it.name, CAPS.name, cut),
    email: cap(`${field}.email`, it.email, CAPS.name, cut),
    roles:
      it.groups === null
        ? undefined
        : groups.slice(0, MOST_GROUPS).map((group) => cap(`${field}.roles`, group, CAPS.group, cut)),
  };
}

function relatedPart({ trueUser, effectiveUser, target }: AuditEvent): object | undefined {
  const ids = [trueUser, effectiveUser, target ?? null].flatMap((it) =>
    it === null ? [] : [it.id.slice(0, CAPS.id)],
  );
  return ids.length === 0 ? undefined : { user: [...new Set(ids)] };
}

function httpPart(
  { request, response, captured }: AuditEvent,
  { redact }: RecordContext,
  cut: string[],
): object | undefined {
  if (request === null && response === null) return undefined;
  return {
    request:
      request === null
        ? undefined
        : {
            id: cap("http.request.id", request.id, CAPS.id, cut),
            method: request.method,
            bytes: request.bytes ?? undefined,
            headers: headersPart(captured?.headers ?? [], redact, cut),
            body: bodyPart(captured?.form ?? null, redact, cut),
          },
    response:
      response === null ? undefined : { status_code: response.status ?? undefined, bytes: response.bytes },
  };
}

function headersPart(headers: Captured["headers"], redact: Redact, cut: string[]): object | undefined {
  if (headers.length === 0) return undefined;
  const written = headers.map(([name, value]) => {
    return [name, cap(`http.request.headers.${name}`, redact(value, name), CAPS.header, cut)];
  });
  return Object.fromEntries(written);
}

function bodyPart(form: Captured["form"], redact: Redact, cut: string[]): object | undefined {
  if (form === null) return undefined;
  const field = "http.request.body.content";
  if (!form.whole) cut.push(field);
  return { content: cap(field, redact(form.fields), CAPS.body, cut) };
}

/** The checks of the decision, one line each; the check at which it stopped begins with `no:`. */
function checksPart({ decision }: AuditEvent, cut: string[]): readonly (string | undefined)[] | undefined {
  if (decision?.checks === undefined) return undefined;
  return decision.checks.map(({ name, passed, saw }) =>
    cap("guise.checks", `${passed ? "yes" : "no"}: ${name}: ${saw}`, CAPS.check, cut),
  );
}

function urlPart({ request }: AuditEvent, { redact }: RecordContext, cut: string[]): object | undefined {
  if (request === null) return undefined;
  const reading = hostOf(request.host);
  const { host, port } = reading.kind === "host" ? reading : { host: request.host, port: null };
  return {
    domain: cap("url.domain", host, CAPS.id, cut),
    port: port ?? undefined,
    path: cap("url.path", redact(request.path, ":path"), CAPS.path, cut),
    query: cap("url.query", request.query === null ? null : redact(request.query), CAPS.query, cut),
  };
}

/** What a person wrote, which may be an address with a secret in it. */
function words(
  field: string,
  text: string | null,
  { redact }: RecordContext,
  cut: string[],
): string | undefined {
  return cap(field, text === null ? null : redact(text, ""), CAPS.text, cut);
}

function cap(field: string, text: string | null, most: number, cut: string[]): string | undefined {
  if (text === null) return undefined;
  if (text.length <= most) return text;
  if (!cut.includes(field)) cut.push(field);
  return text.slice(0, most).toWellFormed();
}

function iso(at: number): string {
  return new Date(at).toISOString();
}

/** JSON escapes the controls below U+0020; these hide or turn text around, or end a line for some readers. */
const UNPRINTABLE = /[\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g;

/** JSON with all invisible characters escaped. */
export function printable(json: string): string {
  return json.replace(UNPRINTABLE, (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
