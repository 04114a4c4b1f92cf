import type { RawHeaders } from "../../../domain/raw-headers.ts";
import { Fault } from "../../../errors.ts";

/** How the body of a request is told from what follows it: there is none, so many bytes, or chunks. */
export type RequestFraming = "none" | "chunked" | number;

const METHOD = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const TARGET = /^(?:\/[\x21-\x7e\x80-\xff]*|\*)$/;
const NAME = METHOD;
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

/** Schemes that authenticate a connection instead of a request. */
const CONNECTION_SCHEME = /^\s*(?:ntlm|negotiate|nego2)\b/i;

/**
 * The bytes of a request's head as latin1 text; what `headers` say of its framing gives only the place for it. `authenticates`: it has
 * credentials that count for the whole connection (NTLM, Negotiate), and so for later requests on it. Throws a Fault for what would be read as
 * something else than this one request.
 */
export function requestHead(
  method: string,
  target: string,
  headers: RawHeaders,
  framing: RequestFraming,
): { readonly head: string; readonly authenticates: boolean } {
  if (method === "CONNECT") throw new Fault("bad-method", "CONNECT asks for a tunnel");
  if (!METHOD.test(method)) throw new Fault("bad-method", `${JSON.stringify(method)} is not a method`);
  if (!TARGET.test(target) || (target === "*" && method !== "OPTIONS"))
    throw new Fault("bad-request", `${JSON.stringify(target)} is not a path`);
  let head = `${method} ${target} HTTP/1.1\r\n`;
  let authenticates = false;
  let framed = false;
  for (let at = 0; at + 1 < headers.length; at += 2) {
    const name = headers[at] ?? "";
    const value = headers[at + 1] ?? "";
    if (!NAME.test(name) || !VALUE.test(value))
      throw new Fault("internal", `the header ${JSON.stringify(name)} can not be sent`);
    if (name.length === 13 && name.toLowerCase() === "authorization" && CONNECTION_SCHEME.test(value))
      authenticates = true;
    const kind = name.length === 14 || name.length === 17 ? framingNamed(name) : null;
    if (kind === null) head += `${name}: ${value}\r\n`;
    else if (!framed && kind === kindOf(framing)) {
      framed = true;
      head += `${name}: ${framing}\r\n`;
    }
  }
  if (framing === "chunked" && !framed) head += "Transfer-Encoding: chunked\r\n";
  else if (framing !== "none" && !framed) head += `Content-Length: ${framing}\r\n`;
  return { head: `${head}Connection: keep-alive\r\n\r\n`, authenticates };
}

function framingNamed(name: string): "length" | "chunked" | null {
  const lower = name.toLowerCase();
  if (lower === "content-length") return "length";
  return lower === "transfer-encoding" ? "chunked" : null;
}

function kindOf(framing: RequestFraming): "length" | "chunked" | "none" {
  return typeof framing === "number" ? "length" : framing;
}

/** Whether an answer asks for credentials that count for its connection. */
export function asksForConnection(status: number, headers: RawHeaders): boolean {
  if (status !== 401) return false;
  for (let at = 0; at + 1 < headers.length; at += 2) {
    const name = headers[at] ?? "";
    if (
      name.length === 16 &&
      name.toLowerCase() === "www-authenticate" &&
      CONNECTION_SCHEME.test(headers[at + 1] ?? "")
    )
      return true;
  }
  return false;
}
