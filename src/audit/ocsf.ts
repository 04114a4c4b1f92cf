import type { Written, WrittenPerson } from "./written.ts";

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
  "impersonation.ended": { uid: AUTHENTICATION, activity: 2, name: "Logoff" },
  "impersonation.elevated": { uid: USER_ACCESS, activity: 1, name: "Assign Privileges" },
  "impersonation.lowered": { uid: USER_ACCESS, activity: 2, name: "Revoke Privileges" },
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
  const { event, user, guise, http } = record;
  if (event.action.startsWith("journal.")) return null;
  const it = classOf(record);
  const customer = person(user?.effective);
  const switches = it.uid === AUTHENTICATION && it.activity === 7;
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
    user: it.uid === HTTP_ACTIVITY ? undefined : customer,
    ...(switches ? { account_switch_type_id: IMPERSONATE, account_switch_type: "Impersonate" } : {}),
    ...(it.uid === USER_ACCESS ? { privileges: [guise.mode ?? "write"] } : {}),
    ...(it.uid === ENTITY_MANAGEMENT ? { entity: { name: event.action, uid: guise.config } } : {}),
    session: it.uid === AUTHENTICATION ? session(record) : undefined,
    src_endpoint: record.source?.ip === undefined ? undefined : { ip: record.source.ip },
    http_request: requestOf(record),
    http_response:
      http?.response?.status_code === undefined
        ? undefined
        : { code: http.response.status_code, length: http.response.bytes },
    unmapped: { ...guise, effective_user: it.uid === HTTP_ACTIVITY ? customer : undefined },
  };
}

function classOf({ event, http }: Written): Class {
  const known = CLASSES[event.action];
  if (known !== undefined) return known;
  if (event.action.startsWith("consent."))
    return { uid: ENTITY_MANAGEMENT, activity: OTHER, name: event.action };
  const method = http?.request?.method ?? "";
  const at = METHODS.indexOf(method);
  return { uid: HTTP_ACTIVITY, activity: at > 0 ? at : OTHER, name: at > 0 ? method : "Other" };
}

function statusOf({ event, guise }: Written): object {
  const status = event.outcome === "success" ? 1 : event.outcome === "failure" ? 2 : 0;
  return { status_id: status, status_detail: guise.ending ?? guise.decision };
}

function metadata({ event, "@timestamp": at, trace }: Written): object {
  return {
    version: VERSION,
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
    url: { hostname: url?.domain, path: url?.path, query_string: url?.query },
  };
}

function person(it: WrittenPerson | undefined): object | undefined {
  if (it?.id === undefined) return undefined;
  const groups = it.roles?.map((name) => ({ name }));
  return { uid: it.id, name: it.name, email_addr: it.email, groups };
}
