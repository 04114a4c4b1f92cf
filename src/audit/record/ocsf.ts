import type { Written, WrittenPerson } from "./parse.ts";

/** OCSF's version that the events are written in. */
const VERSION = "1.6.0";

interface Class {
  /** `class_uid`, of which the first digit is the category, and `activity_id`. */
  readonly uid: number;
  readonly activity: number;
  readonly name: string;
}

const AUTHENTICATION = 3002;
const ENTITY_MANAGEMENT = 3004;
const USER_ACCESS = 3005;
const HTTP_ACTIVITY = 4002;
const OTHER = 99;

const CLASSES: Readonly<Record<string, Class>> = {
  "impersonation.started": { uid: AUTHENTICATION, activity: 7, name: "Account Switch" },
  "impersonation.refused": { uid: AUTHENTICATION, activity: 7, name: "Account Switch" },
  "impersonation.not-started": { uid: AUTHENTICATION, activity: 7, name: "Account Switch" },
  "impersonation.ended": { uid: AUTHENTICATION, activity: 2, name: "Logoff" },
  "impersonation.elevated": { uid: USER_ACCESS, activity: 1, name: "Assign Privileges" },
  "impersonation.lowered": { uid: USER_ACCESS, activity: 2, name: "Revoke Privileges" },
  "sign-in.performed": { uid: AUTHENTICATION, activity: 1, name: "Logon" },
  "sign-in.failed": { uid: AUTHENTICATION, activity: 1, name: "Logon" },
  "sign-in.ended": { uid: AUTHENTICATION, activity: 2, name: "Logoff" },
  "impersonation.switched-off": { uid: ENTITY_MANAGEMENT, activity: 3, name: "Update" },
  "impersonation.switched-on": { uid: ENTITY_MANAGEMENT, activity: 3, name: "Update" },
  "agent.blocked": { uid: ENTITY_MANAGEMENT, activity: 3, name: "Update" },
  "agent.unblocked": { uid: ENTITY_MANAGEMENT, activity: 3, name: "Update" },
  "help.asked": { uid: ENTITY_MANAGEMENT, activity: 1, name: "Create" },
  "start-link.made": { uid: ENTITY_MANAGEMENT, activity: 1, name: "Create" },
  "start-link.used": { uid: ENTITY_MANAGEMENT, activity: 2, name: "Read" },
  "start-link.refused": { uid: ENTITY_MANAGEMENT, activity: 2, name: "Read" },
  "threshold.passed": { uid: ENTITY_MANAGEMENT, activity: 99, name: "Other" },
  "audit.read": { uid: ENTITY_MANAGEMENT, activity: 2, name: "Read" },
  "config.loaded": { uid: ENTITY_MANAGEMENT, activity: 3, name: "Update" },
  "config.rejected": { uid: ENTITY_MANAGEMENT, activity: 3, name: "Update" },
  "key.rotated": { uid: ENTITY_MANAGEMENT, activity: 3, name: "Update" },
};

const METHODS = ["", "CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "POST", "PUT", "TRACE"];
const IMPERSONATE = 2;

/**
 * One record as an event of the Open Cybersecurity Schema Framework: starts and ends are Authentication, requests HTTP Activity,
 * changes of what may be done User Access Management, the rest Entity Management. Null for the journal's own marks.
 */
export function ocsfOf(record: Written): object | null {
  const { event, user, http } = record;
  if (event.action.startsWith("journal.")) return null;
  const it = classOf(record);
  return {
    class_uid: it.uid,
    category_uid: Math.floor(it.uid / 1000),
    activity_id: it.activity,
    activity_name: it.name,
    type_uid: it.uid * 100 + it.activity,
    time: Date.parse(record["@timestamp"]),
    duration: event.duration === undefined ? undefined : Math.round(event.duration / 1e6),
    severity_id: 1,
    ...statusOf(record),
    message: record.message,
    metadata: metadata(record),
    actor: user?.id === undefined ? undefined : { user: person(user), session: session(record) },
    ...classAttributes(record, it),
    src_endpoint: record.source?.ip === undefined ? undefined : { ip: record.source.ip },
    http_request: requestOf(record),
    http_response:
      http?.response?.status_code === undefined
        ? undefined
        : { code: http.response.status_code, length: http.response.bytes },
    unmapped: unmapped(record, it),
  };
}

/** What only its class has, and must have. */
function classAttributes(record: Written, { uid, activity }: Class): object {
  const { event, user, guise, url } = record;
  // Who was meant is asked for; of a refusal it may be all that nobody knows.
  const customer = person(user?.effective) ?? { name: "unknown" };
  const dst_endpoint = url?.domain === undefined ? undefined : { hostname: url.domain, port: url.port };
  switch (uid) {
    case AUTHENTICATION:
      return {
        user: customer,
        session: session(record),
        service: { name: "Guise" },
        dst_endpoint,
        ...(activity === 7
          ? { account_switch_type_id: IMPERSONATE, account_switch_type: "Impersonate" }
          : {}),
      };
    case USER_ACCESS:
      return { user: customer, privileges: [guise.mode ?? "write"] };
    case ENTITY_MANAGEMENT:
      return { entity: { name: event.action, uid: guise.config }, comment: event.reason };
    default:
      return { dst_endpoint };
  }
}

/** What has no field there: our own names, why the agent came, and, where a class has no user, which customer was viewed. */
function unmapped({ guise, event, user }: Written, { uid }: Class): object {
  const has = uid === AUTHENTICATION || uid === USER_ACCESS;
  return {
    ...guise,
    reason: event.reason,
    ticket: event.reference,
    effective_user: has ? undefined : person(user?.effective),
    target: person(user?.target),
  };
}

function classOf({ event, http }: Written): Class {
  const known = CLASSES[event.action];
  if (known !== undefined) return known;
  if (event.action.startsWith("consent.") || event.action === "access.noticed")
    return { uid: ENTITY_MANAGEMENT, activity: OTHER, name: event.action };
  const method = http?.request?.method ?? "";
  const at = METHODS.indexOf(method);
  if (at <= 0) return { uid: HTTP_ACTIVITY, activity: OTHER, name: method };
  return { uid: HTTP_ACTIVITY, activity: at, name: `${method.slice(0, 1)}${method.slice(1).toLowerCase()}` };
}

function statusOf({ event, guise }: Written): object {
  const status = event.outcome === "success" ? 1 : event.outcome === "failure" ? 2 : 0;
  return { status_id: status, status_detail: guise.ending ?? guise.decision };
}

function metadata({ event, "@timestamp": at, trace }: Written): object {
  return {
    version: VERSION,
    // The profile that gives every class an actor.
    profiles: ["host"],
    product: { name: "Guise", vendor_name: "Guise" },
    uid: event.id,
    sequence: event.sequence,
    event_code: event.action,
    original_time: at,
    correlation_uid: trace?.id,
  };
}

/** The impersonation as a session of the web app; its reason and ticket are in the words of the agent. */
function session({ event, guise }: Written): object | undefined {
  if (guise.impersonation === undefined) return undefined;
  return {
    uid: guise.impersonation,
    created_time: event.start === undefined ? undefined : Date.parse(event.start),
    expiration_reason: event.end === undefined ? undefined : guise.decision,
    issuer: "Guise",
    uid_alt: event.reference,
  };
}

function requestOf({ http, url, user_agent }: Written): object | undefined {
  if (http?.request === undefined) return undefined;
  return {
    uid: http.request.id,
    http_method: http.request.method,
    length: http.request.bytes,
    user_agent: user_agent?.original,
    url: { hostname: url?.domain, port: url?.port, path: url?.path, query_string: url?.query },
  };
}

function person(it: WrittenPerson | undefined): object | undefined {
  if (it?.id === undefined) return undefined;
  const groups = it.roles?.map((name) => ({ name }));
  return { uid: it.id, name: it.name, email_addr: it.email, groups };
}
