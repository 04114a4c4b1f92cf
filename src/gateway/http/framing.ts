import type { IncomingMessage } from "node:http";
import { Fault } from "../../errors.ts";
import type { RequestFraming } from "./client/request-head.ts";

/**
 * What is wrong with a request's framing that node's parser accepts; null for a request with one reading. Parsers that disagree about the end
 * of a body see different next requests (request smuggling), so only plain framing is accepted.
 */
export function framingFault(request: Pick<IncomingMessage, "headers" | "httpVersion">): Fault | null {
  const coding = request.headers["transfer-encoding"];
  const length = request.headers["content-length"];
  if (request.httpVersion !== "1.1" && request.httpVersion !== "1.0")
    return new Fault("bad-request", `HTTP/${request.httpVersion} is not spoken here`);
  if (length !== undefined && !(/^(?:0|[1-9]\d*)$/.test(length) && Number.isSafeInteger(Number(length)))) {
    return new Fault("bad-request", `Content-Length is ${JSON.stringify(length)}`);
  }
  if (coding === undefined) return null;
  if (length !== undefined)
    return new Fault("bad-request", "Content-Length and Transfer-Encoding both say where the body ends");
  if (request.httpVersion !== "1.1")
    return new Fault("bad-request", `Transfer-Encoding in HTTP/${request.httpVersion}`);
  if (coding.toLowerCase() !== "chunked")
    return new Fault("bad-request", `Transfer-Encoding is ${JSON.stringify(coding)}`);
  return null;
}

/** How the client frames its body. Any method may have one; call it only where `framingFault` found nothing. */
export function framingOf(request: Pick<IncomingMessage, "headers">): RequestFraming {
  if (request.headers["transfer-encoding"] !== undefined) return "chunked";
  const length = request.headers["content-length"];
  return length === undefined ? "none" : Number(length);
}
