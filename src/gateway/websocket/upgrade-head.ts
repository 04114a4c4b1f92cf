import { validateHeaderName, validateHeaderValue } from "node:http";
import { firstValue, type RawHeaders, without } from "../../domain/raw-headers.ts";
import type { UpstreamHead } from "../http/exchange.ts";

/** What we say ourselves about connection and framing. */
const OURS: ReadonlySet<string> = new Set([
  "connection",
  "upgrade",
  "transfer-encoding",
  "content-length",
  "keep-alive",
  "expect",
]);
const isOurs = (name: string): boolean => OURS.has(name.toLowerCase());

const SWITCH = ["Connection", "Upgrade", "Upgrade", "websocket"] as const;

/** The headers of a request or an answer that switches to WebSocket. */
export function switching(headers: RawHeaders): string[] {
  return [...without(headers, isOurs), ...SWITCH];
}

/** How an answer's body is told from what follows: by its length, by chunks, or there is none. */
export type BodyFraming = "length" | "chunks" | "none";

/** The head of an answer that is no switch, on a connection that ends with it. */
export function closingHead(head: UpstreamHead): Buffer {
  const headers = [...without(head.headers, isOurs), "Connection", "close"];
  const length = firstValue(head.headers, "content-length");
  const framing = bodyFraming(head);
  if (framing === "chunks") headers.push("Transfer-Encoding", "chunked");
  if (framing === "length" && length !== null) headers.push("Content-Length", length);
  return headBytes(head.status, head.message, headers);
}

/** How the body of this answer to a GET is told from what follows. */
export function bodyFraming(head: UpstreamHead): BodyFraming {
  if (head.status === 204 || head.status === 304) return "none";
  return firstValue(head.headers, "content-length") === null ? "chunks" : "length";
}

/** The bytes of a head. Throws a TypeError for a field that would break it. */
export function headBytes(status: number, message: string, headers: RawHeaders): Buffer {
  let text = `HTTP/1.1 ${status} ${message}\r\n`;
  for (let at = 0; at + 1 < headers.length; at += 2) {
    const name = headers[at] ?? "";
    const value = headers[at + 1] ?? "";
    validateHeaderName(name);
    validateHeaderValue(name, value);
    text += `${name}: ${value}\r\n`;
  }
  return Buffer.from(`${text}\r\n`, "latin1");
}
