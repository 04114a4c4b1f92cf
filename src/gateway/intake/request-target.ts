import type { Settings } from "../../config/snapshot.ts";
import { absoluteForm, canonicalUrl, URL_REFUSALS } from "../../domain/routing/canonical-url.ts";
import { Fault } from "../../errors.ts";
import type { Address } from "../request.ts";

/** The target of a request, marks of ours gone from it, and what they said. */
export interface RequestTarget extends Address {
  /** What marks a yes to a question of ours, as it came. */
  readonly confirming: string | null;
  readonly tab: string | null;
}

/** What is known of a request besides its target. */
interface Asking {
  readonly method: string;
  readonly authority: string;
  /** It carries something of ours that says that somebody is impersonated. */
  readonly judged: boolean;
  /** It is judged by that alone, and a look into the store tells whether it is ours or only looks like it. */
  readonly byCookie: boolean;
  /** Routes may be asked about it. */
  readonly opens: boolean;
  /** Its `Host` is empty: the app would get another one than is judged. */
  readonly unnamed: boolean;
}

/** What no target may hold, of own traffic neither. */
const NEVER = /[\0-\x20\x7f#]/;

/**
 * Reads the target of a request. Own traffic is nobody's to judge: it goes on byte for byte, and is read only where a route could
 * match. What is judged has one reading; throws a Fault for what hasn't, and for what isn't of this origin.
 */
export function requestTarget(sent: string, asking: Asking, settings: Settings): RequestTarget {
  const asSent = originForm(sent, asking);
  if (NEVER.test(asSent))
    throw new Fault("bad-request", "the address has a `#`, a control character or a space");
  const near = isNearPrefix(asSent, settings.prefix);
  if (!asking.judged && !near && !asking.opens) return unread(asSent);
  const url = canonicalUrl(asSent, settings.urlLimits);
  if (url.kind === "refused" || (asking.judged && asking.unnamed)) {
    const why = url.kind === "refused" ? URL_REFUSALS[url.why] : "the Host header is empty";
    const ours = near && isBelow(loosely(asSent), settings.prefix);
    if (ours || (asking.judged && !asking.byCookie)) throw new Fault("bad-request", why);
    return asking.judged ? { ...unread(asSent), judged: true, unclear: why } : unread(asSent);
  }
  const ours = isBelow(url.path, settings.prefix);
  if (!asking.judged && !ours) return told(asSent, url, true);
  const read = withoutMarks(url.path, url.query, url.target);
  return { ...read, asSent: read.target, readable: true, judged: true, unclear: null, ours };
}

/** Origin form, `*`, or absolute form of the very host that `Host` names; everything else could be another origin's. */
function originForm(sent: string, { method, authority, judged, byCookie }: Asking): string {
  if (method === "TRACE" || method === "CONNECT")
    throw new Fault("bad-request", `${method} is not passed on`);
  if (sent.startsWith("/")) return sent;
  if (sent === "*" && method === "OPTIONS" && (!judged || byCookie)) return sent;
  const absolute = absoluteForm(sent);
  if (absolute === null) throw new Fault("bad-request", URL_REFUSALS["not-a-path"]);
  if (absolute.authority.toLowerCase() !== authority.toLowerCase())
    throw new Fault("bad-request", "the address names another host than the Host header");
  return absolute.rest;
}

function unread(asSent: string): RequestTarget {
  const mark = asSent.indexOf("?");
  const path = mark < 0 ? asSent : asSent.slice(0, mark);
  const query = mark < 0 ? null : asSent.slice(mark + 1);
  return told(asSent, { path, query, target: asSent }, false);
}

const OWN = Object.freeze({ judged: false, unclear: null, ours: false });

/** Own traffic with what can be read in it. */
function told(
  asSent: string,
  url: Pick<RequestTarget, "path" | "query" | "target">,
  readable: boolean,
): RequestTarget {
  const { path, query, target, confirming, tab } = withoutMarks(url.path, url.query, url.target);
  return { asSent, target, path, query, readable, ...OWN, confirming, tab };
}

/** Whether a target can be below the prefix in some reading; most are told apart by their second character. */
function isNearPrefix(target: string, prefix: string): boolean {
  const second = target[1];
  return second === prefix[1] || second === "%" || second === "/" || second === "\\";
}

/** Whether a path is the reserved prefix or below it. */
export function isBelow(path: string, prefix: string): boolean {
  return path === prefix || path.startsWith(`${prefix}/`);
}

/** The path of a target that has no one reading, as a careless server may read its beginning. */
function loosely(target: string): string {
  return (target.split("?", 1)[0] ?? "")
    .replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
    .replace(/[/\\]+/g, "/");
}

/** What the page that asks adds to the address that it asks about: signed, so that no other parameter is taken for it. The app never sees it. */
export const CONFIRMING = "_guise_confirm";

/** Ours are the last of a query: the yes to a question, or the tab of what can carry no header (a socket, a beacon). */
const MARK = /(?:^|&)(?:_guise_confirm=([\w.-]{40,200})|_guise_tab=([\w-]{1,64}(?:\.idle)?))$/;

type Marked = Pick<RequestTarget, "target" | "path" | "query" | "confirming" | "tab">;

function withoutMarks(path: string, query: string | null, target: string): Marked {
  const mark = query === null || !query.includes("_guise_") ? null : MARK.exec(query);
  if (mark === null) return { path, query, target, confirming: null, tab: null };
  const before = query?.slice(0, mark.index) || null;
  const [, confirming = null, tab = null] = mark;
  const rest = before === null ? path : `${path}?${before}`;
  return { path, query: before, target: rest, confirming, tab };
}
