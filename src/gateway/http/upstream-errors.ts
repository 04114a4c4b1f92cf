import { errors } from "undici";
import type { Ending } from "../../domain/audit-event.ts";
import { Fault, type FaultCode } from "../../errors.ts";

const TIMEOUTS: ReadonlySet<string> = new Set([
  "UND_ERR_CONNECT_TIMEOUT",
  "UND_ERR_HEADERS_TIMEOUT",
  "ETIMEDOUT",
]);
const OWN_MISTAKES: ReadonlySet<string> = new Set(["UND_ERR_INVALID_ARG", "UND_ERR_NOT_SUPPORTED"]);
const TLS = /CERT|CRL|TLS|SSL|EPROTO|UNABLE_TO|HOSTNAME_MISMATCH|INVALID_CA|INVALID_PURPOSE|PATH_LENGTH/;

/**
 * What an error of the upstream connection is called. `sent` says whether the request was on its way: `upstream-unreachable`
 * and `upstream-tls` promise that the app never saw it.
 */
export function faultOf(error: unknown, sent: boolean): Fault {
  if (error instanceof Fault) return error;
  const code = codeOf(error);
  return new Fault(
    faultCode(code, sent),
    `${code}: ${error instanceof Error ? error.message : String(error)}`,
    { cause: error },
  );
}

function faultCode(code: string, sent: boolean): FaultCode {
  if (TIMEOUTS.has(code)) return "upstream-timeout";
  if (sent) return "upstream-protocol";
  if (OWN_MISTAKES.has(code)) return "internal";
  return TLS.test(code) ? "upstream-tls" : "upstream-unreachable";
}

/** The `code` of an error as node and undici set it; empty if it has none. */
export function codeOf(error: unknown): string {
  const code = error instanceof Error && "code" in error ? error.code : "";
  return typeof code === "string" ? code : "";
}

/** How an exchange ended that was answered with this fault. */
export function endingOf(fault: Fault): Ending {
  switch (fault.code) {
    case "upstream-timeout":
    case "upstream-protocol":
    case "upstream-unreachable":
      return fault.code;
    case "upstream-tls":
    case "overloaded":
      return "upstream-unreachable";
    case "request-timeout":
      return "client-aborted";
    default:
      return "failure";
  }
}

/** How an exchange ended whose answer broke off after its head. */
export function truncation(error: unknown): Ending {
  return error instanceof errors.HTTPParserError ? "upstream-protocol" : "upstream-truncated";
}

/** The fault for whatever our own part in an answer threw. */
export function ownFault(error: unknown): Fault {
  return error instanceof Fault
    ? error
    : new Fault("internal", `the answer could not be prepared: ${String(error)}`, { cause: error });
}
