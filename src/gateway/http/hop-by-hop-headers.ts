import type { RawHeaders } from "../../domain/raw-headers.ts";
import type { UpstreamHead } from "./exchange.ts";

/** Fields that are between two neighbours and go no further (RFC 9110 7.6.1), with those that only a first proxy reads. */
const HOP_NAMES: ReadonlySet<string> = new Set([
  "connection",
  "keep-alive",
  "proxy-connection",
  "proxy-authenticate",
  "proxy-authorization",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
  "http2-settings",
]);

/** Dropped from requests: `100 Continue` is answered by us. */
const REQUEST_NAMES: ReadonlySet<string> = new Set([...HOP_NAMES, "expect"]);

/** Kept in the client's place and spelling; the transport writes what the body really has. */
const FRAMING: ReadonlySet<string> = new Set(["content-length", "transfer-encoding"]);

/** What a `Connection` header can't make us drop. */
const UNSTRIPPABLE: ReadonlySet<string> = new Set(["host", "cookie", "content-length", "transfer-encoding"]);

/** Most names are none of ours by their length alone, and so need no lower-casing. */
const REQUEST_LENGTHS = lengths([...REQUEST_NAMES, ...FRAMING]);
const ANSWER_LENGTHS = lengths([...HOP_NAMES, "content-type", "content-length"]);

/**
 * A client's headers without those that concern only our connection with it: hop-by-hop fields, and what `Connection` names.
 * Ours are added after this, so a client can't have them stripped.
 * `drop` is asked about every other name, in lower case.
 */
export function requestHeaders(raw: RawHeaders, drop: ((name: string) => boolean) | null = null): RawHeaders {
  const kept: string[] = [];
  let named: string | null = null;
  for (let at = 0; at + 1 < raw.length; at += 2) {
    const name = raw[at] ?? "";
    const value = raw[at + 1] ?? "";
    if (REQUEST_LENGTHS[name.length] === true || drop !== null) {
      const lower = name.toLowerCase();
      if (lower === "connection") named = named === null ? value : `${named},${value}`;
      if (!FRAMING.has(lower) && (REQUEST_NAMES.has(lower) || drop?.(lower) === true)) continue;
    }
    kept.push(name, value);
  }
  return withoutNamed(kept, named);
}

/**
 * Takes from the head of an answer what goes no further. Its framing has one reading: the parser saw to that. `events`: its body is a stream
 * of events, which may be silent for long.
 */
export function answerHead(
  status: number,
  message: string,
  raw: RawHeaders,
): { readonly head: UpstreamHead; readonly events: boolean } {
  const headers: string[] = [];
  let named: string | null = null;
  let events = false;
  for (let at = 0; at + 1 < raw.length; at += 2) {
    const name = raw[at] ?? "";
    const value = raw[at + 1] ?? "";
    if (ANSWER_LENGTHS[name.length] === true) {
      const lower = name.toLowerCase();
      if (lower === "connection") named = named === null ? value : `${named},${value}`;
      if (lower === "content-type") events = /^\s*text\/event-stream/i.test(value);
      // A client that believes a length where no body can be would take the next answer for it.
      if (HOP_NAMES.has(lower) || (lower === "content-length" && status === 204)) continue;
    }
    headers.push(name, value);
  }
  return { head: { status, message, headers: withoutNamed(headers, named) }, events };
}

/** Takes out what the value of `Connection` names. */
function withoutNamed(headers: RawHeaders, connection: string | null): RawHeaders {
  if (connection === null || connection === "keep-alive" || connection === "close") return headers;
  const names = new Set<string>();
  for (const part of connection.split(",")) {
    const name = part.trim().toLowerCase();
    if (name !== "" && !UNSTRIPPABLE.has(name)) names.add(name);
  }
  const kept: string[] = [];
  for (let at = 0; at + 1 < headers.length; at += 2) {
    const name = headers[at] ?? "";
    if (!names.has(name.toLowerCase())) kept.push(name, headers[at + 1] ?? "");
  }
  return kept;
}

function lengths(names: readonly string[]): readonly boolean[] {
  const known = new Array<boolean>(32).fill(false);
  for (const name of names) known[name.length] = true;
  return known;
}
